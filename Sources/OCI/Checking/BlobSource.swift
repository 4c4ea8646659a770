/// Where the blobs of an image at hand are read: a layout in a folder or in an archive.
public protocol BlobSource: Sendable {
    /// The images it holds, as its `index.json` lists them.
    ///
    /// - Returns: Their descriptors.
    /// - Throws: ``OCIError`` when `index.json` cannot be read or is none.
    func images() throws(OCIError) -> [Descriptor]

    /// The content of a descriptor, compared with it; nil when the blob is not there.
    ///
    /// - Parameters:
    ///   - descriptor: What is asked for.
    ///   - limit: The most bytes that are read into memory.
    /// - Returns: The content, or nil.
    /// - Throws: ``OCIError/sizeMismatch(_:expected:found:)``, ``OCIError/digestMismatch(expected:found:)``,
    ///   ``OCIError/tooLarge(limit:)`` and what the file system says.
    func content(of descriptor: Descriptor, limit: Int) throws(OCIError) -> VerifiedContent?

    /// Compares a blob of any size with a descriptor, reading it piece by piece.
    ///
    /// - Parameter descriptor: What is asked for.
    /// - Returns: False when the blob is not there.
    /// - Throws: ``OCIError/sizeMismatch(_:expected:found:)``, ``OCIError/digestMismatch(expected:found:)``,
    ///   ``OCIError/cancelled`` and what the file system says.
    func verify(_ descriptor: Descriptor) throws(OCIError) -> Bool
}

extension BlobSource {
    /// The image of that name, or the only one there is.
    ///
    /// - Parameter name: The value of `org.opencontainers.image.ref.name` or `io.containerd.image.name`.
    /// - Returns: Its descriptor, as `index.json` has it.
    /// - Throws: ``OCIError/imageNotFound(name:)``, ``OCIError/imageAmbiguous(name:)`` when different images answer to it.
    public func image(named name: ImageName?) throws(OCIError) -> Descriptor {
        try LayoutIndex.find(name, in: try images())
    }
}
