import TrustCrypto

// `#expect` cannot take apart calls with spans, so tests hand over arrays.

extension PublicKey {
    func verifies(_ signature: [UInt8], _ message: [UInt8], _ scheme: SignatureScheme) -> Bool {
        isValidSignature(signature.span, over: message.span, scheme: scheme)
    }
}

extension PrivateKey {
    func signature(_ message: [UInt8], _ scheme: SignatureScheme) throws(CryptoError) -> [UInt8] {
        try signature(over: message.span, scheme: scheme)
    }
}

extension Digest {
    static func of(_ bytes: [UInt8], _ algorithm: HashAlgorithm = .sha256) -> Digest {
        compute(algorithm, over: bytes.span)
    }
}

extension PublicKey {
    func verifies(_ signature: [UInt8], _ message: [UInt8], _ method: NotarySignatureMethod) -> Bool {
        isValidSignature(signature.span, over: message.span, method: method)
    }
}

extension PrivateKey {
    func notarySignature(_ message: [UInt8]) throws(CryptoError) -> [UInt8] {
        try notarySignature(over: message.span)
    }
}
