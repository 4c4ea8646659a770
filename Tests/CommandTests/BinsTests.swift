import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// Repositories with so many tags that these lie in hash bins: more files than one manifest of a registry takes.
@Suite(.timeLimit(.minutes(8))) struct BinsTests {
    @Test func aLargeSetSurvivesTheGarbageCollector() async throws {
        try await World.with { world in
            let image = try await world.push("1.0")
            let made = try await world.initialize("--bins", "256")
            try await world.pin(made)
            try await world.sign("1.0")
            for round in 1...3 {
                try await world.registry.collectGarbage()
                let answer = try await world.consumer.run("verify", world.reference("1.0"))
                #expect(answer.text == "\(world.repository)@\(image.digest)\n", "\(answer)")
                let stranger = try world.stranger()
                try await world.pin(made, in: stranger)
                try expect(try await stranger.run("verify", world.reference("1.0")), 0)
                try await world.tag(image, "round-\(round)")
                let signed = try await world.publisher.run("sign", "image", world.reference("round-\(round)"), "--json")
                try expect(signed, 0)
                let object = try signed.object
                try Schema.check(object, "publish")
                #expect(object["bins"] == 256)
                #expect(object["signedRoles"]?.array?.count == 4)
            }
            try expect(try await world.publisher.run("refresh", world.repository), 0)
            try await world.registry.collectGarbage()
            try expect(try await world.consumer.run("verify", world.reference("round-3")), 0)
        }
    }

    @Test func rebins() async throws {
        try await World.with { world in
            let image = try await world.push("a")
            try await world.tag(image, "b-[1-9]")
            try await world.pin(try await world.initialize())
            let names = ["a"] + (1...9).map { "b-\($0)" }
            try expect(try await world.publisher.runAll(["sign", "image"] + names.map(world.reference)), 0)
            for bins in ["128", "4", "auto", "0"] {
                let answer = try await world.publisher.run("rebin", world.repository, "--bins", bins)
                try expect(answer, 0)
                #expect(answer.text == "\(world.repository) \(bins == "auto" ? "0" : bins)\n")
                try expect(try await world.consumer.runAll(["verify"] + names.map(world.reference)), 0)
                let listed = try await world.consumer.run("list", world.repository, "--json").object
                #expect(listed["tags"]?.array?.compactMap { $0["tag"]?.string } == names)
                let inspected = try await world.consumer.run("inspect", world.reference("a"), "--json")
                try Schema.check(try inspected.object, "inspect")
                #expect(try inspected.object["tagCount"] == (bins == "128" || bins == "4" ? .null : 10))
            }
            for wrong in ["3", "8192", "-2", "many"] {
                let answer = try await world.publisher.run("rebin", world.repository, "--bins=\(wrong)")
                try expect(answer, Reason.usage.exitCode)
            }
        }
    }

    /// Two publishers sign while one of them also changes the number of bins.
    @Test func publishersMeetWhileTagsAreSpreadAnew() async throws {
        try await World.with { world in
            let image = try await world.push("one")
            try await world.tag(image, "a-[1-12]")
            try await world.tag(image, "b-[1-12]")
            try await world.pin(try await world.initialize("--bins", "8"))
            let colleague = try world.colleague()
            var signed: [String] = []
            for round in 1...12 {
                let first = try await world.publisher.start("sign", "image", world.reference("a-\(round)"))
                let second = try await colleague.start("sign", "image", world.reference("b-\(round)"))
                let third =
                    round % 3 == 0
                    ? try await colleague.start("rebin", world.repository, "--bins", round % 2 == 0 ? "128" : "2") : nil
                for (tag, process) in [("a-\(round)", first), ("b-\(round)", second)] {
                    let ended = try await process.wait()
                    #expect(ended.exitCode == 0 || ended.exitCode == Reason.conflict.exitCode, "\(tag): \(ended)")
                    if ended.exitCode == 0 { signed.append(tag) }
                }
                if let ended = try await third?.wait() {
                    #expect(ended.exitCode == 0 || ended.exitCode == Reason.conflict.exitCode, "rebin: \(ended)")
                }
            }
            #expect(signed.count >= 12)
            try expect(try await world.consumer.runAll(["verify"] + signed.map(world.reference)), 0)
            let listed = try await world.consumer.run("list", world.repository, "--json").object
            let names = try #require(listed["tags"]?.array).compactMap { $0["tag"]?.string }
            #expect(Set(signed).subtracting(names) == [])
        }
    }
}
