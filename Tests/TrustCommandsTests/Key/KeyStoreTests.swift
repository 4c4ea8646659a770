import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

@testable import TrustCommands

/// What the key store in a home does for the commands that sign.
@Suite struct KeyStoreTests {
    @Test func severalAtOnceMakeOneRootKey() async throws {
        let home = try TemporaryHome()
        await withTaskGroup(of: Transcript.self) { group in
            for number in 1...6 {
                group.addTask { await Self.initialize(number, home) }
            }
            for await made in group { #expect(made.status == 0, "\(made.errors)") }
        }
        let keys = try await run("key", "list", "--json", home: home).objects
        #expect(keys.count { $0["role"] == "root" } == 1)
        #expect(keys.count == 1 + 6 * 3)
    }

    @discardableResult
    private static func initialize(_ number: Int, _ home: TemporaryHome) async -> Transcript {
        await run("init", "oci:\(home.path)/layout-\(number)", "--unsafe-unencrypted", home: home)
    }
}
