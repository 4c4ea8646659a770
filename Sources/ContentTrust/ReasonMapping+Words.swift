package import CanonicalJSON
package import TrustCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

// Errors that are only a part of a sentence.

extension Refusal {
    /// The system's own words for one of its error numbers.
    package static func words(systemError code: Int32) -> String {
        strerror(code).map { String(cString: $0) } ?? "system error \(code)"
    }

    /// What is wrong with a document that should be JSON.
    package static func words(_ error: JSONError) -> String {
        switch error {
        case .tooLarge(let limit): "more than \(limit) bytes"
        case .tooDeep(let limit): "nested deeper than \(limit) levels"
        case .tooManyValues(let limit): "more than \(limit) values"
        case .syntax(let offset): "a mistake at byte \(offset)"
        case .invalidUTF8(let offset): "no UTF-8 at byte \(offset)"
        case .loneSurrogate(let offset): "half a character at byte \(offset)"
        case .duplicateKey(let key): "\(key) stands there twice"
        case .notCanonicalizable(let number): "the number \(number), which is no integer of 64 bits"
        }
    }

    /// Why a key could not be made or used.
    package static func words(_ error: CryptoError) -> String {
        switch error {
        case .unknownHashAlgorithm: "an unknown hash algorithm"
        case .malformedDigest: "a malformed digest"
        case .malformedKeyID: "a malformed key id"
        case .malformedPublicKey: "a malformed public key"
        case .unsupportedPublicKey: "a public key of a kind that is not supported"
        case .malformedPrivateKey: "a malformed private key"
        case .rsaModulusSize(let bits): "an RSA key of \(bits) bits, which is not supported"
        case .schemeMismatch(let scheme): "a key that does not sign with \(scheme.rawValue)"
        case .keyGenerationFailed: "the cryptographic library could not make it"
        case .signingFailed: "the cryptographic library refused to sign"
        }
    }
}
