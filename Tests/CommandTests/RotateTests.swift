import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// New keys for every role, interrupted at every point.
@Suite(.timeLimit(.minutes(20))) struct RotateTests {
    static func rotate(_ world: World, _ roles: String..., more: [String] = []) -> [String] {
        ["key", "rotate", world.repository, "--unsafe-unencrypted", "--json"] + roles.flatMap { ["--role", $0] } + more
    }

    static func privateKeys(_ home: Trustctl) async throws -> [String] {
        try await home.run("key", "list", "--json").objects.compactMap { $0["keyID"]?.string }
    }

    /// Another machine of the publisher, as it is now.
    private static func colleague(_ world: World, _ round: Int) throws -> Trustctl {
        var copy = world.publisher
        copy.home = world.directory.file("colleague-\(round)")
        try Files.copy(world.publisher.home, to: copy.home)
        try Files.setMode(copy.home, 0o700)
        copy.environment["TRUSTCTL_HOME"] = copy.home
        return copy
    }

    /// All roles at once; who has pinned the first root follows, who pins now pins the new one.
    @Test func everyRole() async throws {
        try await World.with { world in
            try await world.signed()
            let old = try await Self.privateKeys(world.publisher)
            let output = try await world.publisher.runAll(
                Self.rotate(world, "root", "targets", "snapshot", "timestamp")
            )
            try expect(output, 0)
            let object = try output.object
            try Schema.check(object, "rotate")
            #expect(object["signedRoles"]?.array?.count == 4)
            #expect(object["carriedTags"]?.array?.count == 1)
            #expect(object["oldKeys"]?.array?.compactMap { $0["kept"] } == [true, true, true, true])
            #expect(Set(try await Self.privateKeys(world.publisher)).isSuperset(of: old))
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
            let stranger = try world.stranger()
            try await world.pin(object, in: stranger)
            try expect(try await stranger.run("verify", world.reference("1.0")), 0)
            // The publisher's own pin is by the first root key, and it goes on.
            try await world.push("2.0")
            try await world.sign("2.0")
            try expect(try await world.consumer.run("verify", world.reference("2.0")), 0)
        }
    }

    /// A root key that another repository needs is not deleted, whatever is asked for.
    @Test func oldKeysAreDeletedWhereNothingNeedsThem() async throws {
        try await World.with { world in
            try await world.signed()
            let other = world.repository + "-other"
            try expect(try await world.publisher.run("init", other, "--unsafe-unencrypted"), 0)
            let before = try await Self.privateKeys(world.publisher)
            let output = try await world.publisher.runAll(
                Self.rotate(world, "root", "timestamp", more: ["--delete-old"])
            )
            try expect(output, 0)
            try Schema.check(try output.object, "rotate")
            let fates = try #require(try output.object["oldKeys"]?.array)
            #expect(fates.compactMap { $0["kept"] } == [true, false])
            #expect(fates.first?["usedBy"] == [.string(other)])
            let after = try await Self.privateKeys(world.publisher)
            #expect(Set(before).subtracting(after).count == 1)
            #expect(fates.last?["keyID"]?.string.map(after.contains) == false)
            try expect(try await world.publisher.run("refresh", other), 0)
            try expect(try await world.publisher.run("refresh", world.repository), 0)
        }
    }

    /// Without the root key it says what to hand to those who have it, and makes no key twice.
    @Test func theRootKeyIsElsewhere() async throws {
        try await World.with { world in
            try await world.signed()
            let root = try #require(
                try await world.publisher.run("key", "list", "--json").objects.first { $0["role"] == "root" }
            )
            let id = try #require(root["keyID"]?.string)
            let offline = world.directory.file("offline")
            try Files.copy(world.publisher.home, to: offline)
            try expect(try await world.publisher.run("key", "remove", id, "--yes"), 0)
            let refused = try await world.publisher.runAll(Self.rotate(world, "timestamp"))
            try expect(refused, Reason.keyUnavailable.exitCode)
            let count = try await Self.privateKeys(world.publisher).count
            try expect(
                try await world.publisher.runAll(Self.rotate(world, "timestamp")),
                Reason.keyUnavailable.exitCode
            )
            #expect(try await Self.privateKeys(world.publisher).count == count)
            let next = try #require(try refused.object["next"]?.string)
            let start = try #require(next.firstRange(of: "trustctl root propose").map(\.lowerBound))
            let command = next[start...]
            let file = world.directory.file("p.json")
            let words = command.split(separator: " ").dropFirst().map { $0 == "root-proposal.json" ? file : String($0) }
            try expect(try await world.publisher.runAll(words), 0)
            try expect(
                try await world.publisher.run("root", "sign", file, "--yes", "--key-store", "\(offline)/keys"),
                0
            )
            try expect(try await world.publisher.run("root", "apply", world.repository, file), 0)
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
            // With the medium at hand it is one command.
            try expect(
                try await world.publisher.runAll(
                    Self.rotate(world, "snapshot", more: ["--key-store", "\(offline)/keys"])
                ),
                0
            )
        }
    }

    @Test func whatIsNotMeantIsRefused() async throws {
        try await World.with { world in
            try await world.signed()
            for wrong in ["bob", "targets/alice"] {
                try expect(try await world.publisher.runAll(Self.rotate(world, wrong)), Reason.usage.exitCode)
            }
            let unknown = String(repeating: "0", count: 64)
            let stranger = try await world.publisher.runAll(
                Self.rotate(world, "targets", more: ["--replace", unknown])
            )
            try expect(stranger, Reason.usage.exitCode)
            #expect(stranger.description.contains("no key of the roles targets"))
            let made = try await world.publisher.run(
                "key",
                "generate",
                "--role",
                "targets",
                "--repository",
                world.repository,
                "--unsafe-unencrypted"
            )
            let id = made.text.split(separator: "\n").map(String.init).first ?? ""
            let output = try await world.publisher.runAll(Self.rotate(world, "targets", more: ["--key", id]))
            try expect(output, 0)
            #expect(try output.object["rotated"]?.array?.first?["added"] == [.string(id)])
            try expect(
                try await world.publisher.runAll(Self.rotate(world, "targets", more: ["--key", id])),
                Reason.usage.exitCode
            )
        }
    }

    /// Both would note down what they replace in the same place.
    @Test func onlyOneAtATimeOnAMachine() async throws {
        try await World.with { world in
            try await world.signed()
            try expect(try await world.publisher.runAll(Self.rotate(world, "timestamp")), 0)
            let folder = "\(world.publisher.home)/trust/rotations"
            let lock = try #require(try Files.names(in: folder).first { $0.hasSuffix(".lock") })
            let holder = try await RunningProcess.start(
                Command("flock", ["\(folder)/\(lock)", "sh", "-c", "echo held; cat"], input: .pipe)
            )
            try await holder.waitForOutput("held")
            let output = try await world.publisher.runAll(Self.rotate(world, "timestamp"))
            try expect(output, Reason.conflict.exitCode)
            holder.closeInput()
            _ = try await holder.wait()
            try expect(try await world.publisher.runAll(Self.rotate(world, "timestamp")), 0)
        }
    }

    /// Killed when the Nth request was answered, for every second N; then it is run again. Consumers verify at every stage, no
    /// key is lost before its time, and none is made twice.
    @Test(arguments: [1, 3, 5, 7])
    func killedAtManyRequests(first: Int) async throws {
        try await World.with(fronted: true) { world in
            try await world.signed()
            let front = try #require(world.front)
            let arguments = Self.rotate(world, "root", "targets", "timestamp", more: ["--delete-old"])
            var stop = first
            var isWhole = false
            while !isWhole {
                let before = Set(try await Self.privateKeys(world.publisher))
                let killer = Killer(at: stop)
                front.change { _, _ in killer.requestWasAnswered() }
                let process = try await RunningProcess.start(world.publisher.command(arguments))
                killer.victim(process)
                isWhole = try await process.wait().exitCode == 0
                front.change(nil)
                let between = Set(try await Self.privateKeys(world.publisher))
                try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
                if !isWhole { try expect(try await world.publisher.runAll(arguments), 0) }
                let after = Set(try await Self.privateKeys(world.publisher))
                // Three keys are new and three are gone, however often it was begun.
                #expect(after.subtracting(before).count == 3, "stopped at \(stop)")
                #expect(before.subtracting(after).count == 3, "stopped at \(stop)")
                #expect(between.isSuperset(of: before) || between.subtracting(before).count == 3)
                try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
                stop += 8
            }
            #expect(stop > 16)
        }
    }

    /// Whoever signs while another replaces the targets key is told the truth.
    @Test func anotherPublisherSignsMeanwhile() async throws {
        try await World.with { world in
            let image = try await world.push("one")
            try await world.tag(image, "a-[1-12]")
            let made = try await world.initialize()
            try await world.pin(made)
            var signed: [String] = []
            for round in 1...12 {
                let colleague = try Self.colleague(world, round)
                let first = try await RunningProcess.start(
                    world.publisher.command(Self.rotate(world, round % 2 == 0 ? "targets" : "snapshot"))
                )
                let second = try await colleague.start("sign", "image", world.reference("a-\(round)"))
                let rotated = try await first.wait()
                #expect(rotated.exitCode == 0 || rotated.exitCode == Reason.conflict.exitCode, "\(rotated)")
                let ended = try await second.wait()
                // The colleague does not have the new key.
                let allowed: [CInt] = [0, Reason.conflict.exitCode, Reason.keyUnavailable.exitCode]
                #expect(allowed.contains(ended.exitCode ?? -1), "\(ended)")
                if ended.exitCode == 0 { signed.append("a-\(round)") }
            }
            if !signed.isEmpty {
                try expect(try await world.consumer.runAll(["verify"] + signed.map(world.reference)), 0)
            }
        }
    }
}
