import Testing
import TrustCrypto

@Suite struct CertificateNamesTests {
    static let gun = "registry.example/library/app"

    @Test(arguments: [
        (gun, true), ("registry.example/*", true), ("registry.example/library/app*", true), ("*", true), ("***", true),
        ("registry.example/lib***", true), ("registry.*/*", false), ("registry.example/other/*", false), ("", false),
        ("registry.example/library/ap", false), ("registry.example/library/app/", false),
        ("registry.example/library/apps*", false), ("registry.example/library/App", false), ("*app", false),
        ("*.example/*", false), ("registry.example/library/app\0", false),
    ])
    func covers(name: String, isCovered: Bool) {
        #expect(CertificateNames.covers(name, Self.gun) == isCovered)
    }

    /// Texts that look the same, and that Swift holds for equal, are two names.
    @Test func bytesAreCompared() {
        #expect("caf\u{E9}" == "cafe\u{301}")
        #expect(!CertificateNames.covers("caf\u{E9}", "cafe\u{301}"))
        #expect(!CertificateNames.covers("caf\u{E9}*", "cafe\u{301}/app"))
        #expect(CertificateNames.covers("cafe*", "cafe\u{301}"))
    }

    @Test func certificates() throws {
        let certificate = try CertificateVector.certificate()
        #expect(certificate.covers("example.com/app"))
        #expect(!certificate.covers("example.com/app2"))
    }
}
