import COpenSSL

/// An `EVP_PKEY`, public or private. Private numbers are overwritten by libcrypto when it is freed.
final class OpenSSLKey: @unchecked Sendable {
    // An EVP_PKEY that nobody changes any more may be used by any number of threads at once; nothing here changes one.
    let pointer: OpaquePointer

    /// Takes over an `EVP_PKEY`.
    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit { EVP_PKEY_free(pointer) }

    /// A number of the key, unsigned, big-endian, without leading zeros. Public numbers only: nothing here is wiped.
    func publicNumber(_ name: StaticString) -> [UInt8]? {
        OpenSSL.attempt {
            var number: OpaquePointer?
            guard name.withCString({ EVP_PKEY_get_bn_param(pointer, $0, &number) }) == 1, let number else { return nil }
            defer { BN_free(number) }
            let capacity = (Int(BN_num_bits(number)) + 7) / 8
            return [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
                count = Int(BN_bn2bin(number, buffer.baseAddress))
            }
        }
    }

    /// PrivateKeyInfo (RFC 5958 §2) of a private key; what libcrypto holds meanwhile, it wipes.
    func pkcs8() -> SecretBytes? {
        OpenSSL.attempt {
            guard let info = EVP_PKEY2PKCS8(pointer) else { return nil }
            defer { PKCS8_PRIV_KEY_INFO_free(info) }
            let length = i2d_PKCS8_PRIV_KEY_INFO(info, nil)
            guard length > 0 else { return nil }
            return SecretBytes(count: Int(length)) { buffer in
                var target = buffer.baseAddress
                OpenSSL.require(i2d_PKCS8_PRIV_KEY_INFO(info, &target) == length)
            }
        }
    }

    /// A private key in the form of its own type: ECPrivateKey with curve and point (SEC 1), RSAPrivateKey (PKCS #1).
    func traditional() -> SecretBytes? {
        OpenSSL.attempt {
            let length = i2d_PrivateKey(pointer, nil)
            guard length > 0 else { return nil }
            return SecretBytes(count: Int(length)) { buffer in
                var target = buffer.baseAddress
                OpenSSL.require(i2d_PrivateKey(pointer, &target) == length)
            }
        }
    }

    func isValid(
        _ signature: Span<UInt8>,
        over message: Span<UInt8>,
        digest: OpenSSLDigest,
        padding: RSAPadding?,
        saltLength: CInt = RSAPadding.anySaltLength
    ) -> Bool {
        OpenSSL.attempt {
            let context = OpenSSL.require(EVP_MD_CTX_new())
            defer { EVP_MD_CTX_free(context) }
            var keyContext: OpaquePointer?
            guard EVP_DigestVerifyInit(context, &keyContext, digest.method, nil, pointer) == 1,
                padding.map({ $0.apply(to: keyContext, saltLength: saltLength) }) ?? true
            else { return false }
            return signature.withUnsafeBufferPointer { signature in
                message.withUnsafeBufferPointer { message in
                    EVP_DigestVerify(
                        context,
                        signature.baseAddress,
                        signature.count,
                        message.baseAddress,
                        message.count
                    ) == 1
                }
            }
        }
    }

    func sign(_ message: Span<UInt8>, digest: OpenSSLDigest, padding: RSAPadding?) throws(CryptoError) -> [UInt8] {
        let signature: [UInt8]? = OpenSSL.attempt {
            let context = OpenSSL.require(EVP_MD_CTX_new())
            defer { EVP_MD_CTX_free(context) }
            var keyContext: OpaquePointer?
            guard EVP_DigestSignInit(context, &keyContext, digest.method, nil, pointer) == 1,
                padding.map({ $0.apply(to: keyContext, saltLength: RSAPadding.writtenSaltLength) }) ?? true
            else { return nil }
            var length = Int(EVP_PKEY_get_size(pointer))
            var isSigned = false
            let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
                message.withUnsafeBufferPointer { message in
                    isSigned =
                        EVP_DigestSign(context, buffer.baseAddress, &length, message.baseAddress, message.count) == 1
                }
                count = isSigned ? length : 0
            }
            return isSigned ? bytes : nil
        }
        guard let signature else { throw .signingFailed }
        return signature
    }
}

/// Padding of RSA signatures (RFC 8017 §8).
enum RSAPadding {
    case pss
    case pkcs1v15

    static let anySaltLength = RSA_PSS_SALTLEN_AUTO
    static let writtenSaltLength: CInt = 32

    func apply(to context: OpaquePointer?, saltLength: CInt) -> Bool {
        switch self {
        case .pss:
            EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1
                && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, saltLength) == 1
        case .pkcs1v15:
            EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1
        }
    }
}

extension StaticString {
    /// Lends the text as a C string.
    func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        body(UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self))
    }
}
