import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// Which pin counts for a repository.
@Suite struct PinScopeTests {
    @Test(arguments: [
        ("registry.example.com/team/app", "registry.example.com/team/app"),
        ("registry.example.com/team/app2", "registry.example.com/team/*"),
        ("registry.example.com/team/app/sub", "registry.example.com/team/*"),
        ("registry.example.com/teams", "registry.example.com/*"),
        ("registry.example.com", nil), ("registry.example.com.evil.test/team/app", nil),
    ])
    func theMostSpecificCounts(repository: String, scope: String?) async throws {
        try await TemporaryDirectory.with { directory in
            let pins = PinStore(directory: directory.file("trust"))
            let id = KeyID(Digest.compute(over: [UInt8]().span))
            for text in ["registry.example.com/*", "registry.example.com/team/app", "registry.example.com/team/*"] {
                let scope = try #require(PinScope(text))
                let isNew = try await pins.add(Pin(scope: scope, anchor: .keys([id], threshold: 1)), replacing: false)
                #expect(isNew)
            }
            let found = try pins.pin(for: repository)
            #expect(found?.scope.description == scope)
        }
    }

    @Test(arguments: ["", "*", "/*", "a*", "reg.io*", "a/*/b", "a b", "a\n", "a/b\u{7f}"])
    func noScopes(text: String) {
        #expect(PinScope(text) == nil)
    }
}
