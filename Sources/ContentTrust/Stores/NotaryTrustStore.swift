package import NotaryAPI
import OCI
import OCIRegistry
package import TUF
import TrustCrypto

/// The trust data of one collection on a Notary server.
package struct NotaryTrustStore: TrustStore {
    let client: NotaryClient

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
            throw TrustStoreError(error, file: .timestamp, limit: limit)
        }
    }

    /// Never called: sets of TUF 1.0 are not published to Notary servers. ``NotaryPublisher`` publishes there.
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
