import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// A server, or somebody on the way to it, that answers wrongly.
@Suite(.timeLimit(.minutes(4))) struct NotaryFaultTests {
    private static let absent = #"{"errors":[{"code":"METADATA_NOT_FOUND","message":"no","detail":{}}]}"#

    /// The same faults for one who has seen the collection and for one who knows no more than its pin.
    @Test func whatIsAnsweredWronglyIsRefused() async throws {
        try await NotaryWorld.with(fronted: true) { world in
            let front = try #require(world.front)
            try await world.signed()
            let fresh = try world.copy(of: world.consumer, "fresh")
            try await world.verify("1.0")
            try await world.push("2.0")
            try await world.publish("sign", "image", world.reference("2.0"))
            let timestamp = try await world.file("timestamp.json")
            let targets = try await world.file("targets.json")

            func refuse(
                _ end: String,
                _ fault: NotaryFront.Fault,
                _ reason: Reason,
                by homes: [Trustctl],
                sourceLocation: SourceLocation = #_sourceLocation
            ) async throws {
                front.answer(end, with: fault)
                for home in homes {
                    // What is refused leaves nothing behind.
                    let copy = try world.copy(of: home, "copy-\(front.exchanges.count)")
                    let output = try await world.run(copy, ["verify", world.reference("1.0")])
                    try expect(output, reason.exitCode, sourceLocation: sourceLocation)
                    #expect(output.errorText.contains("[\(reason.code)]"), sourceLocation: sourceLocation)
                    #expect(output.text == "", sourceLocation: sourceLocation)
                }
                front.answer(end, with: nil)
            }
            let both = [world.consumer, fresh]
            for end in ["/timestamp.json", ".json"] {
                try await refuse(end, .page, .badResponse, by: both)
                try await refuse(end, .status("404 Not Found", text: Self.absent), .trustDataMissing, by: both)
                try await refuse(end, .status("404 Not Found", text: "<html>"), .badResponse, by: both)
                try await refuse(end, .status("403 Forbidden"), .unauthorized, by: both)
                try await refuse(end, .handler(Faults.bytes("SSH-2.0-OpenSSH\r\n")), .badResponse, by: both)
            }
            try await refuse("/root.json", .page, .badResponse, by: [fresh])
            try await refuse("/timestamp.json", .bytes(Array(timestamp.prefix(100))), .badSignature, by: both)
            try await refuse("/timestamp.json", .bytes(Array(timestamp.dropLast())), .badSignature, by: both)
            try await refuse("/timestamp.json", .bytes([]), .badResponse, by: both)
            try await refuse("/timestamp.json", .bytes(targets), .badSignature, by: both)
            for part in ["snapshot", "targets"] {
                let listed = front.exchanges.last { $0.path.contains("/\(part).") }
                let name = String(try #require(listed?.path.split(separator: "/").last))
                try await refuse(name, .bytes(Array(targets.dropLast())), .badSignature, by: both)
            }
            try await world.verify("2.0")
        }
    }

    /// What cannot be asked may be there: retries, and an end to them.
    @Test func aServerThatFailsIsUnreachable() async throws {
        try await NotaryWorld.with(fronted: true) { world in
            let front = try #require(world.front)
            try await world.signed()
            front.answer(".json", with: .status("500 Internal Server Error", text: #"{"errors":[{"code":"UNKNOWN"}]}"#))
            let failing = try await world.run(world.consumer, ["verify", world.reference("1.0")])
            try expect(failing, Reason.unreachable.exitCode)
            front.answer(".json", with: nil)
            try await world.verify("1.0")
            await world.services.stop()
            await front.stop()
            let stopped = try await world.run(world.consumer, ["verify", world.reference("1.0")])
            try expect(stopped, Reason.unreachable.exitCode)
            try await world.succeed(world.consumer, ["verify", world.reference("1.0"), "--offline"])
        }
    }

    @Test func oldCopiesAreARollback() async throws {
        try await NotaryWorld.with(fronted: true) { world in
            let front = try #require(world.front)
            try await world.signed()
            let fresh = try world.copy(of: world.consumer, "fresh")
            try await world.push("2.0")
            try await world.publish("sign", "image", world.reference("2.0"))
            try await world.verify("2.0")
            front.answer("/timestamp.json", with: .version(2))
            try await world.refuse("1.0", .rollback)
            // Whoever has seen nothing cannot know.
            try await world.verify("1.0", by: fresh)
            try await world.refuse("2.0", .unsignedTag, by: fresh)
            front.answer("/timestamp.json", with: nil)
            try await world.verify("2.0", by: fresh)
            // A root that was walked past is a rollback as well, whoever signs by it.
            let rotate = ["key", "rotate", world.repository, "--role", "root", "--role", "timestamp"]
            try await world.succeed(world.publisher, rotate + ["--unsafe-unencrypted"])
            try await world.verify("2.0")
            for (end, version) in [("/root.json", 1), ("/timestamp.json", 3)] {
                front.answer(end, with: .version(version))
            }
            let output = try await world.run(world.consumer, ["verify", world.reference("2.0")])
            #expect(
                [Reason.rollback, .badSignature].map(\.exitCode).contains(output.exitCode ?? 0),
                "\(output)"
            )
        }
    }

    @Test func anotherCollectionsDataIsRefused() async throws {
        try await NotaryWorld.with(fronted: true) { world in
            let front = try #require(world.front)
            try await world.signed()
            try await world.verify("1.0")
            // The same publisher's, under the same root key.
            let other = "\(world.registry.address)/team/other"
            try await Skopeo(world.registry).copy("team/app:1.0", to: "team/other:1.0")
            try await world.publish("init", other, "--unsafe-unencrypted")
            try await world.publish("sign", "image", "\(other):1.0")
            let pins = try await world.consumer.run("pin", "list", "--json").object
            let id = try #require(pins["rootKeys"]?.array?.first?.string)
            let fresh = try world.home("fresh")
            try expect(
                try await fresh.runAll(["pin", "add", world.repository, "--notary", "--root-key", id]),
                0
            )
            front.answer(".json", with: .collection(other))
            let seen = try await world.run(world.consumer, ["verify", world.reference("1.0")])
            try expect(seen, Reason.wrongRepository.exitCode)
            let notSeen = try await world.run(fresh, ["verify", world.reference("1.0")])
            #expect(
                [Reason.wrongRepository, .badSignature, .wrongRoot].map(\.exitCode).contains(notSeen.exitCode ?? 0),
                "\(notSeen)"
            )
            front.answer(".json", with: nil)
            front.answer("/timestamp.json", with: .collection(other))
            try await world.refuse("1.0", .badSignature)
        }
    }

    /// Nothing is there, and nothing was ever known.
    @Test func nothingIsUnsigned() async throws {
        try await NotaryWorld.with { world in
            try await world.push("1.0")
            try await world.refuse("1.0", .unsignedRepository)
            let signed = try await world.run(world.publisher, ["sign", "image", world.reference("1.0")])
            try expect(signed, Reason.unsignedRepository.exitCode)
            // Names that the server does not take.
            var options = NotaryServices.Options()
            options.prefixes = ["registry.example/"]
            try await NotaryServices.with(options) { strict in
                let location = ["--store", "notary+\(strict.url)", "--ca-cert", strict.certificates.certificate]
                let make = ["init", world.repository, "--unsafe-unencrypted"]
                let made = try await world.publisher.runAll(make + location)
                #expect(made.exitCode != 0)
                #expect(made.errorText.contains("  found:    "), "\(made)")
            }
        }
    }
}
