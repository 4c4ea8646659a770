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

    /// Certificates end too. The same keys get new ones, and who has pinned the keys follows.
    @Test func rootCertificatesThatEndAreReplaced() async throws {
        try await NotaryWorld.with { world in
            try await world.signed()
            let years: Int64 = 366 * 86_400
            let early = try await world.refusal(at: 11 * years, in: try world.copy(of: world.consumer, "early"))
            #expect(early == .certificateExpired || early == .expired)
            #expect(try await world.refusal(at: 0, in: world.consumer) == nil)
        }
    }
}
