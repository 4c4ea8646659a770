import CTrustShims

/// Keys on NIST P-521, which only tools that sign artifacts have.
enum NISTP521 {
    /// Length of a coordinate in bytes.
    static let fieldLength = 66

    private static let pointLength = 1 + 2 * fieldLength
    private static let secp521r1: [UInt8] = [0x2B, 0x81, 0x04, 0x00, 0x23]

    /// The uncompressed point in a SubjectPublicKeyInfo.
    ///
    /// - Returns: Nil for a key of another kind, and for what is none.
    static func point(inSPKI der: Span<UInt8>) -> [UInt8]? {
        guard der.count <= SubjectPublicKeyInfo.maximumLength else { return nil }
        do {
            var whole = DERReader(der)
            var info = try whole.enter(DERReader.Tag.sequence, in: der)
            try whole.finish()
            var algorithm = try info.enter(DERReader.Tag.sequence, in: der)
            let key = try info.readBitString(in: der)
            try info.finish()
            guard try algorithm.readObjectIdentifier(in: der) == ObjectIdentifiers.ecPublicKey,
                algorithm.nextTag(in: der) == DERReader.Tag.objectIdentifier,
                try algorithm.readObjectIdentifier(in: der) == secp521r1
            else { return nil }
            try algorithm.finish()
            return key.map { der[$0] }
        } catch {
            return nil
        }
    }

    /// Makes a public key; libcrypto checks that the point is on the curve, which has prime order.
    static func publicKey(point: Span<UInt8>) throws(CryptoError) -> OpenSSLKey {
        guard point.count == pointLength, point[0] == 4 else { throw .malformedPublicKey }
        var parameters = KeyParameters(capacity: 256, isSecret: false)
        parameters.add("group", text: "secp521r1")
        parameters.add("pub", octets: point)
        guard let key = parameters.makeKey(type: "EC", selection: trustctl_EVP_PKEY_PUBLIC_KEY()) else {
            throw .malformedPublicKey
        }
        return OpenSSLKey(owning: key)
    }

    static func spki(point: [UInt8]) -> [UInt8] {
        DERWriter.sequence(
            DERWriter.sequence(
                DERWriter.objectIdentifier(ObjectIdentifiers.ecPublicKey),
                DERWriter.objectIdentifier(secp521r1)
            ),
            DERWriter.bitString(point)
        )
    }
}
