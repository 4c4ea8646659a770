/// The ways in which DER holds a private key. Errors in the encoding are ``DERError``, so that the caller can tell
/// a damaged file from a wrong passphrase; errors in the key itself are ``KeyFileError``.
enum PrivateKeyContents {
    /// PrivateKeyInfo and OneAsymmetricKey (PKCS #8, RFC 5958 §2).
    static func pkcs8(_ der: Span<UInt8>) throws -> PrivateKey {
        var whole = DERReader(der)
        var info = try whole.enter(DERReader.Tag.sequence, in: der)
        try whole.finish()
        let version = try info.readSmallInteger(in: der)
        guard version <= 1 else { throw KeyFileError.unsupported("version of PKCS #8") }
        var algorithm = try info.enter(DERReader.Tag.sequence, in: der)
        let key = try info.read(DERReader.Tag.octetString, in: der)
        if info.nextTag(in: der) == DERReader.Tag.context(0, constructed: true) {
            // Attributes: say nothing about the key.
            _ = try info.read(DERReader.Tag.context(0, constructed: true), in: der)
        }
        var publicKey: [UInt8]?
        if version == 1, info.nextTag(in: der) == DERReader.Tag.context(1, constructed: false) {
            let bits = try info.read(DERReader.Tag.context(1, constructed: false), in: der)
            guard let unused = bits.first, der[unused] == 0 else { throw DERError() }
            publicKey = bits.dropFirst().map { der[$0] }
        }
        try info.finish()

        let identifier = try algorithm.readObjectIdentifier(in: der)
        if identifier == ObjectIdentifiers.ed25519 {
            try algorithm.finish()
            return try ed25519(der.extracting(key), publicKey: publicKey)
        }
        if identifier == ObjectIdentifiers.notaryEd25519 {
            try algorithm.finish()
            return try notaryEd25519(der.extracting(key))
        }
        if identifier == ObjectIdentifiers.ecPublicKey {
            let curve = try namedCurve(&algorithm, in: der)
            try algorithm.finish()
            return try sec1(der.extracting(key), curve: curve)
        }
        if identifier == ObjectIdentifiers.rsaEncryption {
            // RFC 8017 appendix A.1 demands the NULL; Notary v1 leaves it out.
            if !algorithm.isAtEnd {
                guard try algorithm.read(DERReader.Tag.null, in: der).isEmpty else { throw DERError() }
            }
            try algorithm.finish()
            return try pkcs1(der.extracting(key))
        }
        throw KeyFileError.unsupported("type of key")
    }

    /// ECPrivateKey (SEC 1 appendix C.4, RFC 5915 §3). Without a curve from the PKCS #8 around it, the structure itself
    /// has to name one.
    static func sec1(_ der: Span<UInt8>, curve: EllipticCurve? = nil) throws -> PrivateKey {
        var whole = DERReader(der)
        var contents = try whole.enter(DERReader.Tag.sequence, in: der)
        try whole.finish()
        guard try contents.readSmallInteger(in: der) == 1 else { throw DERError() }
        let scalar = try contents.read(DERReader.Tag.octetString, in: der)
        var ownCurve: EllipticCurve?
        if contents.nextTag(in: der) == DERReader.Tag.context(0, constructed: true) {
            var parameters = try contents.enter(DERReader.Tag.context(0, constructed: true), in: der)
            ownCurve = try namedCurve(&parameters, in: der)
            try parameters.finish()
        }
        var point: Range<Int>?
        if contents.nextTag(in: der) == DERReader.Tag.context(1, constructed: true) {
            var bits = try contents.enter(DERReader.Tag.context(1, constructed: true), in: der)
            point = try bits.readBitString(in: der)
            try bits.finish()
        }
        try contents.finish()

        guard let curve = curve ?? ownCurve else { throw KeyFileError.unsupported("EC key that names no curve") }
        guard ownCurve == nil || ownCurve == curve else { throw KeyFileError.inconsistentKey }
        let key: PrivateKey
        do throws(CryptoError) {
            key = try PrivateKey(curve: curve, key: curve.privateKey(scalar: der.extracting(scalar)))
            if let point {
                let stated = try PublicKey(curve: curve, point: point.map { der[$0] })
                guard stated == key.publicKey else { throw .malformedPrivateKey }
            }
        } catch {
            throw KeyFileError.inconsistentKey
        }
        return key
    }

    /// RSAPrivateKey (PKCS #1, RFC 8017 appendix A.1.2).
    static func pkcs1(_ der: Span<UInt8>) throws -> PrivateKey {
        var whole = DERReader(der)
        var contents = try whole.enter(DERReader.Tag.sequence, in: der)
        try whole.finish()
        guard try contents.readSmallInteger(in: der) == 0 else {
            throw KeyFileError.unsupported("RSA key with more than two primes")
        }
        let modulus = try contents.readUnsigned(in: der)
        let publicExponent = try contents.readUnsigned(in: der)
        let privateExponent = try contents.readUnsigned(in: der)
        let prime1 = try contents.readUnsigned(in: der)
        let prime2 = try contents.readUnsigned(in: der)
        let exponent1 = try contents.readUnsigned(in: der)
        let exponent2 = try contents.readUnsigned(in: der)
        let coefficient = try contents.readUnsigned(in: der)
        try contents.finish()
        do throws(CryptoError) {
            return try PrivateKey(
                rsa: RSA.privateKey(
                    RSA.PrivateNumbers(
                        modulus: modulus,
                        publicExponent: publicExponent,
                        privateExponent: privateExponent,
                        prime1: prime1,
                        prime2: prime2,
                        exponent1: exponent1,
                        exponent2: exponent2,
                        coefficient: coefficient
                    ),
                    in: der
                )
            )
        } catch .rsaModulusSize(let bits) {
            throw KeyFileError.unsupported("RSA key of \(bits) bits")
        } catch {
            throw KeyFileError.inconsistentKey
        }
    }

    /// An Ed25519 key as Notary v1 keeps it: public key, seed, and the public key once more.
    static func notaryEd25519(_ bytes: Span<UInt8>) throws -> PrivateKey {
        let length = Ed25519.publicKeyLength
        guard bytes.count == 2 * length + Ed25519.seedLength else { throw DERError() }
        do throws(CryptoError) {
            let key = try PrivateKey(ed25519: Ed25519Secret(seed: bytes.extracting(length..<(2 * length))))
            let stated = key.publicKey.ed25519Raw ?? []
            for index in stated.indices {
                guard bytes[index] == stated[index], bytes[2 * length + index] == stated[index] else {
                    throw .malformedPrivateKey
                }
            }
            return key
        } catch {
            throw KeyFileError.inconsistentKey
        }
    }

    /// CurvePrivateKey (RFC 8410 §7).
    private static func ed25519(_ der: Span<UInt8>, publicKey: [UInt8]?) throws -> PrivateKey {
        var reader = DERReader(der)
        let seed = try reader.read(DERReader.Tag.octetString, in: der)
        try reader.finish()
        guard seed.count == Ed25519.seedLength else { throw DERError() }
        do throws(CryptoError) {
            let key = try PrivateKey(ed25519: Ed25519Secret(seed: der.extracting(seed)))
            guard publicKey == nil || publicKey == key.publicKey.ed25519Raw else { throw .malformedPrivateKey }
            return key
        } catch {
            throw KeyFileError.inconsistentKey
        }
    }

    private static func namedCurve(_ reader: inout DERReader, in der: Span<UInt8>) throws -> EllipticCurve {
        guard reader.nextTag(in: der) == DERReader.Tag.objectIdentifier else {
            throw KeyFileError.unsupported("EC key with parameters instead of a curve's name")
        }
        let name = try reader.readObjectIdentifier(in: der)
        guard let curve = EllipticCurve.allCases.first(where: { $0.objectIdentifier == name }) else {
            throw KeyFileError.unsupported("EC key on a curve other than P-256 and P-384")
        }
        return curve
    }
}
