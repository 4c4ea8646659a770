import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// People and machines that sign with keys of their own.
@Suite(.timeLimit(.minutes(10))) struct SignerTests {
    /// A machine of a signer, which has nothing but the pin.
    private static func machine(_ name: String, in world: World, _ made: JSONValue) async throws -> Trustctl {
        let machine = try world.publisher.withHome(world.directory, name)
        try await world.pin(made, in: machine)
        return machine
    }

    private static func request(
        _ machine: Trustctl,
        _ name: String,
        _ options: [String],
        in world: World
    ) async throws -> JSONValue {
        let output = try await machine.runAll(
            ["signer", "request", world.repository, name, "--unsafe-unencrypted", "--json"] + options
        )
        try expect(output, 0)
        let object = try output.object
        try Schema.check(object, "signer")
        return object
    }

    /// Signs a tag, and tells what was printed.
    private static func sign(
        _ machine: Trustctl,
        _ tag: String,
        as name: String,
        in world: World
    ) async throws -> JSONValue {
        let output = try await machine.run("sign", "image", world.reference(tag), "--signer", name, "--json")
        try expect(output, 0)
        let object = try output.object
        try Schema.check(object, "publish")
        return object
    }

    private static func list(_ machine: Trustctl, in world: World) async throws -> JSONValue {
        let output = try await machine.run("signer", "list", world.repository, "--json")
        try expect(output, 0)
        let object = try output.object
        try Schema.check(object, "signer")
        return object
    }

    /// The signer has the own key alone; the publisher lets the change in with cron's keys.
    @Test func aSignerHasTheOwnKeyAlone() async throws {
        try await World.with { world in
            for tag in ["v1", "x"] { try await world.push(tag, tag) }
            let made = try await world.initialize()
            try await world.pin(made)
            let alice = try await Self.machine("alice", in: world, made)
            let file = world.directory.file("alice.json")
            let asked = try await Self.request(alice, "alice", ["--out", file], in: world)
            let key = try #require(asked["keyIDs"]?.array?.first?.string)
            // What is there is not overwritten.
            try expect(
                try await alice.run("signer", "request", world.repository, "alice", "--out", file),
                Reason.usage.exitCode
            )
            let add = ["signer", "add", world.repository, "alice", "--request", file]
            try expect(try await world.publisher.runAll(add), Reason.usage.exitCode)
            let added = try await world.publisher.runAll(add + ["--tag", "v*", "--json"])
            try expect(added, 0)
            try Schema.check(try added.object, "publish")

            let waiting = try await Self.sign(alice, "v1", as: "alice", in: world)
            #expect(waiting["waiting"]?["isComplete"] == true && waiting["waiting"]?["signed"] == [.string(key)])
            let plain = try await alice.run("sign", "image", world.reference("v1"), "--signer", "alice")
            try expect(plain, 0)
            #expect(plain.text == "" && plain.errorText.contains("trustctl refresh"))
            try expect(
                try await alice.run("sign", "image", world.reference("x"), "--signer", "alice"),
                Reason.usage.exitCode
            )
            try expect(try await world.consumer.run("verify", world.reference("v1")), Reason.unsignedTag.exitCode)
            let seen = try await Self.list(world.consumer, in: world)
            #expect(seen["waiting"]?.array?.count == 1 && seen["signers"]?.array?.first?["tagCount"] == 0)

            let doctor = try await world.publisher.run("doctor", world.repository, "--fail-on", "warning", "--json")
            #expect(doctor.exitCode == Reason.warning.exitCode, "\(doctor)")
            try Schema.check(try doctor.object, "doctor")
            #expect(doctor.text.contains("change-waiting"))
            let refreshed = try await world.publisher.run("refresh", world.repository, "--json")
            try expect(refreshed, 0)
            try Schema.check(try refreshed.object, "publish")
            #expect(try refreshed.object["acceptedSigners"] == ["alice"])
            try expect(try await world.consumer.run("verify", world.reference("v1")), 0)
            let done = try await Self.list(world.consumer, in: world)
            #expect(done["waiting"] == [] && done["signers"]?.array?.first?["tagCount"] == 1)

            // A tag is taken out the same way.
            try expect(try await alice.run("revoke", world.reference("v1"), "--signer", "alice"), 0)
            try expect(try await world.publisher.run("refresh", world.repository), 0)
            try expect(try await world.consumer.run("verify", world.reference("v1")), Reason.unsignedTag.exitCode)
            try expect(
                try await alice.run("signer", "remove", world.repository, "alice"),
                Reason.keyUnavailable.exitCode
            )
            try expect(try await world.publisher.run("signer", "remove", world.repository, "alice"), 0)
            #expect(try await Self.list(world.consumer, in: world)["signers"] == [])
        }
    }

    /// Two of three people, each on an own machine.
    @Test func twoOfThreeSign() async throws {
        try await World.with { world in
            try await world.push("v1", "v1")
            let made = try await world.initialize()
            try await world.pin(made)
            let file = world.directory.file("team.json")
            var machines: [Trustctl] = []
            for (index, name) in ["one", "two", "three"].enumerated() {
                machines.append(try await Self.machine(name, in: world, made))
                let option = index == 0 ? "--out" : "--join"
                _ = try await Self.request(machines[index], "team", [option, file], in: world)
            }
            try expect(
                try await world.publisher.run(
                    "signer",
                    "add",
                    world.repository,
                    "team",
                    "--request",
                    file,
                    "--tag",
                    "*",
                    "--threshold",
                    "2"
                ),
                0
            )
            let first = try await Self.sign(machines[0], "v1", as: "team", in: world)
            #expect(first["waiting"]?["isComplete"] == false)
            try expect(try await world.publisher.run("refresh", world.repository), 0)
            try expect(try await world.consumer.run("verify", world.reference("v1")), Reason.unsignedTag.exitCode)
            let sign = ["signer", "sign", world.repository, "team"]
            // Nobody is there to be asked; who has signed cannot sign again.
            try expect(try await machines[1].runAll(sign), Reason.usage.exitCode)
            try expect(try await machines[0].runAll(sign + ["--yes"]), Reason.keyUnavailable.exitCode)
            let second = try await machines[1].runAll(sign + ["--yes", "--json"])
            try expect(second, 0)
            try Schema.check(try second.object, "publish")
            #expect(try second.object["waiting"]?["isComplete"] == true)
            #expect(second.errorText.contains("v1 becomes sha256:"))
            try expect(try await world.publisher.run("refresh", world.repository), 0)
            try expect(try await world.consumer.run("verify", world.reference("v1")), 0)
            let nothing = try await machines[2].runAll(sign + ["--yes"])
            try expect(nothing, Reason.usage.exitCode)
        }
    }

    /// A signer with the snapshot and timestamp keys publishes at once, also while others do.
    @Test func signersAndThePublisherAtOnce() async throws {
        try await World.with { world in
            let image = try await world.push("base", "base")
            let made = try await world.initialize()
            try await world.pin(made)
            for name in ["alice", "bob"] {
                try expect(
                    try await world.publisher.run(
                        "signer",
                        "add",
                        world.repository,
                        name,
                        "--tag",
                        "\(name)-*",
                        "--unsafe-unencrypted"
                    ),
                    0
                )
            }
            let count = 4
            for name in ["alice", "bob", "v"] { try await world.tag(image, "\(name)-[1-\(count)]") }
            // Each on a machine of its own, which has seen nothing of the others.
            var machines: [(name: String, signer: [String], trustctl: Trustctl)] = []
            for name in ["alice", "bob", "v"] {
                let home = world.directory.file("home-\(name)")
                try Files.copy(world.publisher.home, to: home)
                try Files.setMode(home, 0o700)
                var machine = world.publisher
                machine.home = home
                machine.environment["TRUSTCTL_HOME"] = home
                machines.append((name, name == "v" ? [] : ["--signer", name], machine))
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (name, signer, machine) in machines {
                    group.addTask {
                        for number in 1...count {
                            let reference = world.reference("\(name)-\(number)")
                            try expect(try await machine.runAll(["sign", "image", reference] + signer), 0)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let tags = try await world.consumer.run("list", world.repository, "--json").object["tags"]?.array ?? []
            #expect(tags.count == 3 * count, "\(tags.compactMap { $0["tag"]?.string })")
            for tag in tags {
                let name = tag["tag"]?.string?.split(separator: "-").first.map(String.init)
                #expect(tag["role"]?.string == (name == "v" ? "targets" : name))
            }
        }
    }

    /// Signers without the snapshot key at the same moment: no change is lost.
    @Test func manyChangesWait() async throws {
        try await World.with { world in
            let image = try await world.push("base", "base")
            let made = try await world.initialize()
            try await world.pin(made)
            let names = (1...6).map { "s\($0)" }
            var machines: [String: Trustctl] = [:]
            for name in names {
                try await world.tag(image, "\(name)-1")
                let machine = try await Self.machine(name, in: world, made)
                machines[name] = machine
                let file = world.directory.file("\(name).json")
                _ = try await Self.request(machine, name, ["--out", file], in: world)
                try expect(
                    try await world.publisher.run(
                        "signer",
                        "add",
                        world.repository,
                        name,
                        "--request",
                        file,
                        "--tag",
                        "\(name)-*"
                    ),
                    0
                )
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (name, machine) in machines {
                    group.addTask {
                        try expect(
                            try await machine.run("sign", "image", world.reference("\(name)-1"), "--signer", name),
                            0
                        )
                    }
                }
                try await group.waitForAll()
            }
            let refreshed = try await world.publisher.run("refresh", world.repository, "--json").object
            #expect(refreshed["acceptedSigners"]?.array?.compactMap(\.string).sorted() == names)
            let tags = try await world.consumer.run("list", world.repository, "--json").object["tags"]
            #expect(tags?.array?.count == names.count)
        }
    }

    /// docs/recovery.md, "A signer's key is lost or stolen".
    @Test func aSignersKeyIsLostOrStolen() async throws {
        try await World.with { world in
            for tag in ["v1", "v2"] { try await world.push(tag, tag) }
            let made = try await world.initialize()
            try await world.pin(made)
            let alice = try await Self.machine("alice", in: world, made)
            func ask(_ name: String, _ options: [String] = []) async throws -> String {
                let file = world.directory.file(name)
                _ = try await Self.request(alice, "alice", options + ["--out", file], in: world)
                return file
            }
            let add = ["signer", "add", world.repository, "alice", "--request"]
            let first = try await ask("first.json")
            try expect(try await world.publisher.runAll(add + [first, "--tag", "v*"]), 0)
            _ = try await Self.sign(alice, "v1", as: "alice", in: world)
            try expect(try await world.publisher.run("refresh", world.repository), 0)
            try expect(try await world.consumer.run("verify", world.reference("v1")), 0)

            // Lost: a new key signs what the old one had signed.
            let thief = try world.publisher.withHome(world.directory, "thief")
            try Files.remove(thief.home)
            try Files.copy(alice.home, to: thief.home)
            let second = try await ask("second.json", ["--key-type", "ed25519"])
            try expect(try await world.publisher.runAll(add + [second]), 0)
            try expect(try await world.consumer.run("verify", world.reference("v1")), 0)
            try expect(
                try await thief.run("sign", "image", world.reference("v2"), "--signer", "alice"),
                Reason.keyUnavailable.exitCode
            )

            // Stolen, with a change that waits.
            _ = try await Self.sign(alice, "v2", as: "alice", in: world)
            try expect(try await world.publisher.run("signer", "remove", world.repository, "alice"), 0)
            try expect(try await world.publisher.run("refresh", world.repository), 0)
            for tag in ["v1", "v2"] {
                try expect(try await world.consumer.run("verify", world.reference(tag)), Reason.unsignedTag.exitCode)
            }
            let third = try await ask("third.json", ["--key-type", "ecdsa-p256"])
            try expect(try await world.publisher.runAll(add + [third, "--tag", "v*"]), 0)
            try expect(try await world.publisher.run("refresh", world.repository), 0)
            try expect(try await world.consumer.run("verify", world.reference("v2")), Reason.unsignedTag.exitCode)
            _ = try await Self.sign(alice, "v1", as: "alice", in: world)
            try expect(try await world.publisher.run("refresh", world.repository), 0)
            try expect(try await world.consumer.run("verify", world.reference("v1")), 0)
            // No role whose keys the root lists.
            try expect(
                try await world.publisher.run("key", "rotate", world.repository, "--role", "alice"),
                Reason.usage.exitCode
            )
        }
    }

    @Test func whatIsWrongIsRefused() async throws {
        try await World.with { world in
            let made = try await world.initialize()
            let file = world.directory.file("alice.json")
            _ = try await Self.request(world.publisher, "alice", ["--out", file], in: world)
            let other = try world.directory.write(Array("{}".utf8), to: "other.json")
            let add = ["signer", "add", world.repository]
            for (arguments, reason) in [
                (add + ["targets", "--tag", "*"], Reason.usage), (add + ["bins-0", "--tag", "*"], .usage),
                (add + ["../x", "--tag", "*"], .usage), (add + ["", "--tag", "*"], .usage),
                (add + ["bob", "--request", file, "--tag", "*"], .usage),
                (add + ["alice", "--request", other, "--tag", "*"], .badSignature),
                (add + ["alice", "--request", file, "--tag", "*", "--threshold", "2"], .usage),
                (add + ["alice", "--request", file, "--tag", "*", "--before", "bob"], .usage),
                (["signer", "remove", world.repository, "bob"], .usage),
                (["signer", "sign", world.repository, "bob", "--yes"], .usage),
            ] {
                try expect(try await world.publisher.runAll(arguments), reason.exitCode)
            }
            // A request whose signature was not made by its key.
            let text = try String(decoding: Files.read(file), as: UTF8.self)
            let marker = try #require(text.firstRange(of: #"\"sig\":\""#))
            var broken = text
            broken.replaceSubrange(
                marker.upperBound..<broken.index(marker.upperBound, offsetBy: 8),
                with: "00000000"
            )
            let forged = try world.directory.write(Array(broken.utf8), to: "forged.json")
            try expect(
                try await world.publisher.runAll(add + ["alice", "--request", forged, "--tag", "*"]),
                Reason.badSignature.exitCode
            )
            // A request for another repository.
            let foreign = text.replacing(world.repository, with: "registry.example.com/x/y")
            let wrong = try world.directory.write(Array(foreign.utf8), to: "wrong.json")
            try expect(
                try await world.publisher.runAll(add + ["alice", "--request", wrong, "--tag", "*"]),
                Reason.badSignature.exitCode
            )
            _ = made
        }
    }
}
