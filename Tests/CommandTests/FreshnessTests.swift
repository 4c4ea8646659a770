import CanonicalJSON
import ContentTrust
import OCI
import Testing
import TrustTestSupport

/// Old trust data: expired, rolled back, or staler than allowed.
@Suite(.timeLimit(.minutes(8))) struct FreshnessTests {
    @Test func anExpiredTimestampIsRefusedAndMendedByRefresh() async throws {
        try await World.with { world in
            let image = try await world.signed(daysAgo: 20)
            for arguments in [["verify", world.reference("1.0")], ["resolve", world.reference("1.0")]] {
                try await expectRefusal(world.consumer, arguments, .expired)
            }
            try await expectRefusal(world.consumer, ["list", world.repository], .expired, schema: "list")
            try await expectRefusal(world.consumer, ["inspect", world.repository], .expired, schema: "inspect")

            // The timestamp key alone is enough.
            for record in try await world.publisher.run("key", "list", "--json").objects
            where record["role"] != "timestamp" {
                let file = try #require(record["location"]?.string)
                try Files.remove(file)
            }
            let refreshed = try await world.publisher.run("refresh", world.repository, "--json")
            try expect(refreshed, 0)
            #expect(try refreshed.object["signedRoles"] == ["timestamp"])
            let answer = try await world.consumer.run("verify", world.reference("1.0"))
            #expect(answer.text == "\(world.repository)@\(image.digest)\n")
        }
    }

    @Test func refreshSaysByWhenItHasToBeRunAgain() async throws {
        try await World.with { world in
            try await world.initialize()
            let answer = try await world.publisher.run("refresh", world.repository, "--timestamp-expires", "2d")
            try expect(answer, 0)
            #expect(answer.text.hasPrefix("\(world.repository) 20"))
            let object = try await world.publisher.run("inspect", world.repository, "--json").object
            #expect(
                object["roles"]?["timestamp"]?["expires"]?.string.map { "\(world.repository) \($0)\n" } == answer.text
            )
        }
    }

    @Test func aRolledBackRegistryIsRefused() async throws {
        try await World.with { world in
            try await world.signed()
            let backup = try world.registry.backUp()
            try await world.push("2.0", "two")
            try await world.sign("2.0")
            try expect(try await world.consumer.run("verify", world.reference("2.0")), 0)
            try world.registry.restore(backup)
            try await world.registry.restart()
            try await expectRefusal(world.consumer, ["verify", world.reference("1.0")], .rollback)
            try await expectRefusal(world.consumer, ["verify", world.reference("2.0")], .rollback)
            // Through another store as well.
            let layout = world.directory.file("trust-only")
            try await runSuccessfully(
                Command(
                    "skopeo",
                    [
                        "--insecure-policy", "copy", "--src-tls-verify=false",
                        "docker://\(world.repository):trust-data", "oci:\(layout):trust-data",
                    ]
                )
            )
            try await expectRefusal(
                world.consumer,
                ["resolve", world.reference("1.0"), "--store", "oci:\(layout)"],
                .rollback
            )
            // The publisher remembers, and puts back what was lost.
            try expect(try await world.publisher.run("refresh", world.repository), 0)
            let resolved = try await world.consumer.run("resolve", world.reference("2.0"))
            try expect(resolved, 0)
        }
    }

    @Test func stalenessIsLimitedOnDemand() async throws {
        try await World.with { world in
            try await world.signed(daysAgo: 3)
            let verify = ["verify", world.reference("1.0"), "--max-staleness"]
            try expect(try await world.consumer.runAll(verify + ["4d"]), 0)
            try await expectRefusal(world.consumer, verify + ["36h"], .expired)
            try await expectRefusal(world.consumer, verify + ["2d", "--offline"], .expired)
            let wrong = try await world.consumer.runAll(verify + ["36"])
            try expect(wrong, 64)
        }
    }
}
