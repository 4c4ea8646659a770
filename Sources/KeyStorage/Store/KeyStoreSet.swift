public import TrustCrypto

/// Several key stores looked at as one: the user's own, and those on other media (`--key-store DIR`).
///
/// A medium that is not mounted, or a store that cannot be read, matters only when a key is needed that no other store
/// has.
public struct KeyStoreSet: Sendable {
    /// The user's own store, where new keys go unless somebody says otherwise.
    public let primary: any KeyStore
    /// Further stores, in the order in which they are looked into.
    public let additional: [any KeyStore]
    /// The locations of stores that need not exist.
    private let mayBeAbsent: Set<String>

    /// Joins stores.
    ///
    /// - Parameters:
    ///   - primary: The user's own store. It need not exist yet.
    ///   - additional: Further stores.
    ///   - own: The user's own store, where another one is the primary: it comes right after that, and need not exist yet.
    public init(primary: any KeyStore, additional: [any KeyStore] = [], own: (any KeyStore)? = nil) {
        self.primary = primary
        self.additional = (own.map { [$0] } ?? []) + additional
        mayBeAbsent = [primary.location, own?.location ?? primary.location]
    }

    /// Lists the keys of all stores.
    ///
    /// - Returns: The keys that could be read, and the files and stores that could not.
    public func list() async -> KeyListing {
        var records: [KeyRecord] = []
        var problems: [KeyListing.Problem] = []
        for store in stores {
            do throws(KeyStorageError) {
                let listing = try await store.list()
                records += listing.records
                problems += listing.problems
            } catch {
                if mayBeAbsent.contains(store.location), case .storeMissing = error { continue }
                problems.append(KeyListing.Problem(path: store.location, error: error))
            }
        }
        return KeyListing(records: records, problems: problems)
    }

    /// Finds a key and the store that has it.
    ///
    /// - Parameter keyID: The id that TUF computes for the key, or by which its store knows it.
    /// - Returns: The first store that has the key, and its record.
    /// - Throws: ``KeyStorageError/keyNotFound(_:unavailable:)``, which names the stores that could not be looked into;
    ///   what reading the key's file threw, when no other store has the key.
    public func find(_ keyID: KeyID) async throws(KeyStorageError) -> (record: KeyRecord, store: any KeyStore) {
        var unavailable: [String] = []
        var failure: KeyStorageError?
        for store in stores {
            do throws(KeyStorageError) {
                if let record = try await store.record(of: keyID) { return (record, store) }
            } catch {
                switch error {
                case .storeMissing:
                    if !mayBeAbsent.contains(store.location) { unavailable.append(store.location) }
                default:
                    failure = failure ?? error
                }
            }
        }
        if let failure { throw failure }
        throw .keyNotFound(keyID, unavailable: unavailable)
    }

    private var stores: [any KeyStore] { [primary] + additional }
}
