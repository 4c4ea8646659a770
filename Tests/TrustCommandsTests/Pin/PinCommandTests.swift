import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

@testable import TrustCommands

@Suite struct PinCommandTests {
    private let first = String(repeating: "1a", count: 32)
    private let second = String(repeating: "2b", count: 32)

    @Test func addsListsAndRemoves() async throws {
        let home = try TemporaryHome()
        let added = await run("pin", "add", "reg.io/app", "--root-key", first, second, "--threshold", "1", home: home)
        #expect(added.status == 0)
        #expect(added.output == "")
        #expect(added.errors == "pinned reg.io/app: 1 of the root keys \(first) \(second)\n")

        let again = await run("pin", "add", "reg.io/app", "--root-key", second, first, "--threshold", "1", home: home)
        #expect(again.status == 0)
        #expect(again.errors.hasPrefix("already pinned"))

        let listed = await run("pin", "list", "--json", home: home)
        #expect(
            try listed.objects == [
                [
                    "reason": "trusted", "exitCode": 0, "scope": "reg.io/app", "threshold": 1, "allowsUnnamed": false,
                    "dialect": "tuf", "rootKeys": [.string(first), .string(second)],
                ]
            ]
        )

        let removed = await run("pin", "remove", "reg.io/app", home: home)
        #expect(removed.status == 0)
        #expect(await run("pin", "list", home: home).output == "")
    }

    @Test func anotherPinIsOnlyReplacedOnDemand() async throws {
        let home = try TemporaryHome()
        _ = await run("pin", "add", "reg.io/app", "--root-key", first, home: home)
        let refused = await run("pin", "add", "reg.io/app", "--root-key", second, home: home)
        #expect(refused.status == Reason.usage.exitCode)
        #expect(await run("pin", "list", home: home).output.contains(first))
        let replaced = await run("pin", "add", "reg.io/app", "--root-key", second, "--replace", home: home)
        #expect(replaced.status == 0)
        #expect(await run("pin", "list", home: home).output.contains(second))
    }

    @Test func removingOneThatIsNotThereRemovesNone() async throws {
        let home = try TemporaryHome()
        _ = await run("pin", "add", "reg.io/app", "--root-key", first, home: home)
        let refused = await run("pin", "remove", "reg.io/app", "reg.io/ap", home: home)
        #expect(refused.status == Reason.noPin.exitCode)
        #expect(await run("pin", "list", home: home).output.contains("reg.io/app"))
    }

    /// Whoever can write the pins says whom to trust; whoever can read them does no harm.
    @Test(
        arguments: [(0o620, false), (0o602, false), (0o666, false), (0o644, true), (0o400, true)] as [(UInt32, Bool)]
    )
    func pinsThatOthersCanWriteAreRefused(mode: UInt32, isAccepted: Bool) async throws {
        let home = try TemporaryHome()
        _ = await run("pin", "add", "reg.io/app", "--root-key", first, home: home)
        let file = "\(home.path)/trust/pins.json"
        try Files.setMode(file, mode)
        let listed = await run("pin", "list", home: home)
        #expect(listed.status == (isAccepted ? 0 : Reason.storage.exitCode))
        #expect(listed.errors.contains("chmod go-w \(file)") != isAccepted)
        #expect(listed.output.contains("reg.io/app") == isAccepted)
        let added = await run("pin", "add", "reg.io/other", "--root-key", second, home: home)
        #expect(added.status == (isAccepted ? 0 : Reason.storage.exitCode))
    }

    @Test(arguments: [
        ["reg.io/app"],
        ["reg.io/app", "--root-key", "abc"],
        ["reg.io/app", "--root-key", String(repeating: "g", count: 64)],
        ["reg.io/app", "--root-key", String(repeating: "1a", count: 32), "--threshold", "2"],
        ["reg.io/app", "--root-key", String(repeating: "1a", count: 32), "--threshold", "0"],
        ["reg.io/app", "--root", "/nonexistent/root.json"],
        ["reg.io/app", "--root", "/nonexistent/root.json", "--root-key", String(repeating: "1a", count: 32)],
        ["reg.io/*", "--root-key", String(repeating: "1a", count: 32), "--signed-as", "reg.io/b"],
        ["reg.io/a", "--root-key", String(repeating: "1a", count: 32), "--signed-as", "reg.io/*"],
        ["reg.io/a:1", "--root-key", String(repeating: "1a", count: 32)],
    ])
    func refusesWithUsage(arguments: [String]) async throws {
        let home = try TemporaryHome()
        let result = await runAll(["pin", "add"] + arguments + ["--json"], home: home)
        #expect(result.status == Reason.usage.exitCode)
        #expect(try result.objects.map { $0["reason"] } == ["usage"])
        #expect(await run("pin", "list", home: home).output == "")
    }
}
