public import TUF
public import TUFClient

/// Files under names, and nothing else: what somebody serves who makes no metadata by himself.
public struct ServedFiles: MetadataSource {
    /// The files.
    public var files: [String: [UInt8]]

    /// A source of files.
    ///
    /// - Parameter files: The files by name.
    public init(_ files: [String: [UInt8]]) { self.files = files }

    /// The file, whether it is within the limit or not.
    public func bytes(of file: MetadataFile, maximumLength: Int) async throws(SimulatorFailure) -> [UInt8]? {
        files[file.name]
    }
}
