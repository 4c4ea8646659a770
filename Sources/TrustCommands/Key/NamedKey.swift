import ContentTrust
import KeyStorage
import TUF
import TrustCrypto

/// A key that a user names by its id in a key store, or by a PEM file with its public half.
enum NamedKey {
    static func find(_ text: String, in stores: KeyStoreSet, option: String) async throws(Refusal) -> TUFKey {
        if text.utf8.count == 64, Hex.decode(text) != nil {
            return try KeySelection.known(try await KeySelection.find(text, in: stores).record)
        }
        let bytes = try InputFile.read(text, limit: 64 << 10, option: option)
        do {
            let key = try PublicKey(pem: String(decoding: bytes, as: UTF8.self))
            return TUFKey(publicKey: key, scheme: key.defaultScheme)
        } catch {
            throw Refusal(
                .usage,
                checked: "\(option) \(text)",
                found: "no public key in PEM",
                expected: "the id of a key in a key store, or a file as trustctl key export --public-key writes it",
                cause: error
            )
        }
    }
}
