/// Something that can sign without necessarily showing its private key.
public protocol Signer: Sendable {
    /// The key that verifies what this signer signs.
    var publicKey: PublicKey { get }

    /// The scheme of its signatures.
    var scheme: SignatureScheme { get }

    /// Signs a message.
    ///
    /// - Parameter message: The bytes to sign; they are hashed as the scheme demands.
    /// - Returns: The signature, in the form that ``PublicKey/isValidSignature(_:over:scheme:)`` takes.
    /// - Throws: ``CryptoError/signingFailed``.
    func sign(_ message: [UInt8]) async throws(CryptoError) -> [UInt8]
}
