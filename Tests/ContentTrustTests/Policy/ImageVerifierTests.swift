import OCI
import OCIRegistry
import Synchronization
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// Decisions under policies, from memory and not, with trust data that a real publisher wrote.
@Suite struct ImageVerifierTests {
    static let name = "registry.example.com/team/app"

    struct World {
        let directory: TemporaryDirectory
        let clock = SimulatedClock()
        let signers = TestSigners()
        let publisher: Publisher
        let subject: Subject
        let location: StoreLocation
        let rootKey: KeyID

        init() async throws {
            let directory = try TemporaryDirectory()
            self.directory = directory
            subject = .registry(try RepositoryName(parsing: ImageVerifierTests.name))
            location = .directory(path: directory.file("trust-data"))
            let session = TrustSession(home: TrustHome(path: directory.file("publisher")), clock: clock) {
                (_) throws(RegistryError) in throw .cancelled
            }
            publisher = Publisher(session: session, signers: signers)
            let made = try await publisher.initialize(subject, at: location)
            guard case .keys(let ids, _) = made.pin.anchor, let id = ids.first else {
                throw FixtureError.missing("root keys in the pin")
            }
            rootKey = id
        }

        static func descriptor(_ text: String) -> Descriptor {
            let bytes = Array(text.utf8)
            return Descriptor(
                mediaType: .ociManifest,
                digest: Digest.compute(over: bytes.span),
                size: Int64(bytes.count)
            )
        }

        @discardableResult
        func sign(_ tag: String, _ text: String, as signer: String? = nil) async throws -> Digest {
            let image = ImageToSign(tag: tag, descriptor: Self.descriptor(text))
            if let signer {
                _ = try await publisher.sign([image], as: try RoleName(signer), of: subject, at: location)
            } else {
                _ = try await publisher.sign([image], of: subject, at: location)
            }
            return image.descriptor.digest
        }

        func add(signer name: String) async throws {
            let role = try RoleName(name)
            let key = try await signers.makeKey(for: role, repository: nil, algorithm: .ecdsaP256)
            let signer = try NewSigner(name: role, keys: [key], scope: .paths([PathPattern("*")]))
            _ = try await publisher.putSigner(signer, of: subject, at: location)
        }

        var pins: String { #""pins": [{"rootKeys": ["\#(rootKey)"]}]"# }

        /// A machine with a policy of one rule for the repository, or of other rules.
        func verifier(
            _ demands: String = "",
            rules: String? = nil,
            home: String = "consumer",
            _ change: (inout ImageVerifier.Options) -> Void = { _ in }
        ) throws -> ImageVerifier {
            let own =
                #"{"repositories": ["\#(ImageVerifierTests.name)"], "store": "dir:\#(directory.file("trust-data"))""#
            let rules = rules ?? "\(own)\(demands.isEmpty ? "" : ", \(demands)")}"
            let policy = try TrustPolicyTests.rules(rules)
            let session = TrustSession(
                home: TrustHome(path: directory.file(home)),
                clock: clock,
                policy: policy
            ) { (_) throws(RegistryError) in throw .cancelled }
            var options = ImageVerifier.Options()
            change(&options)
            return ImageVerifier(session: session, options: options)
        }
    }

    private static func question(_ tag: String = "1.0", digest: Digest? = nil) throws -> ImageQuestion {
        try ImageQuestion("\(name):\(tag)\(digest.map { "@\($0)" } ?? "")")
    }

    private static func ask(
        _ verifier: ImageVerifier,
        _ question: @autoclosure () throws -> ImageQuestion
    ) async throws -> Decision {
        await verifier.decide(try question())
    }

    // MARK: Demands

    @Test func aSignedTagIsTrustedByThePinsOfThePolicy() async throws {
        let world = try await World()
        let digest = try await world.sign("1.0", "one")
        let verifier = try world.verifier(world.pins)
        let image = try await verifier.verify("\(Self.name):1.0").get()
        #expect(image.reference == "\(Self.name)@\(digest)")
        #expect(try await Self.ask(verifier, try Self.question("2.0")).reason == .unsignedTag)
        #expect(try await Self.ask(verifier, try Self.question(digest: digest)).admission == .trusted)
        let other = World.descriptor("other").digest
        #expect(try await Self.ask(verifier, try Self.question(digest: other)).reason == .tagMoved)
        // A digest alone is what some tag is signed as.
        #expect(try await verifier.verify("\(Self.name)@\(digest)").get().tag == "1.0")
        #expect(try await Self.ask(verifier, try ImageQuestion("\(Self.name)@\(other)")).reason == .unsignedTag)
    }

    @Test func thePinsOfThisMachineDoNotCountBesideThem() async throws {
        let world = try await World()
        try await world.sign("1.0", "one")
        let home = TrustHome(path: world.directory.file("consumer"))
        let own = Pin(scope: .repository(Self.name), anchor: .keys([world.rootKey], threshold: 1))
        _ = try await home.pins.add(own, replacing: false)
        #expect(try await world.verifierWithoutPins().decide(try Self.question()).isAdmitted)
        let wrong = #""pins": [{"rootKeys": ["\#(TrustPolicyTests.key)"]}]"#
        guard case .refused(let refusal) = try await world.verifier(wrong).decide(try Self.question()).verdict else {
            Issue.record("trusted under a key that did not sign")
            return
        }
        #expect(refusal.reason == .wrongRoot)
        #expect(refusal.next?.contains(#""pins" of rule 1 (line 1) of the policy p.json"#) == true)
        let notary = #"{"repositories": ["*"], "pins": [{"dialect": "notary", "rootKeys": ["\#(world.rootKey)"]}]}"#
        #expect(try await (world.verifier(rules: notary)).decide(try Self.question()).isAdmitted == false)
    }

    /// Neither does what it would pin on first use.
    @Test func nothingIsTrustedOnFirstUseBesideThePinsOfAPolicy() async throws {
        let world = try await World()
        try await world.sign("1.0", "one")
        let policy = try TrustPolicyTests.rules(
            #"{"repositories": ["*"], "pins": [{"dialect": "notary", "rootKeys": ["\#(world.rootKey)"]}]}"#
        )
        let home = TrustHome(path: world.directory.file("first-use"))
        let session = TrustSession(home: home, clock: world.clock, policy: policy) {
            (_) throws(RegistryError) in throw .cancelled
        }
        var options = TrustVerifier.Options()
        options.trustOnFirstUse = true
        let refusal = await #expect(throws: Refusal.self) {
            try await TrustVerifier(session: session, options: options).trustData(of: world.subject, at: world.location)
        }
        #expect(refusal?.reason == .noPin)
        #expect(refusal?.next?.contains(#""pins" of rule 1"#) == true, "\(refusal?.next ?? "")")
        #expect(try home.pins.list().isEmpty)
    }

    @Test func whatNoRuleIsForIsRefused() async throws {
        let world = try await World()
        let verifier = try world.verifier(
            rules: #"{"repositories": ["r.io/*"]}, {"repositories": ["x.io/*"], "refuse": true}"#
        )
        let none = await verifier.decide(try Self.question())
        #expect(none.reason == .policy && none.rule == nil && !none.isAdmitted)
        let refused = await verifier.decide(try ImageQuestion("x.io/app:1"))
        #expect(refused.reason == .policy && refused.rule?.number == 2)
        // Nobody was asked: this machine could not.
        #expect(try await Self.ask(verifier, try ImageQuestion("r.io/app:1")).reason == .unreachable)
    }

    @Test func twoSignersOfThree() async throws {
        let world = try await World()
        for signer in ["alice", "bob", "carol"] { try await world.add(signer: signer) }
        let demand = #"\#(world.pins), "signers": {"names": ["alice", "bob", "carol"], "threshold": 2}"#
        func reason() async throws -> Reason {
            try await (world.verifier(demand)).decide(try Self.question()).reason
        }
        #expect(try await reason() == .unsignedTag)
        let digest = try await world.sign("1.0", "one", as: "alice")
        #expect(try await reason() == .policy)
        // Another digest would be a second word on the tag.
        let refusal = await #expect(throws: Refusal.self) { try await world.sign("1.0", "another", as: "bob") }
        #expect(refusal?.reason == .conflict)
        try await world.sign("1.0", "one", as: "carol")
        #expect(try await reason() == .trusted)
        #expect(try await (world.verifier(demand)).verify("\(Self.name):1.0").get().digest == digest)
    }

    @Test func oneKeyIsOneSigner() async throws {
        let world = try await World()
        try await world.add(signer: "alice")
        let alice = try RoleName("alice")
        let keys = try await world.publisher.signerOverview(of: world.subject, at: world.location).signers
            .first { $0.role.name == alice }?.keys
        let twin = try NewSigner(name: RoleName("twin"), keys: try #require(keys), scope: .paths([PathPattern("*")]))
        await world.signers.add(try #require(await world.signers.privateKey(of: alice)), for: try RoleName("twin"))
        _ = try await world.publisher.putSigner(twin, of: world.subject, at: world.location)
        for signer in ["alice", "twin"] { try await world.sign("1.0", "one", as: signer) }
        let demand = #"\#(world.pins), "signers": {"names": ["alice", "twin"], "threshold": 2}"#
        #expect(try await (world.verifier(demand)).decide(try Self.question()).reason == .policy)
    }

    @Test func whatIsUnsignedIsLetThroughOnlyWhereNothingWasKnown() async throws {
        let world = try await World()
        try await world.sign("1.0", "one")
        let lenient = #"{"repositories": ["*"], "unsigned": "warn", "store": "dir:\#(world.directory.file("none"))"}"#
        let stranger = try await (world.verifier(rules: lenient, home: "stranger")).decide(try Self.question())
        #expect(stranger.reason == .unsignedRepository && stranger.admission == .unsigned)
        // A machine that has seen trust data misses it.
        #expect(try await (world.verifier(world.pins)).decide(try Self.question()).isAdmitted)
        let other = try await (world.verifier(rules: lenient)).decide(try Self.question())
        #expect(other.reason == .trustDataMissing && other.admission == nil)
    }

    @Test func staleTrustDataIsRefused() async throws {
        let world = try await World()
        try await world.sign("1.0", "one")
        let verifier = try world.verifier(#"\#(world.pins), "maximumStaleness": "1h""#)
        #expect(try await Self.ask(verifier, try Self.question()).isAdmitted)
        world.clock.advance(bySeconds: 3601)
        #expect(try await Self.ask(verifier, try Self.question()).reason == .expired)
    }

    /// What is in memory is no staler than what is read.
    @Test func memoryDoesNotOutliveTheFreshness() async throws {
        let world = try await World()
        try await world.sign("1.0", "one")
        let verifier = try world.verifier(#"\#(world.pins), "maximumStaleness": "30s""#)
        let question = try Self.question()
        #expect(await verifier.decide(question).isAdmitted)
        world.clock.advance(bySeconds: 29)
        #expect(verifier.decisionInMemory(question) != nil)
        world.clock.advance(bySeconds: 2)
        #expect(verifier.decisionInMemory(question) == nil)
        #expect(await verifier.decide(question).reason == .expired)
    }

    // MARK: Memory

    @Test func answersFromMemoryHoldForAMinute() async throws {
        let world = try await World()
        let digest = try await world.sign("1.0", "one")
        let records = Mutex<[(Reason, Bool)]>([])
        let verifier = try world.verifier(world.pins) { options in
            options.audit = { record in records.withLock { $0.append((record.decision.reason, record.isFromMemory)) } }
        }
        let question = try Self.question()
        #expect(verifier.decisionInMemory(question) == nil)
        #expect(await verifier.decide(question).isAdmitted)
        guard case .trusted(let image) = verifier.decisionInMemory(question)?.verdict else {
            Issue.record("not in memory")
            return
        }
        #expect(image.digest == digest)
        // Whoever asks gets the same answer.
        var other = question
        other.requester = "kubelet"
        #expect(verifier.decisionInMemory(other) != nil)
        _ = try await world.publisher.revoke(["1.0"], of: world.subject, at: world.location)
        world.clock.advance(bySeconds: 59)
        #expect(await verifier.decide(question).isAdmitted)
        world.clock.advance(bySeconds: 2)
        #expect(verifier.decisionInMemory(question) == nil)
        #expect(await verifier.decide(question).reason == .unsignedTag)
        #expect(records.withLock { $0.map(\.1) } == [false, true, true, true, false])
    }

    @Test func aClockThatIsSetBackLeavesNothingInMemory() async throws {
        let world = try await World()
        try await world.sign("1.0", "one")
        let verifier = try world.verifier(world.pins)
        let question = try Self.question()
        _ = await verifier.decide(question)
        world.clock.advance(bySeconds: -10)
        #expect(verifier.decisionInMemory(question) == nil)
    }

    @Test func refusalsAreNotRemembered() async throws {
        let world = try await World()
        let verifier = try world.verifier(world.pins)
        #expect(try await Self.ask(verifier, try Self.question()).reason == .unsignedTag)
        try await world.sign("1.0", "one")
        world.clock.advance(bySeconds: 1)
        #expect(try await Self.ask(verifier, try Self.question()).isAdmitted)
    }
}

extension ImageVerifierTests.World {
    fileprivate func verifierWithoutPins() throws -> ImageVerifier { try verifier() }
}
