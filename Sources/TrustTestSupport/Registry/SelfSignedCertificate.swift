public import TrustCrypto

/// An X.509 certificate for an ECDSA P-256 key, signed by that key; for tests that need one without starting a program.
public struct SelfSignedCertificate: Sendable {
    /// The certificate.
    public let der: [UInt8]

    /// Makes a certificate that is valid from 2020 to 2049.
    ///
    /// - Parameters:
    ///   - commonName: Subject and issuer.
    ///   - key: An ECDSA P-256 key.
    /// - Throws: `CryptoError`.
    public init(commonName: String, key: PrivateKey) async throws {
        let ecdsaWithSHA256 = DER.sequence([DER.element(0x06, [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02])])
        let nameType = DER.element(0x06, [0x55, 0x04, 0x03])
        let name = DER.sequence([
            DER.element(0x31, DER.sequence([nameType, DER.element(0x0c, Array(commonName.utf8))]))
        ])
        let validity = DER.sequence([
            DER.element(0x17, Array("200101000000Z".utf8)), DER.element(0x17, Array("490101000000Z".utf8)),
        ])
        // Version 1: no extensions, and so no version field.
        let body = DER.sequence([
            DER.element(0x02, [1]), ecdsaWithSHA256, name, validity, name, key.publicKey.spkiDER,
        ])
        let signature = try await key.sign(body)
        der = DER.sequence([body, ecdsaWithSHA256, DER.element(0x03, [0] + signature)])
    }

    /// The certificate as PEM.
    public var pem: String {
        var lines = ["-----BEGIN CERTIFICATE-----"]
        var rest = Substring(Base64.encode(der.span))
        while !rest.isEmpty {
            lines.append(String(rest.prefix(64)))
            rest = rest.dropFirst(64)
        }
        return (lines + ["-----END CERTIFICATE-----", ""]).joined(separator: "\n")
    }
}

/// The few pieces of DER that a certificate is made of.
enum DER {
    static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        var length: [UInt8] = []
        var rest = content.count
        while rest > 0 {
            length.insert(UInt8(rest & 0xff), at: 0)
            rest >>= 8
        }
        if content.count < 128 {
            return [tag, UInt8(content.count)] + content
        }
        return [tag, 0x80 | UInt8(length.count)] + length + content
    }

    static func sequence(_ elements: [[UInt8]]) -> [UInt8] {
        element(0x30, elements.flatMap(\.self))
    }

    /// The two numbers of an ECDSA signature as 32 bytes each, as JWS has them.
    static func rawECDSASignature(_ der: [UInt8]) -> [UInt8]? {
        var rest = der[...]
        guard rest.popFirst() == 0x30, rest.popFirst().map(Int.init) == rest.count else { return nil }
        var raw: [UInt8] = []
        for _ in 0..<2 {
            guard rest.popFirst() == 0x02, let count = rest.popFirst().map(Int.init), count <= rest.count else {
                return nil
            }
            let number = rest.prefix(count).drop { $0 == 0 }
            guard number.count <= 32 else { return nil }
            raw += [UInt8](repeating: 0, count: 32 - number.count) + number
            rest = rest.dropFirst(count)
        }
        return rest.isEmpty ? raw : nil
    }
}
