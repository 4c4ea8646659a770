import COpenSSL
import CTrustShims

/// An `X509`.
final class OpenSSLCertificate: @unchecked Sendable {
    // libcrypto guards what it computes of a certificate on first use with a lock; nothing here changes one.
    let pointer: OpaquePointer

    /// - Returns: Nil for what libcrypto does not read, or would write in another way.
    init?(_ der: [UInt8]) {
        let pointer: OpaquePointer? = OpenSSL.attempt {
            der.withUnsafeBufferPointer { buffer in
                var position = buffer.baseAddress
                guard let certificate = d2i_X509(nil, &position, buffer.count) else { return nil }
                guard position == buffer.baseAddress.map({ $0 + buffer.count }), Self.isDER(certificate, buffer) else {
                    X509_free(certificate)
                    return nil
                }
                return certificate
            }
        }
        guard let pointer else { return nil }
        self.pointer = pointer
    }

    deinit { X509_free(pointer) }

    /// Whether all extensions that libcrypto knows are well formed, and none is there twice.
    var hasSoundExtensions: Bool { flags & UInt32(EXFLAG_INVALID) == 0 }

    /// What basicConstraints say, whatever the key usage says.
    var isCA: Bool { flags & UInt32(EXFLAG_CA) != 0 }

    /// Whether extendedKeyUsage is absent, or lists server authentication or any usage.
    static func isForServers(_ certificate: OpaquePointer?) -> Bool {
        // All bits are set when the extension is absent.
        X509_get_extended_key_usage(certificate) & UInt32(XKU_SSL_SERVER | XKU_ANYEKU) != 0
    }

    /// The strength of the signature's hash function; 0 for a signature of a kind that libcrypto does not verify.
    var signatureStrength: Int {
        OpenSSL.attempt {
            var bits: CInt = 0
            var flags: UInt32 = 0
            guard X509_get_signature_info(pointer, nil, nil, &bits, &flags) == 1 else { return 0 }
            return Int(bits)
        }
    }

    /// The strength of the key; 0 for a key of a kind that libcrypto does not know.
    var keyStrength: Int {
        OpenSSL.attempt {
            guard let key = X509_get0_pubkey(pointer) else { return 0 }
            return Int(EVP_PKEY_get_security_bits(key))
        }
    }

    private var flags: UInt32 { OpenSSL.attempt { X509_get_extension_flags(pointer) } }

    private static func isDER(_ certificate: OpaquePointer, _ der: UnsafeBufferPointer<UInt8>) -> Bool {
        var written: UnsafeMutablePointer<UInt8>?
        let count = i2d_X509(certificate, &written)
        defer { trustctl_OPENSSL_free(written) }
        guard let written, Int(count) == der.count else { return false }
        return UnsafeBufferPointer(start: written, count: der.count).elementsEqual(der)
    }
}
