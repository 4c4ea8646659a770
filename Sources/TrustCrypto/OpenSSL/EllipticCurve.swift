import COpenSSL
import CTrustShims

/// The two NIST curves that keys may be on.
enum EllipticCurve: CaseIterable {
    case p256
    case p384

    /// Length of a coordinate or a scalar in bytes.
    var fieldLength: Int {
        switch self {
        case .p256: 32
        case .p384: 48
        }
    }

    /// The curve's object identifier, encoded in DER without tag and length.
    var objectIdentifier: [UInt8] {
        switch self {
        case .p256: [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]
        case .p384: [0x2B, 0x81, 0x04, 0x00, 0x22]
        }
    }

    var algorithm: KeyAlgorithm {
        switch self {
        case .p256: .ecdsaP256
        case .p384: .ecdsaP384
        }
    }

    var digest: OpenSSLDigest {
        switch self {
        case .p256: .sha256
        case .p384: .sha384
        }
    }

    var groupName: StaticString {
        switch self {
        case .p256: "prime256v1"
        case .p384: "secp384r1"
        }
    }

    /// Length of an uncompressed point.
    var pointLength: Int { 1 + 2 * fieldLength }

    /// Makes a public key; libcrypto checks that the point is on the curve, and both curves have prime order.
    /// The point is uncompressed or compressed (SEC 1 §2.3.3), and not the one at infinity.
    func publicKey(point: Span<UInt8>) throws(CryptoError) -> OpenSSLKey {
        guard point.count > 0 else { throw .malformedPublicKey }
        switch point[0] {
        case 4 where point.count == pointLength: break
        case 2 where point.count == 1 + fieldLength, 3 where point.count == 1 + fieldLength: break
        default: throw .malformedPublicKey
        }
        var parameters = KeyParameters(capacity: 256, isSecret: false)
        parameters.add("group", text: groupName)
        parameters.add("pub", octets: point)
        guard let key = parameters.makeKey(type: "EC", selection: trustctl_EVP_PKEY_PUBLIC_KEY()) else {
            throw .malformedPublicKey
        }
        return OpenSSLKey(owning: key)
    }

    /// The point of a key, uncompressed.
    func point(of key: OpenSSLKey) throws(CryptoError) -> [UInt8] {
        guard let x = key.publicNumber("qx"), let y = key.publicNumber("qy"),
            x.count <= fieldLength, y.count <= fieldLength
        else { throw .malformedPublicKey }
        return [4] + [UInt8](repeating: 0, count: fieldLength - x.count) + x
            + [UInt8](repeating: 0, count: fieldLength - y.count) + y
    }

    /// Makes a key pair of a private scalar, big-endian, at most as long as a coordinate; the point is computed.
    func privateKey(scalar: Span<UInt8>) throws(CryptoError) -> OpenSSLKey {
        guard (1...fieldLength).contains(scalar.count) else { throw .malformedPrivateKey }
        guard let point = OpenSSL.attempt({ basePoint(times: scalar) }) else { throw .malformedPrivateKey }
        var parameters = KeyParameters(capacity: 512, isSecret: true)
        parameters.add("group", text: groupName)
        parameters.add("pub", octets: point.span)
        parameters.add("priv", number: scalar)
        guard let key = parameters.makeKey(type: "EC", selection: trustctl_EVP_PKEY_KEYPAIR()) else {
            throw .malformedPrivateKey
        }
        return OpenSSLKey(owning: key)
    }

    /// - Returns: The point, uncompressed; nil for a scalar that is zero or not below the order of the group.
    private func basePoint(times scalar: Span<UInt8>) -> [UInt8]? {
        let group = OpenSSL.require(EC_GROUP_new_by_curve_name(curveNumber))
        defer { EC_GROUP_free(group) }
        let point = OpenSSL.require(EC_POINT_new(group))
        defer { EC_POINT_free(point) }
        let number = OpenSSL.require(BN_secure_new())
        defer { BN_clear_free(number) }
        // Tells libcrypto to multiply in constant time.
        BN_set_flags(number, BN_FLG_CONSTTIME)
        let isRead = scalar.withUnsafeBufferPointer {
            BN_bin2bn($0.baseAddress, CInt($0.count), number) != nil
        }
        guard isRead, BN_is_zero(number) == 0, BN_cmp(number, EC_GROUP_get0_order(group)) < 0,
            EC_POINT_mul(group, point, number, nil, nil, nil) == 1
        else { return nil }
        let octets = [UInt8](unsafeUninitializedCapacity: pointLength) { buffer, count in
            count = EC_POINT_point2oct(
                group,
                point,
                POINT_CONVERSION_UNCOMPRESSED,
                buffer.baseAddress,
                pointLength,
                nil
            )
        }
        return octets.count == pointLength ? octets : nil
    }

    private var curveNumber: CInt {
        switch self {
        case .p256: NID_X9_62_prime256v1
        case .p384: NID_secp384r1
        }
    }

    func generate() throws(CryptoError) -> OpenSSLKey {
        let key: OpaquePointer? = OpenSSL.attempt {
            let context = OpenSSL.require(EVP_PKEY_CTX_new_from_name(nil, "EC", nil))
            defer { EVP_PKEY_CTX_free(context) }
            var key: OpaquePointer?
            guard EVP_PKEY_keygen_init(context) == 1,
                groupName.withCString({ EVP_PKEY_CTX_set_group_name(context, $0) }) == 1,
                EVP_PKEY_generate(context, &key) == 1
            else {
                EVP_PKEY_free(key)
                return nil
            }
            return key
        }
        guard let key else { throw .keyGenerationFailed }
        return OpenSSLKey(owning: key)
    }
}
