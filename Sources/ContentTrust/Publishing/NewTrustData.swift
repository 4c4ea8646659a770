import TUF
package import TrustCrypto

/// A set that was signed and waits to be published: all its files, those that did not change included.
package struct NewTrustData: Sendable {
    /// A file of the set.
    package struct File: Sendable, Hashable {
        /// The TUF file name.
        package let name: String
        /// Its bytes.
        package let bytes: [UInt8]
    }

    /// All files of the set.
    package let files: [File]
    /// Names of the files of the sets that it follows. Readers may still be asking for them.
    package let previousFileNames: [String]

    /// The bytes of the timestamp.
    var timestampBytes: [UInt8] { files.first { $0.name == MetadataFile.timestamp.name }?.bytes ?? [] }

    /// The digest of the timestamp, which names a set in stores without manifests.
    var timestampDigest: Digest {
        let bytes = timestampBytes
        return Digest.compute(.sha256, over: bytes.span)
    }

    /// The set as a store would serve it, to verify it before it is published.
    package var data: any TrustData { MemoryTrustData(self) }
}

/// A set in memory.
private struct MemoryTrustData: TrustData {
    let identity: Digest
    private let files: [String: [UInt8]]

    init(_ set: NewTrustData) {
        identity = set.timestampDigest
        files = Dictionary(set.files.map { ($0.name, $0.bytes) }) { first, _ in first }
    }

    var fileNames: [String] { Array(files.keys) }

    func bytes(ofFile fileName: String, maximumLength: Int) async throws(TrustStoreError) -> [UInt8]? {
        guard let bytes = files[fileName] else { return nil }
        guard bytes.count <= maximumLength else { throw .tooLarge(file: fileName, limit: maximumLength) }
        return bytes
    }
}

/// What a store has after publishing.
package struct PublishedSet: Sendable {
    /// The name of the set in its store.
    package let identity: Digest
    /// Whether anything was written. False when the store had all of it already.
    package let changed: Bool
    /// How often the set was made, because other publishers were at work: 1 when this one was alone.
    package let rounds: Int
}
