import ContentTrust
import KeyStorage
import TUF
import TrustCrypto

/// A key that a user names by its id, or by the beginning of one.
enum KeySelection {
    /// The fewest digits that name a key.
    static let minimumLength = 7

    /// The key, and the store that has it.
    ///
    /// - Parameters:
    ///   - text: The id, or its first digits.
    ///   - stores: Where to look.
    /// - Returns: The record, and the first store that has the key.
    /// - Throws: ``Refusal``.
    static func find(
        _ text: String,
        in stores: KeyStoreSet
    ) async throws(Refusal) -> (record: KeyRecord, store: any KeyStore) {
        let checked = "the key \(ReferenceText.shortened(text))"
        let id = try await fullID(text, in: stores, checked: checked)
        do throws(KeyStorageError) {
            return try await stores.find(id)
        } catch {
            throw Refusal.keys(error, checked: checked)
        }
    }

    /// A key as metadata writes it.
    ///
    /// - Parameter record: The key's record.
    /// - Returns: The key.
    /// - Throws: ``Refusal`` where the record does not have the public half.
    static func known(_ record: KeyRecord) throws(Refusal) -> TUFKey {
        if let key = record.tufKey { return key }
        throw Refusal(
            .keyUnavailable,
            checked: "the key \(record.keyID)",
            found: "an encrypted key of docker or notary, whose file does not tell the public half",
            next: "to have it in the key store: trustctl key import \(ShellWord.quoted(record.location)); "
                + "or write it to a file: trustctl key export --public-key"
        )
    }

    private static func fullID(_ text: String, in stores: KeyStoreSet, checked: String) async throws(Refusal) -> KeyID {
        let digits = text.lowercased()
        guard (minimumLength...64).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else {
            throw Refusal(
                .usage,
                checked: checked,
                found: "not the id of a key",
                expected: "64 hexadecimal digits, or the first \(minimumLength) or more of them"
            )
        }
        if digits.utf8.count == 64 { return try KeyIDArgument.keyID(digits, option: "key") }
        let listing = await stores.list()
        let ids = Set(listing.records.map(\.keyID)).filter { $0.string.utf8.starts(with: digits.utf8) }
        // What could not be read might be the key that is meant, or another one of that beginning.
        if let problem = listing.problems.first { throw Refusal.keys(problem.error, checked: checked) }
        guard let id = ids.first else {
            throw Refusal(
                .keyUnavailable,
                checked: checked,
                found: "no such key in the key stores",
                next: "to see what there is: trustctl key list; for a key on another medium: --key-store DIR"
            )
        }
        guard ids.count == 1 else {
            throw Refusal(
                .usage,
                checked: checked,
                found: "\(ids.count) keys: \(ids.sorted().map(\.string).joined(separator: ", "))",
                expected: "more digits"
            )
        }
        return id
    }
}
