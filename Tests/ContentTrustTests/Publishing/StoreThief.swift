import CanonicalJSON
import ContentTrust
import TUF
import TrustCrypto
import TrustTestSupport

/// Somebody who has stolen the snapshot and timestamp keys and can write the store, but has no targets key.
struct StoreThief {
    /// What is wrong with a set that nobody can verify to the end.
    enum Forgery: CaseIterable {
        /// The timestamp names a snapshot that nobody has.
        case noSnapshot
        /// The snapshot lists targets that nobody has.
        case noTargets
        /// The snapshot lists targets that the thief has signed.
        case forgedTargets
    }

    /// The version that the files of a new world have after one tag was signed.
    static let presentVersion: Int64 = 2

    let world: LocalStoreTests.World
    /// The keys as `init` made them.
    let keys: [RoleName: [TUFKey]]

    private func path(_ name: String) -> String { world.directory.file("trust-data/\(name)") }

    private func signed(_ name: String) throws -> JSONObject {
        try JSONValue(parsing: try Files.read(path(name)))["signed"]?.object ?? [:]
    }

    private func file(_ signed: JSONObject, keys role: RoleName) async throws -> [UInt8] {
        var entries: [JSONValue] = []
        for key in keys[role] ?? [] {
            let publicKeys = key.publicKey.map { [$0] } ?? []
            for signer in try await world.signers.signers(for: role, keys: publicKeys, threshold: 1) {
                let signature = try await signer.sign(try JSONValue.object(signed).canonicalBytes())
                entries.append(["keyid": .string(key.computedID.string), "sig": .string(Hex.encode(signature.span))])
            }
        }
        let file: JSONValue = ["signatures": .array(entries), "signed": .object(signed)]
        return file.jsonBytes(pretty: false)
    }

    private func record(_ bytes: [UInt8], version: Int64) -> JSONValue {
        [
            "version": .integer(version), "length": .integer(Int64(bytes.count)),
            "hashes": ["sha256": .string(Digest.compute(.sha256, over: bytes.span).hex)],
        ]
    }

    /// Puts a set there that verifies, with other versions.
    ///
    /// - Parameters:
    ///   - snapshotVersion: That of its snapshot.
    ///   - timestampVersion: That of its timestamp.
    /// - Throws: What reading, signing and writing throws.
    func publish(snapshotVersion: Int64, timestampVersion: Int64) async throws {
        var timestamp = try signed("timestamp.json")
        let former = timestamp["meta"]?["snapshot.json"]?["version"]?.integer ?? 0
        var snapshot = try signed("\(former).snapshot.json")
        snapshot["version"] = .integer(snapshotVersion)
        let bytes = try await file(snapshot, keys: .snapshot)
        try Files.write(bytes, to: path("\(snapshotVersion).snapshot.json"))
        timestamp["meta"] = ["snapshot.json": record(bytes, version: snapshotVersion)]
        timestamp["version"] = .integer(timestampVersion)
        try Files.write(try await file(timestamp, keys: .timestamp), to: path("timestamp.json"))
    }

    /// Puts a set there that nobody can verify to the end.
    ///
    /// - Parameters:
    ///   - forgery: What is wrong with it.
    ///   - step: How far its versions lie above the present ones.
    /// - Returns: The version of its timestamp.
    /// - Throws: What reading, signing and writing throws.
    func publish(_ forgery: Forgery, step: Int64) async throws -> Int64 {
        var timestamp = try signed("timestamp.json")
        let former = timestamp["meta"]?["snapshot.json"]?["version"]?.integer ?? 0
        var snapshot = try signed("\(former).snapshot.json")
        let formerTargets = snapshot["meta"]?["targets.json"]?["version"]?.integer ?? 0
        var targets = try signed("\(formerTargets).targets.json")
        if forgery != .noSnapshot {
            targets["version"] = .integer(formerTargets + step)
            let bytes = try await file(targets, keys: .snapshot)
            if forgery == .forgedTargets { try Files.write(bytes, to: path("\(formerTargets + step).targets.json")) }
            var meta = snapshot["meta"]?.object ?? [:]
            meta["targets.json"] = record(bytes, version: formerTargets + step)
            snapshot["meta"] = .object(meta)
        }
        snapshot["version"] = .integer(former + step)
        let bytes = try await file(snapshot, keys: .snapshot)
        if forgery != .noSnapshot { try Files.write(bytes, to: path("\(former + step).snapshot.json")) }
        timestamp["meta"] = ["snapshot.json": record(bytes, version: former + step)]
        let version = (timestamp["version"]?.integer ?? 0) + step
        timestamp["version"] = .integer(version)
        try Files.write(try await file(timestamp, keys: .timestamp), to: path("timestamp.json"))
        return version
    }
}
