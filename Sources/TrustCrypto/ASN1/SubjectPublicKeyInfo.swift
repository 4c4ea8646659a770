/// SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) of the key types in use, read and written.
enum SubjectPublicKeyInfo {
    /// A key of 16384 bits with a long exponent needs about 2100 bytes.
    static let maximumLength = 4096

    /// What one says, not yet checked as a key.
    enum Contents {
        case ed25519([UInt8])
        case ellipticCurve(EllipticCurve, point: [UInt8])
        case rsa(modulus: [UInt8], exponent: [UInt8])
    }

    static func parse(_ der: Span<UInt8>) throws(CryptoError) -> Contents {
        guard der.count <= maximumLength else { throw .malformedPublicKey }
        let contents: Contents?
        do {
            contents = try read(der)
        } catch {
            throw .malformedPublicKey
        }
        guard let contents else { throw .unsupportedPublicKey }
        return contents
    }

    /// - Returns: Nil for a key of another type.
    private static func read(_ der: Span<UInt8>) throws(DERError) -> Contents? {
        var whole = DERReader(der)
        var info = try whole.enter(DERReader.Tag.sequence, in: der)
        try whole.finish()
        var algorithm = try info.enter(DERReader.Tag.sequence, in: der)
        let key = try info.readBitString(in: der)
        try info.finish()
        let identifier = try algorithm.readObjectIdentifier(in: der)
        if identifier == ObjectIdentifiers.ed25519 {
            try algorithm.finish()
            return .ed25519(key.map { der[$0] })
        }
        if identifier == ObjectIdentifiers.ecPublicKey {
            // Curves by name only: parameters spelled out can describe a curve of the attacker's making.
            guard algorithm.nextTag(in: der) == DERReader.Tag.objectIdentifier else { return nil }
            let name = try algorithm.readObjectIdentifier(in: der)
            try algorithm.finish()
            guard let curve = EllipticCurve.allCases.first(where: { $0.objectIdentifier == name }) else {
                return nil
            }
            return .ellipticCurve(curve, point: key.map { der[$0] })
        }
        if identifier == ObjectIdentifiers.rsaEncryption {
            guard try algorithm.read(DERReader.Tag.null, in: der).isEmpty else { throw DERError() }
            try algorithm.finish()
            var outer = DERReader(der, key)
            var numbers = try outer.enter(DERReader.Tag.sequence, in: der)
            try outer.finish()
            let modulus = try numbers.readUnsigned(in: der)
            let exponent = try numbers.readUnsigned(in: der)
            try numbers.finish()
            return .rsa(modulus: modulus.map { der[$0] }, exponent: exponent.map { der[$0] })
        }
        return nil
    }

    static func ed25519(_ key: [UInt8]) -> [UInt8] {
        DERWriter.sequence(
            DERWriter.sequence(DERWriter.objectIdentifier(ObjectIdentifiers.ed25519)),
            DERWriter.bitString(key)
        )
    }

    static func ellipticCurve(_ curve: EllipticCurve, point: [UInt8]) -> [UInt8] {
        DERWriter.sequence(
            DERWriter.sequence(
                DERWriter.objectIdentifier(ObjectIdentifiers.ecPublicKey),
                DERWriter.objectIdentifier(curve.objectIdentifier)
            ),
            DERWriter.bitString(point)
        )
    }

    static func rsa(modulus: [UInt8], exponent: [UInt8]) -> [UInt8] {
        DERWriter.sequence(
            DERWriter.sequence(DERWriter.objectIdentifier(ObjectIdentifiers.rsaEncryption), DERWriter.null),
            DERWriter.bitString(DERWriter.sequence(DERWriter.unsigned(modulus), DERWriter.unsigned(exponent)))
        )
    }
}
