public import TUF

/// Where metadata comes from. Nothing that it hands out is believed.
public protocol MetadataSource: Sendable {
    /// What goes wrong when it cannot look.
    associatedtype Failure: Error

    /// The bytes of a file.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - maximumLength: The most bytes to read. A longer file must not be read to its end.
    /// - Returns: The bytes, or nil only when the source looked and there is no such file.
    /// - Throws: `Failure` whenever it could not look, and when the file is longer than `maximumLength`.
    func bytes(of file: MetadataFile, maximumLength: Int) async throws(Failure) -> [UInt8]?
}
