/// Why a digest, key or signature operation was refused.
///
/// Verification does not use this type: a signature that does not verify is `false`, never an error.
public enum CryptoError: Error, Sendable, Equatable {
    /// The hash algorithm's name is none of ``HashAlgorithm``.
    case unknownHashAlgorithm
    /// A digest has the wrong length, or its text is not lowercase hex of the algorithm's exact length.
    case malformedDigest
    /// A key identifier is empty, longer than 128 bytes, or not printable ASCII.
    case malformedKeyID
    /// The bytes are not a public key: wrong encoding, a point that is not on the curve, an impossible RSA modulus.
    case malformedPublicKey
    /// The bytes are a public key, of a kind that is not supported.
    case unsupportedPublicKey
    /// The parts of a private key contradict each other, or are out of range.
    case malformedPrivateKey
    /// An RSA modulus outside the permitted range of bits.
    case rsaModulusSize(bits: Int)
    /// The signature scheme does not belong to the type of the key.
    case schemeMismatch(SignatureScheme)
    /// A key of this algorithm could not be generated.
    case keyGenerationFailed
    /// The cryptographic library refused to sign.
    case signingFailed
}
