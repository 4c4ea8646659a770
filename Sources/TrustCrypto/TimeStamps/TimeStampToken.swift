import COpenSSL
import CTrustShims

/// What a time stamping service signed: that something existed at a time (RFC 3161 §2.4.2).
public struct TimeStampToken: Sendable, Hashable {
    /// The longest token read, in bytes: some certificates and a signature.
    public static let maximumLength = 65_536

    /// The token: a TimeStampToken, which is a CMS SignedData.
    public let der: [UInt8]

    /// Takes bytes that may be a token; nothing of them is believed.
    ///
    /// - Parameter der: The bytes.
    /// - Throws: ``TimeStampError/limitExceeded``, or ``TimeStampError/malformed`` for no token.
    public init(der: [UInt8]) throws(TimeStampError) {
        guard der.count <= Self.maximumLength else { throw .limitExceeded }
        self.der = der
        _ = try OpenSSL.attempt { () throws(TimeStampError) in try ParsedToken(der) }
    }

    /// What a token says once it was verified.
    public struct Statement: Sendable, Hashable {
        /// When what was stamped existed, in seconds since the epoch; a fraction is dropped.
        public let time: Int64
        /// The common name of the service's certificate.
        public let authority: String?
    }

    /// Demands that a trusted service stamped a digest.
    ///
    /// The certificates must have been valid at the time that the token states, not now: that is what it is kept for.
    /// No list of revocations is asked.
    ///
    /// - Parameters:
    ///   - digest: What must have been stamped: a SHA-256.
    ///   - authorities: What is trusted to certify time stamping services.
    /// - Returns: What the token says.
    /// - Throws: ``TimeStampError``.
    public func verify(_ digest: Digest, trusting authorities: [Certificate]) throws(TimeStampError) -> Statement {
        try verify(digest, nonce: nil, trusting: authorities)
    }

    func verify(
        _ digest: Digest,
        nonce: UInt64?,
        trusting authorities: [Certificate]
    ) throws(TimeStampError) -> Statement {
        precondition(digest.algorithm == .sha256)
        return try OpenSSL.attempt { () throws(TimeStampError) in
            let token = try ParsedToken(der)
            guard token.imprint == digest.bytes else { throw .otherContent }
            // libcrypto looks at the hash functions of certificates, not at the one of the signature.
            guard [NID_sha256, NID_sha384, NID_sha512].contains(trustctl_PKCS7_signer_digest(token.pointer)) else {
                throw .untrusted("the signature's hash function is not one of SHA-2")
            }
            let query = TimeStampQuery(digest, nonce: nonce)
            let context = OpenSSL.require(TS_REQ_to_TS_VERIFY_CTX(query.pointer, nil))
            defer { TS_VERIFY_CTX_free(context) }
            TS_VERIFY_CTX_add_flags(context, CInt(TS_VFY_SIGNATURE))
            // The context owns the store.
            TS_VERIFY_CTX_set_store(context, Self.store(authorities, at: token.time))
            ERR_clear_error()
            guard TS_RESP_verify_token(context, token.pointer) == 1 else {
                let reason = ERR_reason_error_string(ERR_peek_last_error()).map { String(cString: $0) }
                throw .untrusted(reason ?? "no reason is given")
            }
            withExtendedLifetime(authorities) {}
            return Statement(time: token.time, authority: token.signer?.commonName)
        }
    }

    private static func store(_ authorities: [Certificate], at time: Int64) -> OpaquePointer {
        let store = OpenSSL.require(X509_STORE_new())
        for certificate in authorities {
            OpenSSL.require(X509_STORE_add_cert(store, certificate.handle.pointer) == 1)
        }
        let rules = X509_STORE_get0_param(store)
        X509_VERIFY_PARAM_set_time(rules, Int(time))
        X509_VERIFY_PARAM_set_depth(rules, CertificateBundle.maximumDepth)
        // Level 2: at least 112 bits, in keys and in hash functions.
        X509_VERIFY_PARAM_set_auth_level(rules, 2)
        OpenSSL.require(X509_VERIFY_PARAM_set_flags(rules, UInt(X509_V_FLAG_PARTIAL_CHAIN)) == 1)
        return store
    }
}

/// A token as libcrypto reads it.
private final class ParsedToken {
    let pointer: UnsafeMutablePointer<PKCS7>
    let imprint: [UInt8]
    let time: Int64

    init(_ der: [UInt8]) throws(TimeStampError) {
        let token: UnsafeMutablePointer<PKCS7>? = der.withUnsafeBufferPointer { buffer in
            var position = buffer.baseAddress
            guard let token = d2i_PKCS7(nil, &position, buffer.count) else { return nil }
            guard position == buffer.baseAddress.map({ $0 + buffer.count }) else {
                PKCS7_free(token)
                return nil
            }
            return token
        }
        guard let token else { throw .malformed }
        guard let fields = Self.fields(token) else {
            PKCS7_free(token)
            throw .malformed
        }
        pointer = token
        imprint = fields.imprint
        time = fields.time
    }

    deinit { PKCS7_free(pointer) }

    /// The stamped SHA-256 and the time; an imprint by another hash function is empty and equals nothing.
    private static func fields(_ token: UnsafeMutablePointer<PKCS7>) -> (imprint: [UInt8], time: Int64)? {
        guard let info = PKCS7_to_TS_TST_INFO(token) else { return nil }
        defer { TS_TST_INFO_free(info) }
        guard let imprint = TS_TST_INFO_get_msg_imprint(info), let algorithm = TS_MSG_IMPRINT_get_algo(imprint),
            let time = seconds(bytes(of: TS_TST_INFO_get_time(info)))
        else { return nil }
        let isSHA256 = OBJ_obj2nid(algorithm.pointee.algorithm) == NID_sha256
        return (isSHA256 ? bytes(of: TS_MSG_IMPRINT_get_msg(imprint)) : [], time)
    }

    private static func bytes(of string: UnsafePointer<ASN1_STRING>?) -> [UInt8] {
        guard let string, let start = ASN1_STRING_get0_data(string) else { return [] }
        return Array(UnsafeBufferPointer(start: start, count: Int(ASN1_STRING_length(string))))
    }

    /// A GeneralizedTime to the second: services write fractions (RFC 3161 §2.4.2), certificates may not.
    private static func seconds(_ text: [UInt8]) -> Int64? {
        guard text.last == UInt8(ascii: "Z") else { return nil }
        var whole = text.dropLast()
        if let point = whole.firstIndex(of: UInt8(ascii: ".")) {
            let fraction = whole[(point + 1)...]
            guard !fraction.isEmpty, fraction.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            whole = whole[..<point]
        }
        let element = DERWriter.element(DERReader.Tag.generalizedTime, Array(whole) + [UInt8(ascii: "Z")])
        var reader = DERReader(element.span)
        return try? CertificateTime.read(&reader, in: element.span)
    }

    /// The certificate of the only signer, if the token brings it.
    var signer: Certificate? {
        guard let list = PKCS7_get0_signers(pointer, nil, 0) else { return nil }
        defer { trustctl_sk_X509_free(list) }
        guard trustctl_sk_X509_num(list) == 1, let certificate = trustctl_sk_X509_value(list, 0) else { return nil }
        let length = i2d_X509(certificate, nil)
        guard length > 0 else { return nil }
        let der = [UInt8](unsafeUninitializedCapacity: Int(length)) { buffer, count in
            var target = buffer.baseAddress
            count = Int(i2d_X509(certificate, &target))
        }
        return try? Certificate(der: der)
    }
}
