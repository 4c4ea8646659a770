import TUF
import TUFClient
import TrustCrypto

/// Going on with a rotation of keys that was interrupted.
extension NotaryPublishing {
    /// What an earlier run had published, if it had: the server took its update, and it did not come to know.
    ///
    /// - Parameters:
    ///   - rotation: What is replaced.
    ///   - file: Where the earlier run noted what it replaces.
    /// - Returns: What was replaced; nil when there is something to do yet.
    /// - Throws: ``Refusal``.
    func earlierRotation(_ rotation: KeyRotation, note file: String) async throws(Refusal) -> RotationReport? {
        let noted = try Publisher.filing { () throws(FileError) in try RotationNote.read(file) }
        guard let noted, Set(noted.replaced.keys) == Set(rotation.roles) else { return nil }
        let root = try await reader.state().set.root
        let chain: [Int64: [UInt8]]
        do { chain = try await session.cache(pin, repository: repository).load().roots } catch {
            throw refused(.cache(error))
        }
        guard noted.isDone(by: root, chain: chain), let bytes = chain[noted.version] else { return nil }
        let before: Root
        do { before = try Root(unverifiedNotary: bytes, .root) } catch { throw refused(error, .root) }
        let old = noted.replaced.mapValues { ids in ids.sorted().compactMap { before.keys[$0] } }
        let isSnapshotHere = try await canSign(root.payload.authority(for: .snapshot))
        guard Self.isMeant(old.values.joined().map(\.pinnableIDs), by: rotation.replaced),
            rotation.newKeys.allSatisfy({ role, key in
                root.payload.keys(of: role).contains { $0.publicKey == key.publicKey }
            }),
            rotation.serverManaged.map({ $0 != isSnapshotHere }) ?? true
        else { return nil }
        let roles = rotation.roles.map { role in
            RotationReport.Role(
                role: role,
                replaced: old[role] ?? [],
                added: root.payload.keys(of: role).filter { !before.keys(of: role).contains($0) }
            )
        }
        let published = try await report(Change(), signed: [], rounds: 1, changed: false)
        return report(roles, after: root.payload.roles, published, finishesEarlierRun: true)
    }

    /// Whether these keys, each by all of its ids, are those that a rotation names; where it names none, they are.
    private static func isMeant(_ keys: [Set<KeyID>], by named: Set<KeyID>) -> Bool {
        guard !named.isEmpty else { return true }
        return named.isSubset(of: Set(keys.joined())) && keys.contains { !$0.isDisjoint(with: named) }
    }
}
