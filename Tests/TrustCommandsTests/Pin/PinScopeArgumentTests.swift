import ContentTrust
import Testing

@testable import TrustCommands

@Suite struct PinScopeArgumentTests {
    @Test(arguments: [
        ("alpine", PinScope.repository("docker.io/library/alpine")),
        ("team/app", .repository("docker.io/team/app")),
        ("reg.io:5000/team/app", .repository("reg.io:5000/team/app")),
        ("reg.io/*", .prefix("reg.io")),
        ("localhost/*", .prefix("localhost")),
        ("localhost:5000/team/*", .prefix("localhost:5000/team")),
        ("team/*", .prefix("docker.io/team")),
        ("docker.io/*", .prefix("docker.io")),
        ("index.docker.io/*", .prefix("docker.io")),
        ("local/0b7c3f80-9a53-4c7e-8f58-3b0a2f9d3c11", .repository("local/0b7c3f80-9a53-4c7e-8f58-3b0a2f9d3c11")),
        ("local/app", .repository("docker.io/local/app")),
    ])
    func reads(text: String, scope: PinScope) throws {
        #expect(try PinScopeArgument.scope(parsing: text) == scope)
    }

    @Test(arguments: ["", "*", "/*", "a*", "reg.io/*/x", "reg.io/App/*", "reg.io/app:1", "oci:/x", "reg.io/team//*"])
    func refuses(text: String) {
        let error = #expect(throws: Refusal.self) { try PinScopeArgument.scope(parsing: text) }
        #expect(error?.reason == .usage)
    }
}
