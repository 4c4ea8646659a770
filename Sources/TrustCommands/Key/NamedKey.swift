import ContentTrust
import KeyStorage
import TUF
import TrustCrypto

/// A key that a user names by its id in a key store, or the id's first digits, or by a PEM file with its public half.
enum NamedKey {
    static func find(_ text: String, in stores: KeyStoreSet, option: String) async throws(Refusal) -> TUFKey {
        let digits = Set("0123456789abcdefABCDEF".utf8)
        if (7...64).contains(text.utf8.count), digits.isSuperset(of: text.utf8) {
            return try KeySelection.known(try await KeySelection.find(text, in: stores).record)
        }
        let bytes = try InputFile.read(text, limit: 64 << 10, option: option)
        do {
            let key = try PublicKey(file: bytes)
            return TUFKey(publicKey: key, scheme: key.defaultScheme)
        } catch {
            throw Refusal(
                .usage,
                checked: "\(option) \(text)",
                found: "no public key in PEM",
                expected:
                    "the id of a key in a key store, or a file as trustctl key export --public-key or docker trust key "
                    + "generate writes it",
                cause: error
            )
        }
    }
}
