package import TrustCrypto

/// Content by digest, kept from run to run so that an unchanged set costs no download.
///
/// It saves requests and nothing else: what is read is hashed again, and whatever is wrong with it only means that the
/// registry is asked.
package struct SmallBlobCache: Sendable {
    /// Nil for one that keeps nothing.
    private let directory: String?

    /// The largest content that is kept, in bytes.
    package static let maximumLength = 1 << 20
    /// How many are kept.
    private static let maximumCount = 512

    /// A cache in a directory, which is made when something is kept.
    package init(directory: String) {
        self.directory = "\(directory)/blobs"
    }

    private init() { directory = nil }

    /// Keeps nothing: for whoever wants to know what the registry itself has, or must not write.
    package static let none = SmallBlobCache()

    /// The content of a digest; nil when it is not here, or not as it was.
    package func content(of digest: Digest) -> [UInt8]? {
        guard let directory, let bytes = try? DurableFile.read(path(digest, directory), limit: Self.maximumLength)
        else { return nil }
        return Digest.compute(digest.algorithm, over: bytes.span) == digest ? bytes : nil
    }

    /// Keeps content. A full disk or a folder that cannot be written only costs the next run a request.
    package func keep(_ bytes: [UInt8], as digest: Digest) {
        guard let directory, bytes.count <= Self.maximumLength else { return }
        try? write(bytes, as: digest, in: directory)
    }

    private func write(_ bytes: [UInt8], as digest: Digest, in directory: String) throws(FileError) {
        try DurableFile.createDirectory(directory, mode: 0o700)
        // Which one goes does not matter: it is fetched again when it is needed.
        if let names = try DurableFile.list(directory), names.count >= Self.maximumCount {
            for name in names.prefix(names.count - Self.maximumCount / 2) {
                _ = try DurableFile.remove("\(directory)/\(name)")
            }
        }
        try DurableFile.write(bytes.span, to: path(digest, directory), mode: 0o600)
    }

    private func path(_ digest: Digest, _ directory: String) -> String {
        "\(directory)/\(digest.algorithm.rawValue)-\(digest.hex)"
    }
}
