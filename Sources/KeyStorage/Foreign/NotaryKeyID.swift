public import TrustCrypto

/// The ids by which Notary v1 and docker know keys.
public enum NotaryKeyID {
    /// The id of a key: SHA-256 of a JSON object with the key's type and its public half. It names the file of the private
    /// key, and it is what `notary key list` and `docker trust inspect` show of signers.
    ///
    /// (A root key has another id in root metadata, where its public half stands in a certificate.)
    ///
    /// - Parameter publicKey: The key.
    /// - Returns: 64 lowercase hexadecimal digits.
    public static func id(of publicKey: PublicKey) -> KeyID {
        switch publicKey.algorithm {
        case .ed25519: id(type: "ed25519", publicKey.ed25519Raw ?? [])
        case .ecdsaP256, .ecdsaP384: id(type: "ecdsa", publicKey.spkiDER)
        case .rsa: id(type: "rsa", publicKey.spkiDER)
        }
    }

    private static func id(type: String, _ value: [UInt8]) -> KeyID {
        // No character of base64 needs an escape, so the canonical form can be written down.
        let encoded = Base64.encode(value.span)
        let text = Array(#"{"keytype":"\#(type)","keyval":{"private":null,"public":"\#(encoded)"}}"#.utf8)
        return KeyID(Digest.compute(.sha256, over: text.span))
    }

    /// The id that begins the name of a key file, and what stands behind it: `ID`, `ID_role`.
    ///
    /// - Parameter stem: The name without its suffix.
    /// - Returns: Nil for a name that begins with no id.
    static func parse(stem: String) -> (id: KeyID, role: String?)? {
        let parts = stem.split(separator: "_", maxSplits: 1, omittingEmptySubsequences: false)
        guard let id = parts.first.flatMap({ try? KeyID(String($0)) }), StoredKeyFile.isName(id) else { return nil }
        guard parts.count == 2 else { return (id, nil) }
        guard !parts[1].isEmpty else { return nil }
        return (id, String(parts[1]))
    }
}
