import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// Pins are for one form of metadata, and say nothing of the other.
@Suite struct PinDialectTests {
    static let repository = "registry.example.com/team/app"
    static let id = KeyID(Digest.compute(over: [UInt8]().span))
    static let other = KeyID(Digest.compute(over: [UInt8](repeating: 1, count: 1).span))

    @Test func oneOfEachForARepository() async throws {
        let directory = try TemporaryDirectory()
        let pins = PinStore(directory: directory.file("trust"))
        let tuf = Pin(scope: .repository(Self.repository), anchor: .keys([Self.id], threshold: 1))
        let notary = Pin(
            scope: .repository(Self.repository),
            dialect: .notary,
            anchor: .keys([Self.other], threshold: 1)
        )
        for pin in [tuf, notary] {
            let isNew = try await pins.add(pin, replacing: false)
            #expect(isNew)
        }
        #expect(try pins.pin(for: Self.repository) == tuf)
        #expect(try pins.pin(for: Self.repository, dialect: .notary) == notary)
        #expect(tuf.anchorID != notary.anchorID)
        #expect(notary.command.hasSuffix("--root-key \(Self.other) --notary"))
        let isRemoved = try await pins.remove(.repository(Self.repository), dialect: .notary)
        #expect(isRemoved)
        #expect(try pins.list() == [tuf])
    }

    /// A longer scope of the other dialect does not hide a pin.
    @Test func scopesDoNotHideEachOther() async throws {
        let directory = try TemporaryDirectory()
        let pins = PinStore(directory: directory.file("trust"))
        let prefix = try #require(PinScope("registry.example.com/*"))
        let wide = Pin(scope: prefix, dialect: .notary, anchor: .keys([Self.id], threshold: 1))
        _ = try await pins.add(wide, replacing: false)
        _ = try await pins.add(
            Pin(scope: .repository(Self.repository), anchor: .keys([Self.other], threshold: 1)),
            replacing: false
        )
        #expect(try pins.pin(for: Self.repository, dialect: .notary) == wide)
        #expect(try pins.pin(for: "registry.example.com/other") == nil)
    }

    @Test func authoritiesLieBesideThePins() async throws {
        let directory = try TemporaryDirectory()
        let pins = PinStore(directory: directory.file("trust"))
        let pem = Array("-----BEGIN CERTIFICATE-----\n".utf8)
        let pin = Pin(scope: .repository(Self.repository), dialect: .notary, anchor: .authorities(pem: pem))
        _ = try await pins.add(pin, replacing: false)
        #expect(try pins.list() == [pin])
        #expect(pin.command.hasSuffix("--ca FILE --notary"))
        let name = "\(Digest.compute(.sha256, over: pem.span).hex).pem"
        try Files.write(Array("other".utf8), to: directory.file("trust/roots/\(name)"))
        #expect(throws: PinStoreError.damaged(path: directory.file("trust/roots/\(name)"), field: "its digest")) {
            try pins.list()
        }
    }

    @Test(arguments: ["cosign", "", "TUF"])
    func dialectsOfLaterPrograms(name: String) async throws {
        let directory = try TemporaryDirectory()
        let file = try directory.makeDirectory("trust") + "/pins.json"
        let text = """
            {"version": 1, "pins": [{"scope": "a.example/b", "dialect": "\(name)", "rootKeys": ["\(Self.id)"], "threshold": 1}]}
            """
        try Files.write(Array(text.utf8), to: file)
        try Files.setMode(file, 0o600)
        #expect(throws: PinStoreError.damaged(path: file, field: "a.example/b: dialect")) {
            try PinStore(directory: directory.file("trust")).list()
        }
    }
}
