import OCI
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// What processes of a machine share, and what is let through by digests.
@Suite struct SharedStateTests {
    private typealias World = ImageVerifierTests.World
    private static let name = ImageVerifierTests.name

    /// A second process answers from what the first one has checked, and asks for what that does not say yes to.
    @Test func whatOneProcessHasCheckedIsGoodForAnother() async throws {
        let world = try await World()
        try await world.sign("1.0", "one")
        #expect(await (try world.verifier(world.pins)).decide(try ImageQuestion("\(Self.name):1.0")).isAdmitted)
        try await world.sign("2.0", "two")
        let another = try world.verifier(world.pins)
        #expect(await another.decide(try ImageQuestion("\(Self.name):2.0")).isAdmitted)
        try await runSuccessfully(Command("rm", ["-r", world.directory.file("trust-data")]))
        let third = try world.verifier(world.pins)
        #expect(await third.decide(try ImageQuestion("\(Self.name):2.0")).isAdmitted)
        #expect(await third.decide(try ImageQuestion("\(Self.name):3.0")).reason == .trustDataMissing)
        let strict = try world.verifier(world.pins) { $0.maximumAge = 0 }
        #expect(await strict.decide(try ImageQuestion("\(Self.name):2.0")).reason == .trustDataMissing)
        world.clock.advance(bySeconds: 61)
        #expect(
            await (try world.verifier(world.pins)).decide(try ImageQuestion("\(Self.name):2.0")).reason
                == .trustDataMissing
        )
    }

    @Test func stateThatOthersCanWriteIsNotBelieved() async throws {
        let world = try await World()
        try await world.sign("1.0", "one")
        let verifier = try world.verifier(world.pins)
        let question = try ImageQuestion("\(Self.name):1.0")
        #expect(await verifier.decide(question).isAdmitted)
        try Files.setMode(world.directory.file("consumer/trust"), 0o777)
        #expect(await (try world.verifier(world.pins)).decide(question).reason == .storage)
    }

    /// Names that have one rule have one past.
    @Test func anotherWayToWriteANameDoesNotMakeItUnknown() async throws {
        let world = try await World()
        try await world.sign("1.0", "one")
        #expect(await (try world.verifier(world.pins)).decide(try ImageQuestion("\(Self.name):1.0")).isAdmitted)
        let lenient = #"{"repositories": ["*"], "unsigned": "warn", "store": "dir:\#(world.directory.file("none"))"}"#
        for name in ["Registry.Example.com/team/app:1.0", "registry.example.com:443/team/app:1.0"] {
            let decision = await (try world.verifier(rules: lenient)).decide(try ImageQuestion(name))
            #expect(decision.reason == .trustDataMissing && decision.admission == nil, "\(name)")
        }
    }

    @Test func aDigestOfSeveralTagsNeedsTheSignersOfOne() async throws {
        let world = try await World()
        for signer in ["alice", "bob"] { try await world.add(signer: signer) }
        let digest = try await world.sign("1.0", "one")
        for signer in ["alice", "bob"] { try await world.sign("2.0", "one", as: signer) }
        let demand = #"\#(world.pins), "signers": {"names": ["alice", "bob"], "threshold": 2}"#
        let question = try ImageQuestion("\(Self.name)@\(digest)")
        guard case .trusted(let image) = await (try world.verifier(demand)).decide(question).verdict else {
            Issue.record("not trusted")
            return
        }
        #expect(image.tag == "2.0" && image.digest == digest)
        // Neither tag has three.
        let three = #"\#(world.pins), "signers": {"names": ["alice", "bob", "carol"], "threshold": 3}"#
        #expect(await (try world.verifier(three)).decide(question).reason == .policy)
    }

    @Test func onlyTheDigestThatIsLetThroughMayBePulled() async throws {
        let world = try await World()
        let digest = World.descriptor("unsigned").digest
        let none = world.directory.file("none")
        let rules = #"{"repositories": ["*"], "unsigned": {"digests": ["\#(digest)"]}, "store": "dir:\#(none)"}"#
        let verifier = try world.verifier(rules: rules, home: "stranger")
        let decision = await verifier.decide(try ImageQuestion("r.io/a:1@\(digest)"))
        #expect(decision.admission == .unsigned && decision.admittedDigest == digest)
        // What a tag is cannot be asked here, and another digest is none of them.
        #expect(await verifier.decide(try ImageQuestion("r.io/a:1")).admission == nil)
        let other = await verifier.decide(try ImageQuestion("r.io/a:1@\(World.descriptor("other").digest)"))
        #expect(other.admission == nil && other.admittedDigest == nil)
    }
}
