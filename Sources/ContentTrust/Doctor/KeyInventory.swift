import KeyStorage
import TUF
import TrustCrypto

/// The keys of this machine, as far as its key stores can be read.
struct KeyInventory: Sendable {
    let records: [KeyRecord]
    let problems: [KeyListing.Problem]

    init(_ listing: KeyListing) {
        records = listing.records
        problems = listing.problems
    }

    /// The keys of a role, each once, with where they are on this machine.
    ///
    /// - Parameters:
    ///   - roleKeys: The role's key ids.
    ///   - keys: The keys of the file that has the ids.
    /// - Returns: The keys, in the order of their ids; ids without a key are none.
    func keys(_ roleKeys: RoleKeys, _ keys: [KeyID: TUFKey]) -> [RoleKey] {
        var own: [KeyID: RoleKey] = [:]
        for id in roleKeys.keyIDs {
            guard let key = keys[id] else { continue }
            let usable = key.scheme == nil ? nil : key.publicKey
            // One key under two schemes has two ids and counts once.
            guard usable == nil || !own.values.contains(where: { $0.publicKey == usable }) else { continue }
            let record = usable.flatMap { usable in records.first { $0.publicKey == usable } }
            own[key.computedID] = RoleKey(
                keyID: key.computedID,
                publicKey: usable,
                place: record?.location,
                isEncrypted: record?.isEncrypted
            )
        }
        return own.values.sorted { $0.keyID < $1.keyID }
    }
}
