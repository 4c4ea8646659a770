import TUF
package import TrustCrypto

/// A set that was signed and waits to be published: all its files, those that did not change included.
package struct NewTrustData: Sendable {
    /// A file of the set.
    package struct File: Sendable {
        /// Where its bytes are.
        package enum Content: Sendable {
            /// Here: they are to be written, unless the store has them.
            case bytes([UInt8])
            /// In the store already, as a file of a set that is there.
            case stored(StoredFile, any TrustData)
        }

        /// The TUF file name.
        package let name: String
        /// Its bytes, or where they are.
        package let content: Content

        /// A file to be written.
        package init(name: String, bytes: [UInt8]) {
            self.name = name
            content = .bytes(bytes)
        }

        /// A file that the store has.
        package init(_ file: StoredFile, of data: any TrustData) {
            name = file.name
            content = .stored(file, data)
        }
    }

    /// All files of the set.
    package let files: [File]
    /// Names of the files of the sets that it follows. Readers may still be asking for them.
    package let previousFileNames: [String]

    /// The files that are to be written.
    var newFiles: [[UInt8]] {
        files.compactMap { file in
            if case .bytes(let bytes) = file.content { bytes } else { nil }
        }
    }

    /// The blobs that hold the files in a store of OCI documents.
    ///
    /// - Parameter store: The store, for messages.
    /// - Returns: The blobs, in the order of the files.
    /// - Throws: ``TrustStoreError/notTrustData(store:problem:)`` for a file that another kind of store has.
    func blobs(of store: String) throws(TrustStoreError) -> [TrustDataDocument.File] {
        var blobs: [TrustDataDocument.File] = []
        for file in files {
            switch file.content {
            case .bytes(let bytes):
                blobs.append(TrustDataDocument.File(name: file.name, bytes: bytes))
            case .stored(let stored, _):
                guard let blob = stored.blob else {
                    throw .notTrustData(store: store, problem: "no blob for \(file.name)")
                }
                blobs.append(blob)
            }
        }
        return blobs
    }

    /// The bytes of the timestamp.
    var timestampBytes: [UInt8] {
        guard case .bytes(let bytes)? = files.first(where: { $0.name == MetadataFile.timestamp.name })?.content else {
            return []
        }
        return bytes
    }

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
    private let files: [String: NewTrustData.File.Content]

    init(_ set: NewTrustData) {
        identity = set.timestampDigest
        files = Dictionary(set.files.map { ($0.name, $0.content) }) { first, _ in first }
    }

    func rootFileNames() async throws(TrustStoreError) -> [String] {
        files.keys.filter { $0.hasSuffix(".root.json") }
    }

    func file(named fileName: String) async throws(TrustStoreError) -> StoredFile? {
        switch files[fileName] {
        case nil: nil
        case .stored(let file, _): file
        case .bytes(let bytes):
            StoredFile(name: fileName, blob: TrustDataDocument.File(name: fileName, bytes: bytes))
        }
    }

    func bytes(ofFile fileName: String, maximumLength: Int) async throws(TrustStoreError) -> [UInt8]? {
        switch files[fileName] {
        case nil:
            return nil
        case .stored(_, let data):
            return try await data.bytes(ofFile: fileName, maximumLength: maximumLength)
        case .bytes(let bytes):
            guard bytes.count <= maximumLength else { throw .tooLarge(file: fileName, limit: maximumLength) }
            return bytes
        }
    }

    func holds(_ file: StoredFile) async throws(TrustStoreError) -> Bool {
        guard case .stored(let stored, let data)? = files[file.name] else { return true }
        return try await data.holds(stored)
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
