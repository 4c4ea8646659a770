internal import TrustCrypto

/// How notation signs: the key decides (Notary Project, "Signature Algorithm Requirements").
enum NotationAlgorithm: String, CaseIterable {
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
    case es256 = "ES256"
    case es384 = "ES384"
    case es512 = "ES512"

    /// The one way in which a key signs; nil for a key that notation does not have.
    init?(of key: ArtifactKey) {
        switch key.kind {
        case .rsa(2048): self = .ps256
        case .rsa(3072): self = .ps384
        case .rsa(4096): self = .ps512
        case .ecdsa(.sha256): self = .es256
        case .ecdsa(.sha384): self = .es384
        case .ecdsa(.sha512): self = .es512
        case .rsa, .ed25519: return nil
        }
    }

    /// The number that COSE has for it (RFC 9053 §2.1, RFC 8230 §5).
    init?(cose number: Int64) {
        guard let found = Self.allCases.first(where: { $0.coseNumber == number }) else { return nil }
        self = found
    }

    private var coseNumber: Int64 {
        switch self {
        case .ps256: -37
        case .ps384: -38
        case .ps512: -39
        case .es256: -7
        case .es384: -35
        case .es512: -36
        }
    }

    var method: ArtifactSignatureMethod {
        switch self {
        case .ps256: .rsaPSS(.sha256)
        case .ps384: .rsaPSS(.sha384)
        case .ps512: .rsaPSS(.sha512)
        case .es256: .ecdsaFixedWidth(.sha256)
        case .es384: .ecdsaFixedWidth(.sha384)
        case .es512: .ecdsaFixedWidth(.sha512)
        }
    }
}
