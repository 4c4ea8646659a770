package import NotaryAPI
package import TUF
import TrustCrypto

/// The trust data of one collection in files that were copied from a Notary server: an archive, or the cache of docker or
/// notary. It is only read.
package struct NotaryFilesTrustStore: TrustStore {
    private let path: String
    private let gun: GUN

    /// The trust data in files.
    ///
    /// - Parameters:
    ///   - path: An archive, or docker's or notary's directory.
    ///   - gun: The collection.
    package init(path: String, gun: GUN) {
        self.path = path
        self.gun = gun
    }

    /// The store as messages name it.
    package var name: String { "notary:\(path)" }

    /// Notary's.
    package var dialect: Dialect { .notary }

    /// Nobody signs anything anew there.
    package var isCopy: Bool { true }

    /// None.
    package var waitingPlaces: [any WaitingPlace] { [] }

    /// The trust data that was copied.
    ///
    /// - Returns: The set, or nil when the directory has none of the collection.
    /// - Throws: ``TrustStoreError``.
    package func current() async throws(TrustStoreError) -> (any TrustData)? {
        try NotaryFilesTrustData(files: NotaryFiles(opening: path, gun: gun), path: path)
    }

    /// Refuses: these files are read only.
    package func publish(_ publication: Publication) async throws(PublishError) -> PublishedSet {
        throw .refused(readOnly)
    }

    /// The refusal of one who wants to change something there.
    var readOnly: Refusal {
        Refusal(
            .usage,
            checked: "publishing of \(gun) to \(name)",
            found: "files that were copied from a Notary server, which are only read",
            expected: "the Notary server: --store notary+https://HOST"
        )
    }
}

/// Copied files as a set.
struct NotaryFilesTrustData: TrustData {
    private let files: NotaryFiles
    private let path: String
    private let timestamp: [UInt8]
    private let newestRoot: Int64?

    /// The set; nil when the files have no timestamp.
    init?(files: NotaryFiles, path: String) throws(TrustStoreError) {
        let limits = TUFLimits()
        guard let timestamp = try files.bytes(of: .timestamp, limit: limits.timestampLength, path: path) else {
            return nil
        }
        self.files = files
        self.path = path
        self.timestamp = timestamp
        let root = try files.bytes(of: .newestRoot, limit: limits.rootLength, path: path)
        newestRoot = root.flatMap { try? Root(unverifiedNotary: $0, .root) }?.common.version
    }

    var identity: Digest { Digest.compute(.sha256, over: timestamp.span) }

    func rootFileNames() async throws(TrustStoreError) -> [String] { [MetadataFile.newestRoot.name] }

    func file(named fileName: String) async throws(TrustStoreError) -> StoredFile? {
        StoredFile(name: fileName, blob: nil)
    }

    func bytes(ofFile fileName: String, maximumLength: Int) async throws(TrustStoreError) -> [UInt8]? {
        guard let file = MetadataFile(name: fileName) else { return nil }
        guard file != .timestamp else { return timestamp }
        if let bytes = try files.bytes(of: file, limit: maximumLength, path: path) { return bytes }
        guard file.role == .root, let version = file.version, let newestRoot, version <= newestRoot else { return nil }
        guard version < newestRoot else {
            return try files.bytes(of: .newestRoot, limit: maximumLength, path: path)
        }
        // Not "there is none": it existed, and nobody copied it.
        throw .rootNotCopied(version: version, newest: newestRoot)
    }
}

extension RolePayload {
    /// What a file of Notary's dialect claims.
    init(unverifiedNotary bytes: [UInt8], _ role: RoleName) throws(TUFError) {
        let envelope = try Envelope(
            parsing: bytes,
            role: role,
            maximumLength: TUFLimits().listedLength,
            dialect: .notary
        )
        self = try envelope.inspect(as: Self.self, role: role).unverified
    }
}
