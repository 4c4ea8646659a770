import CanonicalJSON
import ContentTrust
import TUF
import Testing
import TrustTestSupport

/// Expiry, on a server that refuses what has expired and signs its own files anew.
@Suite(.timeLimit(.minutes(4))) struct NotaryFreshnessTests {
    private static let hour: Int64 = 3_600

    @Test func whatExpiresIsRefusedAndMendedByRefresh() async throws {
        try await NotaryWorld.with { world in
            try await world.push("1.0")
            try await world.initialize()
            let rotate = ["key", "rotate", world.repository, "--role", "snapshot", "--no-server-managed"]
            let short = ["--snapshot-expires", "1h", "--targets-expires", "1h"]
            try await world.succeed(world.publisher, rotate + ["--unsafe-unencrypted"])
            let signed = try await world.succeed(
                world.publisher,
                ["sign", "image", world.reference("1.0"), "--json"] + short
            )
            #expect(try signed.object["signedRoles"] == ["snapshot", "targets"])
            try await world.verify("1.0")
            let later = 2 * Self.hour
            #expect(try await world.refusal(at: later, in: try world.copy(of: world.consumer, "one")) == .expired)

            let refreshed = try await world.publish("refresh", world.repository, "--json").object
            try Schema.check(refreshed, "publish")
            #expect(refreshed["signedRoles"] == ["snapshot", "targets"])
            #expect(try await world.refusal(at: later, in: try world.copy(of: world.consumer, "two")) == nil)
            // And nothing more needs it.
            let again = try await world.publish("refresh", world.repository, "--json").object
            #expect(again["changed"] == false)
            try await world.verify("1.0")
            #expect(try await world.tags(try world.notary()).keys.sorted() == ["1.0"])
        }
    }

    /// Once a snapshot has expired that the server cannot sign, it gives out no timestamp either.
    @Test func aServerThatIsStuckIsMendedByRefresh() async throws {
        try await NotaryWorld.with { world in
            try await world.signed()
            let rotate = ["key", "rotate", world.repository, "--role", "snapshot", "--no-server-managed"]
            try await world.succeed(world.publisher, rotate + ["--unsafe-unencrypted"])
            try await world.verify("1.0")
            try await world.publishing(at: 0, lifetimes: LifetimeChoices([.snapshot: 4])) { publisher in
                _ = try await publisher.revoke(["1.0"], of: try world.subject, at: try world.place)
            }
            let deadline = ContinuousClock.now + .seconds(60)
            while (try? await world.file("timestamp.json")) != nil, ContinuousClock.now < deadline {}
            try await world.refuse("1.0", .unreachable)
            let refreshed = try await world.publish("refresh", world.repository, "--json").object
            #expect(refreshed["signedRoles"] == ["snapshot"])
            try await world.refuse("1.0", .unsignedTag)
            try await world.publish("sign", "image", world.reference("1.0"))
            try await world.verify("1.0")
            #expect(try await world.tags(try world.notary()).keys.sorted() == ["1.0"])
        }
    }

    /// What signers sign lives as long as the targets, and expires as they do.
    @Test func anExpiredSignerIsMendedByWhoHasTheKey() async throws {
        try await NotaryWorld.with { world in
            try await world.push("1.0")
            try await world.initialize()
            try await world.publish("signer", "add", world.repository, "alice", "--unsafe-unencrypted")
            try await world.publish("sign", "image", world.reference("1.0"), "--targets-expires", "1h")
            let later = 2 * Self.hour
            #expect(try await world.refusal(at: later, in: try world.copy(of: world.consumer, "early")) == .expired)
            let refreshed = try await world.publish("refresh", world.repository, "--json").object
            #expect(refreshed["signedRoles"] == ["targets/alice", "targets/releases"])
            #expect(try await world.refusal(at: later, in: try world.copy(of: world.consumer, "late")) == nil)
            try await world.verify("1.0")
        }
    }

    /// The server signs timestamps anew when they have expired, and only then: an old one that is held back is refused.
    @Test func aTimestampThatIsHeldBackExpires() async throws {
        try await NotaryWorld.with { world in
            try await world.signed()
            let days: Int64 = 86_400
            #expect(try await world.refusal(at: 13 * days, in: try world.copy(of: world.consumer, "a")) == nil)
            #expect(try await world.refusal(at: 15 * days, in: try world.copy(of: world.consumer, "b")) == .expired)
        }
    }

    /// What a server refuses is told in its own words, and nothing of it is remembered.
    @Test func aRefusedUpdateIsTold() async throws {
        try await NotaryWorld.with { world in
            try await world.push("1.0")
            let lifetimes = LifetimeChoices([.targets: 86_400])
            let early = -2 * 86_400 as Int64
            let made = try await world.publishing(at: early) { publisher in
                try await publisher.initialize(try world.subject, at: try world.place)
            }
            try expect(
                try await world.consumer.runAll(made.pin.command.split(separator: " ").dropFirst().map(String.init)),
                0
            )
            do {
                // For the server, whose clock is right, these targets have expired.
                try await world.publishing(at: early, lifetimes: lifetimes) { publisher in
                    _ = try await publisher.rotate(
                        KeyRotation(roles: [.targets]),
                        of: try world.subject,
                        at: try world.place
                    )
                }
                Issue.record("the server takes what has expired")
            } catch let error as Refusal {
                #expect(error.reason == .badResponse, "\(error)")
                #expect(error.found.contains("ErrBadTargets") && error.found.contains("expired"), "\(error)")
            }
            try await world.refuse("1.0", .unsignedTag)
            try await world.publish("sign", "image", world.reference("1.0"))
            try await world.verify("1.0")
        }
    }

    /// Certificates end too, whenever the root itself is signed anew. The same key gets a new one, and who has pinned the key
    /// follows.
    @Test func rootCertificatesThatEndAreReplaced() async throws {
        try await NotaryWorld.with { world in
            let image = try await world.push("1.0")
            let id = try await Self.initialize(world, ending: 100 * Self.day)
            let refreshed = try await world.succeed(world.publisher, ["refresh", world.repository, "--json"])
            let object = try refreshed.object
            try Schema.check(object, "publish")
            #expect(object["endingCertificates"]?.array?.map { $0["keyID"]?.string } == [id])
            #expect(refreshed.errorText.contains("key rotate \(world.repository) --role root --key \(id) --store"))
            let later = try world.copy(of: world.consumer, "later")
            #expect(try await world.refusal(at: 150 * Self.day, in: later) == .certificateExpired)

            try await world.publish("key", "rotate", world.repository, "--role", "root", "--key", id)
            let again = try await world.publish("refresh", world.repository, "--json").object
            #expect(again["endingCertificates"] == nil)
            try await world.publish("sign", "image", world.reference("1.0"))
            try await world.verify("1.0")
            #expect(try await world.tags(try world.notary()) == ["1.0": image.hex])
            #expect(try await world.tags(try world.docker()) == ["1.0": image.hex])
            // What expires next is the server's to renew.
            #expect(try await world.refusal(at: 150 * Self.day, in: world.consumer) == .expired)
        }
    }

    /// Notary's server cannot read its own root any more once the certificates have ended, and takes no other.
    @Test func rootCertificatesThatHaveEndedAreTold() async throws {
        try await NotaryWorld.with { world in
            try await world.push("1.0")
            let id = try await Self.initialize(world, ending: 20)
            try await Task.sleep(for: .seconds(21))
            try await world.refuse("1.0", .certificateExpired)
            let refreshed = try await world.run(world.publisher, ["refresh", world.repository])
            try expect(refreshed, Reason.certificateExpired.exitCode)
            let rotate = ["key", "rotate", world.repository, "--role", "root", "--key", id]
            let rotated = try await world.run(world.publisher, rotate)
            try expect(rotated, Reason.certificateExpired.exitCode)
            #expect(rotated.errorText.contains("takes no update after that"))
        }
    }

    private static let day: Int64 = 86_400

    /// Makes a collection whose root certificate ends soon, and lets the consumer pin its key.
    ///
    /// - Parameters:
    ///   - world: Where.
    ///   - seconds: How soon. A server takes no root that has ended already.
    /// - Returns: The id of the root key.
    /// - Throws: What keeps it from being made.
    private static func initialize(_ world: NotaryWorld, ending seconds: Int64) async throws -> String {
        let long = LifetimeChoices([.root: 7_300 * day, .targets: 7_300 * day])
        let pin = try await world.publishing(at: seconds - 3_650 * day, lifetimes: long) { publisher in
            try await publisher.initialize(try world.subject, at: try world.place).pin
        }
        let add = pin.command.split(separator: " ").dropFirst().map(String.init)
        try expect(try await world.consumer.runAll(add), 0)
        let keys = try await world.publisher.run("key", "list", "--json").objects
        return try #require(keys.first { $0["role"] == "root" }?["keyID"]?.string)
    }
}
