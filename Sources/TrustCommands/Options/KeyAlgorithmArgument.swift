import ArgumentParser
import TrustCrypto

/// The algorithm of a new key.
enum KeyAlgorithmArgument: String, ExpressibleByArgument, CaseIterable, Sendable {
    case ecdsaP256 = "ecdsa-p256"
    case ecdsaP384 = "ecdsa-p384"
    case ed25519
    case rsa3072 = "rsa-3072"
    case rsa4096 = "rsa-4096"

    /// The algorithm.
    var algorithm: KeyAlgorithm {
        switch self {
        case .ecdsaP256: .ecdsaP256
        case .ecdsaP384: .ecdsaP384
        case .ed25519: .ed25519
        case .rsa3072: .rsa(bits: 3072)
        case .rsa4096: .rsa(bits: 4096)
        }
    }
}

extension KeyAlgorithm {
    /// The algorithm as the command line writes it.
    var commandLineName: String {
        switch self {
        case .ecdsaP256: "ecdsa-p256"
        case .ecdsaP384: "ecdsa-p384"
        case .ed25519: "ed25519"
        case .rsa(let bits): "rsa-\(bits)"
        }
    }
}
