public import TrustCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An OCI image layout in a folder (image-spec, image-layout.md).
///
/// Every read is compared with its descriptor. Paths below the folder are made from digests alone and never follow a
/// symbolic link; only the folder itself may be reached through one. A change of `index.json` replaces the file
/// under a lock, so readers see the old list or the new one.
public struct ImageLayout: Sendable, BlobSource {
    /// What the entry of a name must be for a change to happen, so that two writers do not lose each other's work.
    public enum Expectation: Sendable, Hashable {
        /// Whatever is there.
        case anything
        /// No image has the name.
        case absent
        /// The name leads to this digest.
        case digest(Digest)
    }

    /// The folder.
    public let path: String

    /// Opens a layout that exists.
    ///
    /// - Throws: ``OCIError/notALayout(path:)`` when the marker `oci-layout` is missing or names another version.
    public init(opening path: String) throws(OCIError) {
        self.path = path
        guard let marker = try RegularFile(opening: "\(path)/\(LayoutIndex.markerName)"),
            LayoutIndex.isMarker(try FileSlice(marker).bytes(limit: LayoutIndex.markerLimit))
        else { throw .notALayout(path: path) }
    }

    /// Opens a layout, making it first where there is nothing or an empty folder.
    ///
    /// - Throws: ``OCIError/notALayout(path:)`` when the folder holds something else.
    public init(creatingIfAbsent path: String) throws(OCIError) {
        let marker = "\(path)/\(LayoutIndex.markerName)"
        if try RegularFile(opening: marker) == nil {
            try Self.makeFolder(path)
            guard try Self.isEmptyFolder(path) else { throw .notALayout(path: path) }
            try Self.makeFolder("\(path)/blobs")
            try Self.writeFile(LayoutIndex.empty, to: "\(path)/\(LayoutIndex.indexName)")
            // Last, because it is what makes a folder a layout.
            try Self.writeFile(LayoutIndex.marker, to: marker)
        }
        try self.init(opening: path)
    }

    // MARK: Reading

    /// The images that `index.json` lists, in its order.
    ///
    /// - Throws: ``OCIError/notALayout(path:)`` when there is no `index.json`; what ``Index`` throws.
    public func images() throws(OCIError) -> [Descriptor] {
        try Index(parsing: try indexBytes(), as: .ociIndex).manifests
    }

    /// The content of a descriptor; nil when the blob is not there.
    ///
    /// - Parameters:
    ///   - descriptor: What is asked for.
    ///   - limit: The most bytes that are read into memory.
    /// - Returns: The content, or nil.
    /// - Throws: As ``BlobSource/content(of:limit:)``.
    public func content(
        of descriptor: Descriptor,
        limit: Int = DocumentLimits.maximumBytes
    ) throws(OCIError) -> VerifiedContent? {
        guard let file = try openBlob(descriptor.digest) else { return nil }
        return try FileSlice(file).content(matching: descriptor, limit: limit)
    }

    /// Compares a blob of any size with a descriptor.
    ///
    /// - Parameter descriptor: What is asked for.
    /// - Returns: False when the blob is not there.
    /// - Throws: As ``BlobSource/verify(_:)``.
    public func verify(_ descriptor: Descriptor) throws(OCIError) -> Bool {
        guard let file = try openBlob(descriptor.digest) else { return false }
        try FileSlice(file).verify(matching: descriptor)
        return true
    }

    // MARK: Writing

    /// Writes a blob, unless the same bytes are there already. It is in its place whole or not at all, also after a crash.
    ///
    /// - Parameter content: The blob.
    /// - Throws: ``OCIError/file(_:)``; what looking at a blob of that name throws.
    public func write(_ content: VerifiedContent) throws(OCIError) {
        let descriptor = content.descriptor
        let folder = try blobFolder(of: descriptor.digest)
        try Self.makeFolder(folder)
        if let file = try openBlob(descriptor.digest) {
            do throws(OCIError) {
                return try FileSlice(file).verify(matching: descriptor)
            } catch .sizeMismatch, .digestMismatch {
                // What is there but damaged is written anew.
            }
        }
        try Self.writeFile(content.bytes, to: "\(folder)/\(descriptor.digest.hex)")
    }

    /// Writes a manifest or index and gives it a name, which any other image loses. The blobs it names must be there already.
    ///
    /// - Parameters:
    ///   - content: The document.
    ///   - name: The name, mostly a tag.
    ///   - expectation: What the name must lead to now.
    ///   - timeout: How long to wait for another process that holds the lock.
    /// - Throws: ``OCIError/imageChanged(name:found:)`` when the expectation does not hold; nothing is changed then.
    public func setImage(
        _ content: VerifiedContent,
        named name: ImageName,
        expecting expectation: Expectation = .anything,
        timeout: Duration = .seconds(10)
    ) async throws(OCIError) {
        try write(content)
        let lock: FileLock
        do throws(FileError) {
            // The marker is written once and never replaced, so it serves as the lock and no extra file is left behind.
            lock = try await FileLock.acquire("\(path)/\(LayoutIndex.markerName)", timeout: timeout)
        } catch {
            throw .file(error)
        }
        let bytes = try indexBytes()
        let current = try Index(parsing: bytes, as: .ociIndex).manifests.filter {
            $0.annotations[Annotations.refName].map { $0.utf8.elementsEqual(name.string.utf8) } ?? false
        }
        switch expectation {
        case .anything: break
        case .absent:
            guard current.isEmpty else { throw .imageChanged(name: name.string, found: current.first?.digest) }
        case .digest(let digest):
            guard !current.isEmpty, current.allSatisfy({ $0.digest == digest }) else {
                throw .imageChanged(name: name.string, found: current.first { $0.digest != digest }?.digest)
            }
        }
        let changed = try LayoutIndex.replacing(name, with: content.descriptor, in: bytes)
        try Self.writeFile(changed, to: "\(path)/\(LayoutIndex.indexName)")
        _ = consume lock
    }
}

extension ImageLayout {
    private func indexBytes() throws(OCIError) -> [UInt8] {
        guard let file = try RegularFile(opening: "\(path)/\(LayoutIndex.indexName)") else {
            throw .notALayout(path: path)
        }
        return try FileSlice(file).bytes(limit: DocumentLimits.maximumBytes)
    }

    private func blobFolder(of digest: Digest) throws(OCIError) -> String {
        let folder = "\(path)/blobs/\(digest.algorithm.rawValue)"
        for part in ["\(path)/blobs", folder] {
            guard let mode = try Self.mode(of: part) else { continue }
            guard mode & S_IFMT == S_IFDIR else {
                throw .file(mode & S_IFMT == S_IFLNK ? .symbolicLink(path: part) : .wrongFileType(path: part))
            }
        }
        return folder
    }

    private func openBlob(_ digest: Digest) throws(OCIError) -> RegularFile? {
        try RegularFile(opening: "\(try blobFolder(of: digest))/\(digest.hex)")
    }

    /// The mode of what is at a path, not following a link; nil when there is nothing.
    private static func mode(of path: String) throws(OCIError) -> mode_t? {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            let code = errno
            if code == ENOENT || code == ENOTDIR { return nil }
            throw .file(FileError(code: code, path: path))
        }
        return status.st_mode
    }

    private static func makeFolder(_ path: String) throws(OCIError) {
        do throws(FileError) {
            try DurableFile.createDirectory(path, mode: 0o755)
        } catch {
            throw .file(error)
        }
    }

    private static func isEmptyFolder(_ path: String) throws(OCIError) -> Bool {
        do throws(FileError) {
            return try DurableFile.list(path)?.isEmpty ?? true
        } catch {
            throw .file(error)
        }
    }

    private static func writeFile(_ bytes: [UInt8], to path: String) throws(OCIError) {
        do throws(FileError) {
            try DurableFile.write(bytes.span, to: path, mode: 0o644)
        } catch {
            throw .file(error)
        }
    }
}
