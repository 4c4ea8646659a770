import ContentTrust
import KeyStorage
import TUF
import TrustCrypto

/// The private halves of keys that were replaced.
struct OldKeys: Sendable {
    /// What became of one.
    enum Fate: Sendable, Hashable {
        /// It is in none of the key stores.
        case notHere
        /// It was deleted now.
        case deleted
        /// It is in a key store, under this id, and nothing that this machine has seen needs it.
        case kept(location: String, id: KeyID)
        /// It is in a key store, and these need it.
        case inUse(location: String, by: [String])
    }

    let stores: KeyStoreSet
    let home: TrustHome

    /// Deletes those that nothing needs any more.
    ///
    /// - Returns: The ids of those that were deleted.
    func delete(_ report: RotationReport) async throws(Refusal) -> Set<KeyID> {
        var deleted: Set<KeyID> = []
        for (key, fate) in try await fates(report) {
            guard case .kept = fate else { continue }
            do throws(KeyStorageError) {
                if let found = try await find(key) { try await found.store.remove(found.record.keyID) }
            } catch {
                throw Refusal.keys(error, checked: "the key \(key.computedID), which was replaced")
            }
            deleted.insert(key.computedID)
        }
        return deleted
    }

    /// Where each is now.
    func fates(
        _ report: RotationReport,
        deleted: Set<KeyID> = []
    ) async throws(Refusal) -> [(key: TUFKey, fate: Fate)] {
        var fates: [(key: TUFKey, fate: Fate)] = []
        // On a Notary server a key may stay and have a new certificate alone.
        let present = Set(report.roles.flatMap(\.added).compactMap(\.publicKey))
        for key in report.roles.flatMap(\.replaced) where !fates.contains(where: { $0.key == key }) {
            if let publicKey = key.publicKey, present.contains(publicKey) { continue }
            let isDeleted = deleted.contains(key.computedID)
            fates.append((key, isDeleted ? .deleted : try await fate(of: key, report)))
        }
        return fates
    }

    /// The private half, under whichever id its store knows it.
    private func find(_ key: TUFKey) async throws(KeyStorageError) -> (record: KeyRecord, store: any KeyStore)? {
        for id in key.pinnableIDs.sorted() {
            do throws(KeyStorageError) { return try await stores.find(id) } catch .keyNotFound { continue }
        }
        return nil
    }

    private func fate(of key: TUFKey, _ report: RotationReport) async throws(Refusal) -> Fate {
        let record: KeyRecord
        do throws(KeyStorageError) {
            guard let found = try await find(key) else { return .notHere }
            record = found.record
        } catch {
            throw Refusal.keys(error, checked: "the key \(key.computedID), which was replaced")
        }
        let repository = report.published.repository
        var users = try home.repositories(using: key.computedID, except: repository)
        if report.listedKeys.contains(key.computedID) { users.insert("another role of \(repository)", at: 0) }
        return users.isEmpty
            ? .kept(location: record.location, id: record.keyID) : .inUse(location: record.location, by: users)
    }
}
