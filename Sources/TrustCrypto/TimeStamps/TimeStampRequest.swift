import COpenSSL

/// A question to a time stamping service (RFC 3161 §2.4.1): a digest, a nonce, and the wish for its certificates.
public struct TimeStampRequest: Sendable {
    /// What is to be stamped.
    public let digest: Digest
    private let nonce: UInt64

    /// The longest answer read, in bytes: a token and a few words.
    public static let maximumResponseLength = TimeStampToken.maximumLength + 4096
    /// The media type of a question (RFC 3161 §3.4).
    public static let mediaType = "application/timestamp-query"
    /// The media type of an answer.
    public static let responseMediaType = "application/timestamp-reply"

    /// A question with a new nonce, so that no earlier answer fits it.
    ///
    /// - Parameter digest: What is to be stamped: a SHA-256.
    public init(_ digest: Digest) {
        precondition(digest.algorithm == .sha256)
        self.digest = digest
        // Positive, and never zero.
        nonce = SecureRandom.bytes(count: 8).reduce(0) { $0 << 8 | UInt64($1) } >> 1 | 1
    }

    /// The question in DER.
    public var der: [UInt8] {
        OpenSSL.attempt {
            let request = TimeStampQuery(digest, nonce: nonce)
            let length = i2d_TS_REQ(request.pointer, nil)
            OpenSSL.require(length > 0)
            return [UInt8](unsafeUninitializedCapacity: Int(length)) { buffer, count in
                var target = buffer.baseAddress
                count = Int(i2d_TS_REQ(request.pointer, &target))
            }
        }
    }

    /// Takes the service's answer.
    ///
    /// - Parameters:
    ///   - response: The answer, in DER.
    ///   - authorities: What is trusted to certify time stamping services.
    /// - Returns: The token, which holds by itself.
    /// - Throws: ``TimeStampError``.
    public func token(
        from response: [UInt8],
        trusting authorities: [Certificate]
    ) throws(TimeStampError) -> TimeStampToken {
        guard response.count <= Self.maximumResponseLength else { throw .limitExceeded }
        let token = try TimeStampToken(der: try Self.tokenDER(response))
        _ = try token.verify(digest, nonce: nonce, trusting: authorities)
        return token
    }

    private static func tokenDER(_ response: [UInt8]) throws(TimeStampError) -> [UInt8] {
        try OpenSSL.attempt { () throws(TimeStampError) in
            let answer: OpaquePointer? = response.withUnsafeBufferPointer { buffer in
                var position = buffer.baseAddress
                return d2i_TS_RESP(nil, &position, buffer.count)
            }
            guard let answer else { throw .malformed }
            defer { TS_RESP_free(answer) }
            let status = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(answer)))
            guard status == TS_STATUS_GRANTED || status == TS_STATUS_GRANTED_WITH_MODS else {
                throw .refused(status: status)
            }
            guard let token = TS_RESP_get_token(answer) else { throw .malformed }
            let length = i2d_PKCS7(token, nil)
            guard length > 0 else { throw .malformed }
            return [UInt8](unsafeUninitializedCapacity: Int(length)) { buffer, count in
                var target = buffer.baseAddress
                count = Int(i2d_PKCS7(token, &target))
            }
        }
    }
}

/// A `TS_REQ`: what is asked for, and what a token is compared with.
final class TimeStampQuery {
    let pointer: OpaquePointer

    init(_ digest: Digest, nonce: UInt64?) {
        pointer = OpenSSL.require(TS_REQ_new())
        OpenSSL.require(TS_REQ_set_version(pointer, 1) == 1)
        let imprint = OpenSSL.require(TS_MSG_IMPRINT_new())
        defer { TS_MSG_IMPRINT_free(imprint) }
        let algorithm = X509_ALGOR_new()
        defer { X509_ALGOR_free(algorithm) }
        OpenSSL.require(X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nil) == 1)
        OpenSSL.require(TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1)
        var bytes = digest.bytes
        OpenSSL.require(TS_MSG_IMPRINT_set_msg(imprint, &bytes, CInt(bytes.count)) == 1)
        OpenSSL.require(TS_REQ_set_msg_imprint(pointer, imprint) == 1)
        OpenSSL.require(TS_REQ_set_cert_req(pointer, 1) == 1)
        guard let nonce else { return }
        let number = ASN1_INTEGER_new()
        defer { ASN1_INTEGER_free(number) }
        OpenSSL.require(ASN1_INTEGER_set_uint64(number, nonce) == 1)
        OpenSSL.require(TS_REQ_set_nonce(pointer, number) == 1)
    }

    deinit { TS_REQ_free(pointer) }
}
