import Testing
import TrustTestSupport

@testable import TrustCrypto

/// Texts of several certificates.
@Suite struct CertificateBundleTests {
    static let pem = CertificateVector.pemBytes

    @Test func leafThenCAs() async throws {
        let workshop = try CertificateWorkshop()
        try await workshop.makeCA("root")
        try await workshop.makeCA("middle", issuer: "root")
        try await workshop.make("leaf", issuer: "middle", .init())
        let (root, middle) = (try workshop.pem("root"), try workshop.pem("middle"))
        let leaf = try workshop.pem("leaf")
        let bundle = try CertificateBundle(pem: leaf + middle + root)
        #expect(bundle.leaf.commonName == "registry.example/app")
        #expect(bundle.intermediates.map(\.commonName) == ["middle", "root"])
        #expect(bundle.pem == String(decoding: leaf + middle + root, as: UTF8.self))
        let later = bundle.leaf.notAfter + 1
        #expect(bundle.keepingValidIntermediates(at: later) == bundle)
        #expect(bundle.keepingValidIntermediates(at: .max).pem == String(decoding: leaf, as: UTF8.self))
        for wrong in [middle + leaf, leaf + leaf, root, leaf + middle + leaf] {
            #expect(throws: CertificateError.leafNotFirst) { try CertificateBundle(pem: wrong) }
        }
        let most = [bundle.leaf] + [Certificate](repeating: bundle.intermediates[0], count: 15)
        #expect(try CertificateBundle(most).intermediates.count == 15)
        #expect(throws: CertificateError.limitExceeded) { try CertificateBundle(most + [most[1]]) }
        let text = most.flatMap { Array($0.pem.utf8) }
        #expect(try CertificateBundle(pem: text).pem == String(decoding: text, as: UTF8.self))
        #expect(throws: CertificateError.limitExceeded) { try CertificateBundle(pem: text + root) }
        #expect(throws: CertificateError.noCertificate) { try CertificateBundle([]) }
    }

    /// What is read leniently comes out in the one form that Go writes.
    @Test func textAroundAndLineEnds() throws {
        let text = CertificateVector.pem
        for same in ["x\n" + text + "y\n", text.replacing("\n", with: "\r\n"), String(text.dropLast())] {
            let bundle = try CertificateBundle(pem: Array(same.utf8))
            #expect(bundle.pem == text)
            #expect(bundle.pem != same)
        }
    }

    @Test func otherTexts() throws {
        let key = try Fixtures.bytes("keys/p256.pub.pem")
        let headers = CertificateVector.pem.replacing("CERTIFICATE-----\nM", with: "CERTIFICATE-----\na: b\n\nM")
        let cases: [([UInt8], CertificateError)] = [
            ([], .noCertificate),
            (Array("no certificate".utf8), .noCertificate),
            (Self.pem + key, .unexpectedBlock(label: "PUBLIC KEY")),
            (key + Self.pem, .unexpectedBlock(label: "PUBLIC KEY")),
            (Array(headers.utf8), .unexpectedBlock(label: "CERTIFICATE")),
            (
                Array(CertificateVector.pem.replacing("CERTIFICATE", with: "TRUSTED CERTIFICATE").utf8),
                .unexpectedBlock(label: "TRUSTED CERTIFICATE")
            ),
            (Array(Self.pem.dropLast(30)), .malformed),
            (Array(CertificateVector.pem.replacing("MIIB", with: "MII").utf8), .malformed),
            (Array("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8), .malformed),
            (Array("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n".utf8), .malformed),
            ([UInt8](repeating: 10, count: (1 << 20) + 1), .limitExceeded),
            ([UInt8](repeating: 10, count: 1 << 20), .noCertificate),
            (
                Array("-----BEGIN CERTIFICATE-----\n".utf8) + [UInt8](repeating: 65, count: 99_000)
                    + Array("\n-----END CERTIFICATE-----\n".utf8), .limitExceeded
            ),
        ]
        for (text, error) in cases {
            #expect(throws: error) { try CertificateBundle(pem: text) }
        }
    }

    @Test func firstCertificateOfAText() throws {
        let certificate = try CertificateVector.certificate()
        let key = try Fixtures.bytes("keys/p256.pub.pem")
        let broken = Array("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8)
        #expect(Certificate.first(inPEM: key + broken + Self.pem) == certificate)
        #expect(Certificate.first(inPEM: key) == nil)
        #expect(Certificate.first(inPEM: Array(Self.pem.dropLast(30))) == nil)
        #expect(Certificate.first(inPEM: [UInt8](repeating: 10, count: (1 << 20) + 1)) == nil)
    }
}
