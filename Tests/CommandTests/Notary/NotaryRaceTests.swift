import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// Answers that are lost, and publishers who are not alone.
@Suite(.timeLimit(.minutes(4))) struct NotaryRaceTests {
    @Test func publishingAgainAfterALostAnswerChangesNothingTwice() async throws {
        try await NotaryWorld.with(fronted: true) { world in
            let front = try #require(world.front)
            let image = try await world.push("1.0")
            try await world.initialize()
            let sign = ["sign", "image", world.reference("1.0"), "--json"]

            front.answer("/", method: "POST", with: .lost)
            let lost = try await world.succeed(world.publisher, sign).object
            front.answer("/", method: "POST", with: nil)
            #expect(lost["changed"] == true)
            #expect(try await world.version(of: "targets") == 2)
            let again = try await world.succeed(world.publisher, sign).object
            #expect(again["changed"] == false)
            #expect(again["tags"]?.array?.first?["outcome"] == "unchanged")
            #expect(try await world.version(of: "targets") == 2)
            try await world.verify("1.0")
            #expect(try await world.tags(try world.notary()) == ["1.0": image.hex])
        }
    }

    /// Whoever answers in the server's place does not publish anything.
    @Test(arguments: ["page", "nothing"])
    func anAnswerIsNoProof(kind: String) async throws {
        try await NotaryWorld.with(fronted: true) { world in
            let front = try #require(world.front)
            let image = try await world.signed()
            try await Skopeo(world.registry).copy("team/app:1.0", to: "team/app:2.0")
            front.answer("/", method: "POST", with: kind == "page" ? .page : .bytes([]))
            for command in [
                ["revoke", world.reference("1.0")],
                ["sign", "image", world.reference("2.0"), "--digest", image.digest],
                ["key", "rotate", world.repository, "--role", "targets", "--unsafe-unencrypted"],
            ] {
                try expect(try await world.run(world.publisher, command), Reason.badResponse.exitCode)
            }
            front.answer("/", method: "POST", with: nil)
            #expect(try await world.version(of: "targets") == 2)
            try await world.verify("1.0")
        }
    }

    /// The server took it, and cannot be asked whether it did.
    @Test func whatMayHaveBeenPublishedIsSaid() async throws {
        try await NotaryWorld.with(fronted: true) { world in
            let front = try #require(world.front)
            try await world.signed()
            front.answer("/", method: "POST", with: .lostForGood)
            let lost = try await world.run(world.publisher, ["revoke", world.reference("1.0")])
            try expect(lost, Reason.unreachable.exitCode)
            #expect(lost.errorText.contains("may have been published"), "\(lost)")
        }
    }

    /// The collection is there, and its keys are known: it can be gone on with.
    @Test func aFirstPublishWhoseAnswerIsLostCanBeGoneOnWith() async throws {
        try await NotaryWorld.with(fronted: true) { world in
            let front = try #require(world.front)
            let image = try await world.push("1.0")
            front.answer("/", method: "POST", with: .lost)
            try await world.publish("init", world.repository, "--unsafe-unencrypted")
            front.answer("/", method: "POST", with: nil)
            try await world.publish("sign", "image", world.reference("1.0"))
            try await world.verify("1.0", by: world.publisher)
            #expect(try await world.tags(try world.notary()) == ["1.0": image.hex])
            // Nothing was sent: the same command begins anew, with the keys that it had made.
            let other = try world.home("other")
            try await world.notary().succeed("delete", world.repository, "--remote")
            let make = ["init", world.repository, "--unsafe-unencrypted", "--json"]
            front.answer("/", method: "POST", with: .handler(Faults.close))
            try expect(try await world.run(other, make), Reason.unreachable.exitCode)
            front.answer("/", method: "POST", with: nil)
            let made = try await world.succeed(other, make).object
            #expect(made["createdKeys"] == [])
            #expect(try await other.run("key", "list", "--json").objects.count == 2)
            try await world.succeed(other, ["sign", "image", world.reference("1.0")])
        }
    }

    @Test func aRotationWhoseAnswerIsLostHappensOnce() async throws {
        try await NotaryWorld.with(fronted: true) { world in
            let front = try #require(world.front)
            try await world.signed()
            for roles in [["--role", "root"], ["--role", "targets"], ["--role", "timestamp"]] {
                let rotate = ["key", "rotate", world.repository, "--unsafe-unencrypted"] + roles
                front.answer("/", method: "POST", with: .lost)
                let before = try #require(try await world.version(of: "root"))
                try await world.succeed(world.publisher, rotate)
                front.answer("/", method: "POST", with: nil)
                #expect(try await world.version(of: "root") == before + 1)
                try await world.verify("1.0")
            }
            try await world.publish("sign", "image", world.reference("1.0"))
        }
    }

    @Test func twoPublishersAtOnceBothEndWell() async throws {
        try await NotaryWorld.with { world in
            let tags = (1...3).flatMap { ["a\($0)", "b\($0)"] }
            let image = try await world.push("a1")
            for tag in tags.dropFirst() { try await Skopeo(world.registry).copy("team/app:a1", to: "team/app:\(tag)") }
            try await world.initialize()
            let colleague = try world.copy(of: world.publisher, "colleague")
            for round in 1...3 {
                async let first = world.run(world.publisher, ["sign", "image", world.reference("a\(round)")])
                async let second = world.run(colleague, ["sign", "image", world.reference("b\(round)")])
                for output in try await [first, second] { try expect(output, 0) }
            }
            let all = Dictionary(uniqueKeysWithValues: tags.map { ($0, image.hex) })
            #expect(try await world.tags(world.consumer) == all)
            #expect(try await world.tags(try world.notary()) == all)
            // Each was published once.
            #expect(try await world.version(of: "targets") == 7)
        }
    }

    /// Two who begin the same collection: one of them does.
    @Test func oneOfTwoBegins() async throws {
        try await NotaryWorld.with { world in
            let other = try world.home("other")
            let make = ["init", world.repository, "--unsafe-unencrypted"]
            async let first = world.run(world.publisher, make)
            async let second = world.run(other, make)
            let outputs = try await [first, second]
            #expect(outputs.count { $0.exitCode == 0 } == 1, "\(outputs)")
            try await world.push("1.0")
            let winner = outputs[0].exitCode == 0 ? world.publisher : other
            try await world.succeed(winner, ["sign", "image", world.reference("1.0")])
            try await world.verify("1.0", by: winner)
        }
    }

    /// Another writes between reading and sending: the server says so, and the change is made of what is there by then.
    @Test func whoIsOvertakenReadsAgain() async throws {
        try await NotaryWorld.with(fronted: true) { world in
            let front = try #require(world.front)
            let image = try await world.push("1.0", "2.0")
            try await world.initialize()
            let notary = try world.notary()
            let version = #"{"errors":[{"code":"VERSION","message":"newer","detail":{}}]}"#
            front.answer("/", method: "POST", with: .status("400 Bad Request", text: version))
            let refused = try await world.run(world.publisher, ["sign", "image", world.reference("1.0")])
            try expect(refused, Reason.conflict.exitCode)
            #expect(front.exchanges.count { $0.method == "POST" && $0.status == 400 } == 8)
            front.answer("/", method: "POST", with: nil)
            try await world.publish("sign", "image", world.reference("1.0"))
            #expect(try await world.tags(notary) == ["1.0": image.hex])
        }
    }
}
