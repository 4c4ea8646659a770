package import NotaryAPI
import OCI
import OCIRegistry
package import TUF
import TrustCrypto

/// The trust data of one collection on a Notary server.
package struct NotaryTrustStore: TrustStore {
    let client: NotaryClient
    /// Whether a timestamp that the server does not give out is looked for among those that it keeps. It gives none out
    /// once a snapshot has expired whose key it does not have; who has the key must read what is there to sign it anew.
    var findsKept = false

    /// The trust data of a collection.
    ///
    /// - Parameter client: Asks for it.
    package init(client: NotaryClient) {
        self.client = client
    }

    /// The store as messages name it.
    package var name: String { "notary+\(client.server)" }

    /// Notary's.
    package var dialect: Dialect { .notary }

    /// None: whoever signs for a delegated role publishes it there himself.
    package var waitingPlaces: [any WaitingPlace] { [] }

    /// The trust data that readers see now.
    ///
    /// - Returns: The set that the server's timestamp names, or nil when the server says that there is none.
    /// - Throws: ``TrustStoreError``.
    package func current() async throws(TrustStoreError) -> (any TrustData)? {
        let limit = TUFLimits().timestampLength
        do {
            guard let timestamp = try await client.bytes(of: .timestamp, maximumLength: limit) else { return nil }
            return NotaryTrustData(client: client, timestamp: timestamp)
        } catch {
            guard findsKept, case .server(.serverError) = error, let kept = try? await newestKept(.timestamp) else {
                throw TrustStoreError(error, file: .timestamp, limit: limit)
            }
            return NotaryTrustData(client: client, timestamp: kept.bytes)
        }
    }

    /// The newest file of a role among all that the server keeps. Their versions follow each other.
    ///
    /// - Parameter role: The role.
    /// - Returns: The version and the file; nil when there is none.
    /// - Throws: `NotaryError`.
    func newestKept(_ role: RoleName) async throws(NotaryError) -> (version: Int64, bytes: [UInt8])? {
        let limits = TUFLimits()
        func kept(_ version: Int64) async throws(NotaryError) -> (version: Int64, bytes: [UInt8])? {
            let limit = role == .timestamp ? limits.timestampLength : limits.targetsLength
            let file = MetadataFile(role: role, version: version)
            return try await client.bytes(of: file, maximumLength: limit).map { (version, $0) }
        }
        var newest: (version: Int64, bytes: [UInt8])?
        var absent: Int64 = 1
        // A server that has everything is none.
        while absent < 1 << 40, let found = try await kept(absent) {
            newest = found
            absent *= 2
        }
        while let version = newest?.version, absent - version > 1 {
            let middle = version + (absent - version) / 2
            if let found = try await kept(middle) { newest = found } else { absent = middle }
        }
        return newest
    }

    /// Never called: sets of TUF 1.0 are not published to Notary servers. ``NotaryPublishing`` publishes there.
    package func publish(_ publication: Publication) async throws(PublishError) -> PublishedSet {
        throw .refused(
            Refusal(
                .internalDefect,
                checked: "publishing to \(name)",
                found: "trust data of TUF 1.0 for a Notary server"
            )
        )
    }
}

/// What a Notary server had when its timestamp was read. Servers keep all versions of all files.
struct NotaryTrustData: TrustData {
    let client: NotaryClient
    let timestamp: [UInt8]

    var identity: Digest { Digest.compute(.sha256, over: timestamp.span) }

    /// Servers list no files. The newest root has a name of its own.
    func rootFileNames() async throws(TrustStoreError) -> [String] { [MetadataFile.newestRoot.name] }

    func file(named fileName: String) async throws(TrustStoreError) -> StoredFile? {
        StoredFile(name: fileName, blob: nil)
    }

    func bytes(ofFile fileName: String, maximumLength: Int) async throws(TrustStoreError) -> [UInt8]? {
        guard let file = MetadataFile(name: fileName) else { return nil }
        guard file != .timestamp else { return timestamp }
        do {
            return try await client.bytes(of: file, maximumLength: maximumLength)
        } catch {
            throw TrustStoreError(error, file: file, limit: maximumLength)
        }
    }
}

extension TrustStoreError {
    fileprivate init(_ error: NotaryError, file: MetadataFile, limit: Int) {
        // What the server has is wrong, not the way to it.
        if case .server(.tooLarge(_)) = error {
            self = .tooLarge(file: file.name, limit: limit)
        } else {
            self = .notary(error)
        }
    }
}
