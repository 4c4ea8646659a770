import CanonicalJSON
import TUF
import TrustCrypto

/// A complete set of trust data with one ECDSA P-256 key for everything, signed anew in every run.
struct SignedRepository {
    let root: [UInt8]
    let timestamp: [UInt8]
    let snapshot: [UInt8]
    let targets: [UInt8]
    let now: Instant
    private let anchor: RootAnchor

    /// Reads what `write(to:)` wrote.
    init(directory: String) throws {
        root = try readFile("\(directory)/1.root.json")
        timestamp = try readFile("\(directory)/timestamp.json")
        snapshot = try readFile("\(directory)/1.snapshot.json")
        targets = try readFile("\(directory)/1.targets.json")
        anchor = .root(root)
        now = try Self.instant("2026-01-01T00:00:00Z")
    }

    /// Writes the four files into a directory that is there.
    func write(to directory: String) throws {
        try writeFile(root, to: "\(directory)/1.root.json")
        try writeFile(timestamp, to: "\(directory)/timestamp.json")
        try writeFile(snapshot, to: "\(directory)/1.snapshot.json")
        try writeFile(targets, to: "\(directory)/1.targets.json")
    }

    init(tags: Int) async throws {
        let now = try Self.instant("2026-01-01T00:00:00Z")
        let later = try Self.instant("2029-01-01T00:00:00Z")
        self.now = now
        let key = try PrivateKey.generate(.ecdsaP256)
        let tufKey = TUFKey(publicKey: key.publicKey, scheme: key.scheme)
        let signing = [SigningKey(keyID: tufKey.computedID, signer: key)]
        anchor = .keys([tufKey.computedID], threshold: 1)

        var rootDraft = RoleDraft(role: .root, version: 1, expires: later, issued: now, repository: nil)
        rootDraft.setRoles(
            Dictionary(uniqueKeysWithValues: RoleName.topLevel.map { ($0, (keys: [tufKey], threshold: 1)) })
        )
        root = try await rootDraft.signed(by: signing).bytes

        // The same targets as in the other areas, put into the file as they are.
        let signed = TargetsFixture.signed(tags: tags)
        let signature = try await key.sign(signed)
        let keyID = tufKey.computedID.string
        let head = #"{"signatures":[{"keyid":"\#(keyID)","sig":"\#(Hex.encode(signature.span))"}],"signed":"#
        let targets = Array(head.utf8) + signed + Array("}".utf8)
        self.targets = targets

        var snapshotDraft = RoleDraft(role: .snapshot, version: 1, expires: later, issued: now, repository: nil)
        let digest = Digest.compute(.sha256, over: targets.span)
        snapshotDraft.setRecords([
            .targets: MetaRecord(version: 1, length: Int64(targets.count), hashes: [digest])
        ])
        let snapshotFile = try await snapshotDraft.signed(by: signing)
        snapshot = snapshotFile.bytes

        var timestampDraft = RoleDraft(role: .timestamp, version: 1, expires: later, issued: now, repository: nil)
        timestampDraft.setSnapshot(snapshotFile.record)
        timestamp = try await timestampDraft.signed(by: signing).bytes
    }

    /// The client workflow up to the targets file.
    func targetsStage() throws -> TargetsStage {
        let rootStage = try RootStage(anchor: anchor, firstRoot: root, binding: .unbound)
        let timestampStage = try rootStage.close(at: now)
        let snapshotStage = try timestampStage.accept(timestamp)
        return try snapshotStage.accept(snapshot)
    }

    private static func instant(_ text: String) throws -> Instant {
        guard let instant = Instant(rfc3339: text) else { throw Failure.badTime }
        return instant
    }

    enum Failure: Error {
        case badTime
    }
}
