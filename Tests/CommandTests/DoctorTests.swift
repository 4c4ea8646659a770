import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// `trustctl doctor` on docker-registry: what it finds, what it exits with, and that what it suggests mends it.
@Suite(.timeLimit(.minutes(8))) struct DoctorTests {
    // MARK: Health and the exit status

    @Test func healthyTrustDataOfAPublisherAndAConsumer() async throws {
        try await World.with { world in
            try await world.signed()
            let publisher = try await Diagnosed(world.publisher, world.repository)
            #expect(publisher.reason == "trusted")
            #expect(publisher.problems == [])
            #expect(publisher.object["verified"] == true)
            #expect(publisher.object["files"] == ["checked": 4, "all": 4])
            #expect(publisher.object["tags"] == ["checked": 1, "all": 1])
            for role in ["root", "targets", "snapshot", "timestamp"] {
                let forecast = try #require(publisher.object["roles"]?[role])
                #expect(forecast["keysHere"] == 1)
                #expect(forecast["spareKeys"] == 0)
                #expect(forecast["keys"]?.array?.first?["encrypted"] == false)
            }
            // A consumer lacks nothing.
            let consumer = try await Diagnosed(world.consumer, world.repository)
            #expect(consumer.problems == [])
            #expect(try consumer.finding("no-keys-here")["severity"] == "note")
            #expect(!consumer.findings.contains { $0["code"] == "key-missing" })
            let text = try await world.consumer.run("doctor", world.repository, "--ignore", "no-spare-key")
            #expect(text.text.hasPrefix("\(world.repository): 1 note\n"), "\(text)")
            #expect(text.errorText == "")
        }
    }

    @Test func changesNothing() async throws {
        try await World.with { world in
            try await world.signed()
            // Nothing was seen by this one yet: a verification would remember it.
            func files() throws -> [String: [UInt8]] {
                var files: [String: [UInt8]] = [:]
                for root in [world.consumer.home, world.publisher.home, world.registry.tagsDirectory("team/app")] {
                    for name in try Files.tree(root) where !name.hasSuffix(".log") {
                        files["\(root)/\(name)"] = try Files.read("\(root)/\(name)")
                    }
                }
                return files
            }
            let before = try files()
            _ = try await Diagnosed(world.consumer, world.repository)
            _ = try await Diagnosed(world.publisher, world.repository)
            #expect(try files() == before)
        }
    }

    @Test func warningsCountWhenTheyAreToldTo() async throws {
        try await World.with { world in
            try await world.signed()
            let strict = try await Diagnosed(world.publisher, world.repository, "--fail-on", "warning")
            #expect(strict.reason == "warning")
            #expect(strict.object["exitCode"] == 40)
            let ignoring = try await Diagnosed(
                world.publisher,
                world.repository,
                "--fail-on",
                "warning",
                "--ignore",
                "no-spare-key",
                "--ignore",
                "key-unencrypted"
            )
            #expect(ignoring.reason == "trusted")
            let quiet = try await world.publisher.run("doctor", world.repository, "--quiet")
            #expect(quiet.exitCode == 0 && quiet.text == "" && quiet.errorText == "")
            let loud = try await world.publisher.run("doctor", world.repository, "--quiet", "--fail-on", "warning")
            #expect(loud.exitCode == 40)
            #expect(loud.text.contains("warning [no-spare-key]"))
            let wrong = try await world.publisher.run("doctor", world.repository, "--ignore", "no-spare-keys")
            #expect(wrong.exitCode == Reason.usage.exitCode)
        }
    }

    @Test func severalRepositoriesEndWithTheFirstError() async throws {
        try await World.with { world in
            try await world.signed()
            let other = "\(world.registry.address)/team/other"
            let output = try await world.publisher.run(
                "doctor",
                world.repository,
                other,
                "--json",
                "--fail-on",
                "warning"
            )
            #expect(output.exitCode == Reason.unsignedRepository.exitCode, "\(output)")
            let objects = try output.objects
            #expect(objects.map { $0["reason"]?.string } == ["warning", "unsigned-repository"])
            for object in objects { try Schema.check(object, "doctor") }
        }
    }

    // MARK: Expiry

    @Test(arguments: [(10, "role-expires-soon warning", Int32(0)), (15, "role-expired error", 13)])
    func expiry(daysAgo: Int64, problem: String, exitCode: Int32) async throws {
        try await World.with { world in
            try await world.signed(daysAgo: daysAgo)
            let consumer = try await Diagnosed(world.consumer, world.repository)
            #expect(consumer.problems == [problem], "\(consumer.output)")
            #expect(consumer.output.exitCode == exitCode)
            let code = String(problem.prefix { $0 != " " })
            let finding = try consumer.finding(code)
            #expect(finding["role"] == "timestamp")
            #expect(finding["at"] == consumer.object["roles"]?["timestamp"]?["expires"])
            #expect(finding["next"]?.string?.hasPrefix("where the timestamp key is: trustctl refresh ") == true)
            let publisher = try await Diagnosed(world.publisher, world.repository)
            #expect(try publisher.finding(code)["next"] == publisher.finding(code)["command"])
            try await publisher.mend(code, on: world.publisher)
            #expect(try await Diagnosed(world.consumer, world.repository).problems == [])
        }
    }

    @Test func theHorizonIsChosen() async throws {
        try await World.with { world in
            try await world.signed(daysAgo: 10)
            #expect(try await Diagnosed(world.consumer, world.repository, "--within", "2d").problems == [])
            let wide = try await Diagnosed(world.consumer, world.repository, "--within", "50y")
            // A long-lived role is not worth a warning while two thirds of its lifetime are to come.
            #expect(wide.problems == ["role-expires-soon warning"])
        }
    }

    // MARK: Keys

    @Test func keysThatAreMissingOrInDisorder() async throws {
        try await World.with { world in
            try await world.signed()
            let keys = "\(world.publisher.home)/keys"
            let healthy = try await Diagnosed(world.publisher, world.repository)
            func file(_ role: String) throws -> String {
                try #require(healthy.object["roles"]?[role]?["keys"]?.array?.first?["location"]?.string)
            }
            // Too wide, and put right by what is suggested.
            for path in [try file("timestamp"), keys] {
                try Files.setMode(path, path == keys ? 0o755 : 0o644)
                let wide = try await Diagnosed(world.publisher, world.repository)
                #expect(wide.problems.first == "key-file-unusable error", "\(wide.output)")
                #expect(wide.output.exitCode == Reason.storage.exitCode)
                #expect(!wide.findings.contains { $0["code"] == "no-keys-here" })
                try await wide.mend("key-file-unusable", on: world.publisher)
                #expect(try await Diagnosed(world.publisher, world.repository).problems == [])
            }
            try Files.write(Array("nonsense".utf8), to: "\(keys)/\(String(repeating: "0", count: 64)).key", mode: 0o600)
            let stray = try await Diagnosed(world.publisher, world.repository)
            #expect(stray.problems == ["key-file-unusable warning"])
            try Files.remove("\(keys)/\(String(repeating: "0", count: 64)).key")
            // The root key is not needed for publishing, nor is a medium that is not there.
            try Files.setMode(try file("root"), 0o644)
            let absent = try await Diagnosed(world.publisher, world.repository, "--key-store", "/nonexistent")
            #expect(absent.problems == ["key-file-unusable warning", "key-file-unusable warning"])
            try Files.setMode(try file("root"), 0o600)
            // One that signs tags needs all three; one that refreshes needs no more than it has.
            for role in ["timestamp", "snapshot"] {
                let path = try file(role)
                let bytes = try Files.read(path)
                try Files.remove(path)
                let missing = try await Diagnosed(world.publisher, world.repository)
                #expect(missing.problems == ["key-missing error"], "\(missing.output)")
                #expect(missing.output.exitCode == Reason.keyUnavailable.exitCode)
                let finding = try missing.finding("key-missing")
                #expect(finding["role"]?.string == role)
                #expect(finding["command"]?.string == "trustctl key rotate \(world.repository) --role \(role)")
                try Files.write(bytes, to: path, mode: 0o600)
            }
            for role in ["root", "targets", "snapshot"] { try Files.remove(try file(role)) }
            let refresher = try await Diagnosed(world.publisher, world.repository)
            #expect(refresher.problems == [])
            #expect(!refresher.findings.contains { $0["code"] == "root-key-online" })
        }
    }

    @Test func aKeyOnAnotherMediumCountsWhereItIsNamed() async throws {
        try await World.with { world in
            try await world.signed()
            let medium = try world.directory.makeDirectory("medium")
            try Files.setMode(medium, 0o700)
            let healthy = try await Diagnosed(world.publisher, world.repository)
            let path = try #require(
                healthy.object["roles"]?["timestamp"]?["keys"]?.array?.first?["location"]?.string
            )
            try Files.write(
                try Files.read(path),
                to: "\(medium)/\(path.split(separator: "/").last ?? "")",
                mode: 0o600
            )
            try Files.remove(path)
            #expect(try await Diagnosed(world.publisher, world.repository).problems == ["key-missing error"])
            let named = try await Diagnosed(world.publisher, world.repository, "--key-store", medium)
            #expect(named.problems == [])
            #expect(
                try named.finding("root-key-online")["command"]?.string?.hasSuffix(" --key-store \(medium)") == true
            )
        }
    }

    @Test func aSpareRootKeyIsNoWarning() async throws {
        try await World.with { world in
            try await world.signed()
            let made = try await world.publisher.run("key", "generate", "--role", "root")
            try expect(made, 0)
            let proposal = world.directory.file("proposal.json")
            for arguments in [
                ["root", "propose", world.repository, "--out", proposal, "--add-key", "root=\(made.line)"],
                ["root", "sign", proposal, "--yes"], ["root", "apply", world.repository, proposal],
            ] {
                try expect(try await world.publisher.runAll(arguments), 0)
            }
            let spare = try await Diagnosed(world.publisher, world.repository)
            #expect(spare.object["roles"]?["root"]?["spareKeys"] == 1)
            #expect(!spare.findings.contains { $0["code"] == "no-spare-key" })
            #expect(try spare.finding("key-unencrypted")["role"] == "root")
        }
    }
}
