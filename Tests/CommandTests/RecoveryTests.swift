import CanonicalJSON
import ContentTrust
import TUF
import Testing
import TrustTestSupport

/// The procedures of docs/recovery.md, by their very commands.
@Suite(.timeLimit(.minutes(10))) struct RecoveryTests {
    /// Somebody with a copy of the publisher's home.
    struct Thief {
        let home: Trustctl

        init(_ world: World) throws {
            var copy = world.publisher
            copy.home = world.directory.file("thief")
            try Files.copy(world.publisher.home, to: copy.home)
            try Files.setMode(copy.home, 0o700)
            copy.environment["TRUSTCTL_HOME"] = copy.home
            home = copy
        }
    }

    /// A key that was lost: its file is gone.
    private static func lose(_ role: String, of world: World) async throws {
        for key in try await world.publisher.run("key", "list", "--json").objects where key["role"] == .string(role) {
            let id = try #require(key["keyID"]?.string)
            try expect(try await world.publisher.run("key", "remove", id, "--yes"), 0)
        }
    }

    private static func rotate(_ world: World, _ roles: [String]) async throws -> JSONValue {
        let output = try await world.publisher.runAll(
            ["key", "rotate", world.repository, "--unsafe-unencrypted", "--json"] + roles.flatMap { ["--role", $0] }
        )
        try expect(output, 0)
        return try output.object
    }

    /// One that saw the state before, and one that sees only what is there now.
    private static func expectTrusted(_ world: World, _ made: JSONValue, _ tags: [String]) async throws {
        let stranger = try world.stranger()
        try await world.pin(made, in: stranger)
        for home in [world.consumer, stranger] {
            try expect(try await home.runAll(["verify"] + tags.map(world.reference)), 0)
        }
    }

    private static func begin(_ world: World, _ tags: String...) async throws -> JSONValue {
        let made = try await world.initialize()
        for tag in tags {
            try await world.push(tag, tag)
            try await world.sign(tag)
        }
        try await world.pin(made)
        try expect(try await world.consumer.runAll(["verify"] + tags.map(world.reference)), 0)
        return made
    }

    @Test(arguments: ["timestamp", "snapshot", "targets"])
    func aKeyIsLost(role: String) async throws {
        try await World.with { world in
            let made = try await Self.begin(world, "1.0")
            try await Self.lose(role, of: world)
            try await world.push("2.0", "two")
            let refused = try await world.publisher.run("sign", "image", world.reference("2.0"))
            try expect(refused, Reason.keyUnavailable.exitCode)
            _ = try await Self.rotate(world, [role])
            try await world.sign("2.0")
            try await Self.expectTrusted(world, made, ["1.0", "2.0"])
        }
    }

    /// What the thief signed before is named, and can be taken out; what it signs afterwards counts for nothing, wherever
    /// it is put.
    @Test func onlineKeysAreStolen() async throws {
        try await World.with { world in
            let made = try await Self.begin(world, "1.0")
            let thief = try Thief(world).home
            try await world.push("evil", "evil")
            try expect(try await thief.run("sign", "image", world.reference("evil")), 0)
            try expect(try await world.consumer.run("verify", world.reference("evil")), 0)

            let backup = try world.registry.backUp()
            let report = try await Self.rotate(world, ["targets", "snapshot", "timestamp"])
            #expect(report["carriedTags"]?.array?.compactMap { $0["tag"]?.string } == ["1.0", "evil"])
            try expect(try await world.publisher.run("list", world.repository), 0)
            try expect(try await world.publisher.run("revoke", world.reference("evil")), 0)
            try await Self.expectTrusted(world, made, ["1.0"])
            try await expectRefusal(world.consumer, ["verify", world.reference("evil")], .unsignedTag)

            // An old state is put back, and the thief goes on from there with the old keys.
            try world.registry.restore(backup)
            try await world.push("worse", "worse")
            try expect(try await thief.run("sign", "image", world.reference("worse")), 0)
            let unseen = try await world.consumer.run("verify", world.reference("worse"))
            #expect(unseen.exitCode != 0, "\(unseen)")
            try expect(try await world.publisher.run("refresh", world.repository), 0)
            try await Self.expectTrusted(world, made, ["1.0"])
            for tag in ["evil", "worse"] {
                try await expectRefusal(world.consumer, ["verify", world.reference(tag)], .unsignedTag)
            }
            // With the new root before it, the thief has no key.
            try expect(
                try await thief.run("sign", "image", world.reference("worse")),
                Reason.keyUnavailable.exitCode
            )
        }
    }

    /// Whoever saw the highest version there is comes back when the keys are replaced; before, the publisher is told.
    @Test(arguments: [["timestamp"], ["snapshot", "timestamp"], ["targets", "snapshot", "timestamp"]])
    func fastForward(roles: [String]) async throws {
        try await World.with { world in
            let made = try await Self.begin(world, "1.0")
            try await world.fastForward(roles.map { try RoleName($0) })
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
            let stuck = try await world.publisher.run("refresh", world.repository)
            try expect(stuck, Reason.rollback.exitCode)
            #expect(stuck.errorText.contains("trustctl key rotate \(world.repository) --role"), "\(stuck)")
            if roles.count > 1 {
                let few = try await world.publisher.run(
                    "key",
                    "rotate",
                    world.repository,
                    "--role",
                    roles[0],
                    "--unsafe-unencrypted"
                )
                try expect(few, Reason.rollback.exitCode)
            }
            _ = try await Self.rotate(world, roles)
            try await Self.expectTrusted(world, made, ["1.0"])
            try await world.push("2.0", "two")
            try await world.sign("2.0")
            try expect(try await world.publisher.run("refresh", world.repository), 0)
            try await Self.expectTrusted(world, made, ["1.0", "2.0"])
            let inspected = try await world.consumer.run("inspect", world.repository, "--json").object
            #expect((inspected["roles"]?["timestamp"]?["version"]?.integer ?? .max) < 100)
        }
    }

    /// The root key is gone: a new root, which everybody pins.
    @Test(arguments: ["0", "4"])
    func rootKeysAreLost(bins: String) async throws {
        try await World.with { world in
            let made = try await world.initialize("--bins", bins)
            try await world.pin(made)
            try await world.push("1.0")
            try await world.sign("1.0")
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
            try await Self.lose("root", of: world)
            let refused = try await world.publisher.run(
                "key",
                "rotate",
                world.repository,
                "--role",
                "timestamp",
                "--unsafe-unencrypted"
            )
            try expect(refused, Reason.keyUnavailable.exitCode)
            let replace = ["init", world.repository, "--unsafe-replace-lost-root", "--unsafe-unencrypted", "--json"]
            // Nobody is there to be asked.
            try expect(try await world.publisher.runAll(replace), Reason.usage.exitCode)
            let output = try await world.publisher.runAll(replace + ["--yes"])
            try expect(output, 0)
            let new = try output.object
            try Schema.check(new, "init")
            #expect(new["carriedTags"] == ["1.0"])
            try await expectRefusal(world.consumer, ["verify", world.reference("1.0")], .wrongRoot)
            let command = try #require(new["pinCommand"]?.string).split(separator: " ").dropFirst().map(String.init)
            try expect(try await world.consumer.runAll(command + ["--replace"]), 0)
            try await Self.expectTrusted(world, new, ["1.0"])
            try await world.push("2.0", "two")
            try await world.sign("2.0")
            try await Self.expectTrusted(world, new, ["1.0", "2.0"])
        }
    }

    @Test func targetsAndSnapshotExpired() async throws {
        try await World.with { world in
            try await world.signed(daysAgo: 1096)
            try await expectRefusal(world.consumer, ["verify", world.reference("1.0")], .expired)
            try expect(try await world.publisher.run("refresh", world.repository), 0)
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
        }
    }

    @Test func theRootExpired() async throws {
        try await World.with { world in
            try await world.signed(daysAgo: 3651)
            try await expectRefusal(world.consumer, ["verify", world.reference("1.0")], .expired)
            let file = world.directory.file("proposal.json")
            try expect(try await world.publisher.run("root", "propose", world.repository, "--out", file), 0)
            try expect(try await world.publisher.run("root", "sign", file, "--yes"), 0)
            try expect(try await world.publisher.run("root", "apply", world.repository, file), 0)
            try expect(try await world.publisher.run("refresh", world.repository), 0)
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
        }
    }

    /// The publisher's machine remembers what the backup does not have.
    @Test func theRegistryIsRestoredFromABackup() async throws {
        try await World.with { world in
            let made = try await Self.begin(world, "1.0")
            let backup = try world.registry.backUp()
            try await world.push("2.0", "two")
            try await world.sign("2.0")
            try expect(try await world.consumer.run("verify", world.reference("2.0")), 0)
            try world.registry.restore(backup)
            try await expectRefusal(world.consumer, ["verify", world.reference("1.0")], .rollback)
            try expect(try await world.publisher.run("refresh", world.repository), 0)
            try await Self.expectTrusted(world, made, ["1.0"])
            try await world.push("2.0", "two")
            try await Self.expectTrusted(world, made, ["1.0", "2.0"])
        }
    }

    /// Bins that another publisher wrote are in no backup, and that publisher is gone, too.
    @Test func binsAreLostEverywhere() async throws {
        try await World.with { world in
            let made = try await world.initialize("--bins", "4")
            try await world.pin(made)
            let image = try await world.push("a-1")
            try await world.tag(image, "a-[2-9]")
            try await world.sign("a-1")
            let backup = try world.registry.backUp()
            let colleague = try world.colleague()
            let others = (2...9).map { world.reference("a-\($0)") }
            try expect(try await colleague.runAll(["sign", "image"] + others), 0)
            try expect(try await world.publisher.run("refresh", world.repository), 0)
            try world.registry.restore(backup)
            let refused = try await world.publisher.run("refresh", world.repository)
            try expect(refused, Reason.trustDataMissing.exitCode)
            #expect(refused.errorText.contains("--unsafe-accept-loss"), "\(refused)")
            let output = try await world.publisher.run(
                "refresh",
                "--unsafe-accept-loss",
                world.repository,
                "--json"
            )
            try expect(output, 0)
            let object = try output.object
            try Schema.check(object, "publish")
            #expect(object["lostRoles"]?.array?.isEmpty == false)
            let again = try await world.publisher.runAll(["sign", "image", world.reference("a-1")] + others)
            try expect(again, 0)
            try await Self.expectTrusted(world, made, (1...9).map { "a-\($0)" })
        }
    }
}
