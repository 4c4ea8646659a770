/// Object identifiers of keys and certificates, encoded in DER without tag and length.
enum ObjectIdentifiers {
    /// id-Ed25519, 1.3.101.112 (RFC 8410 §3).
    static let ed25519: [UInt8] = [0x2B, 0x65, 0x70]
    /// Ed25519 as Notary v1 names it, 1.3.6.1.4.1.11591.15.1.
    static let notaryEd25519: [UInt8] = [0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x0F, 0x01]
    /// id-ecPublicKey, 1.2.840.10045.2.1 (RFC 5480 §2.1.1).
    static let ecPublicKey: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]
    /// rsaEncryption, 1.2.840.113549.1.1.1 (RFC 8017 appendix A.1).
    static let rsaEncryption: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]

    /// id-PBES2, 1.2.840.113549.1.5.13 (RFC 8018 appendix A.4).
    static let pbes2: [UInt8] = pkcs5 + [13]
    /// id-PBKDF2, 1.2.840.113549.1.5.12 (RFC 8018 appendix A.2).
    static let pbkdf2: [UInt8] = pkcs5 + [12]
    /// id-scrypt, 1.3.6.1.4.1.11591.4.11 (RFC 7914 §7).
    static let scrypt: [UInt8] = [0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x04, 0x0B]

    /// id-hmacWithSHA1, 1.2.840.113549.2.7 (RFC 8018 appendix B.1.1), PBKDF2's default.
    static let hmacSHA1: [UInt8] = digestAlgorithm + [7]
    /// id-hmacWithSHA256.
    static let hmacSHA256: [UInt8] = digestAlgorithm + [9]
    /// id-hmacWithSHA384.
    static let hmacSHA384: [UInt8] = digestAlgorithm + [10]
    /// id-hmacWithSHA512.
    static let hmacSHA512: [UInt8] = digestAlgorithm + [11]

    /// aes128-CBC-PAD, 2.16.840.1.101.3.4.1.2 (RFC 8018 appendix B.2.5).
    static let aes128CBC: [UInt8] = aes + [2]
    /// aes192-CBC-PAD.
    static let aes192CBC: [UInt8] = aes + [22]
    /// aes256-CBC-PAD.
    static let aes256CBC: [UInt8] = aes + [42]
    /// des-EDE3-CBC, 1.2.840.113549.3.7 (RFC 8018 appendix B.2.2).
    static let tripleDESCBC: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x03, 0x07]

    /// ecdsa-with-SHA256, 1.2.840.10045.4.3.2 (RFC 5758 §3.2).
    static let ecdsaWithSHA256: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02]
    /// ecdsa-with-SHA384.
    static let ecdsaWithSHA384: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x03]
    /// sha256WithRSAEncryption, 1.2.840.113549.1.1.11 (RFC 8017 appendix A.2.4).
    static let sha256WithRSAEncryption: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B]

    /// id-at-commonName, 2.5.4.3 (RFC 5280 appendix A.1).
    static let commonName: [UInt8] = [0x55, 0x04, 0x03]
    /// id-ce-keyUsage, 2.5.29.15 (RFC 5280 §4.2.1.3).
    static let keyUsage: [UInt8] = [0x55, 0x1D, 0x0F]
    /// id-ce-basicConstraints, 2.5.29.19 (RFC 5280 §4.2.1.9).
    static let basicConstraints: [UInt8] = [0x55, 0x1D, 0x13]
    /// id-ce-extKeyUsage, 2.5.29.37 (RFC 5280 §4.2.1.12).
    static let extendedKeyUsage: [UInt8] = [0x55, 0x1D, 0x25]
    /// id-kp-codeSigning, 1.3.6.1.5.5.7.3.3.
    static let codeSigning: [UInt8] = [0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03]

    private static let pkcs5: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05]
    private static let digestAlgorithm: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x02]
    private static let aes: [UInt8] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01]
}
