import CanonicalJSON
import OCI
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// Changes of signers that wait: what names them, who may add to them, and what makes room for them.
@Suite struct SignerWaitingTests {
    typealias World = LocalStoreTests.World
    typealias Machine = SignerTests.Machine

    private static let place = "trust-data/waiting"

    /// A signer with a key on each of some machines.
    private static func team(_ count: Int, threshold: Int, in world: World, _ made: InitializeReport) async throws
        -> [Machine]
    {
        let team = try SignerTests.name("team")
        var machines: [Machine] = []
        var request: SignerRequest?
        for number in 0..<count {
            machines.append(try await Machine("machine\(number)", in: world, pin: made.pin))
            request = try await machines[number].request(team, joining: request)
        }
        let full = try #require(request)
        _ = try await SignerTests.put(
            NewSigner(
                name: team,
                keys: full.keys,
                threshold: threshold,
                scope: SignerTests.scope("*"),
                first: full.verified()
            ),
            in: world
        )
        return machines
    }

    private static func waiting(_ machine: Machine) async throws -> [WaitingChange] {
        try await machine.publisher.waitingChanges(of: machine.world.subject, at: machine.world.location)
    }

    private static func sign(_ change: WaitingChange, _ machine: Machine) async throws -> WaitingChange? {
        let report = try await machine.publisher.sign(change, of: machine.world.subject, at: machine.world.location)
        guard case .waiting(let change) = report else { return nil }
        return change
    }

    /// A file with signatures beside its own that no key made.
    private static func withJunk(_ file: [UInt8], _ number: Int) throws -> [UInt8] {
        let value = try JSONValue(parsing: file)
        let id = Digest.compute(over: Array("\(number)".utf8).span).hex
        let junk = JSONValue.object(["keyid": .string(id), "sig": "00"])
        let signatures = try #require(value["signatures"]?.array)
        return JSONValue.object(["signatures": .array(signatures + [junk]), "signed": try #require(value["signed"])])
            .jsonBytes(pretty: false)
    }

    /// Two people who sign the same change without knowing of each other.
    @Test func signaturesOfTheSameMomentAreJoined() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            try await world.image("v1", "v1")
            let machines = try await Self.team(3, threshold: 3, in: world, try await world.initialize())
            guard case .waiting(let seen) = try await machines[0].sign("v1", as: SignerTests.name("team")) else {
                Issue.record("published")
                return
            }
            #expect(try await Self.sign(seen, machines[1])?.signers.count == 2)
            let last = try #require(try await Self.sign(seen, machines[2]))
            #expect(last.signers.count == 3 && last.isComplete && last.identity == seen.identity)
            #expect(try await Self.waiting(machines[0]).count == 1)
            #expect(try await SignerTests.refresh(world).acceptedSigners.map(\.string) == ["team"])
        }
    }

    /// What follows a change follows it whoever has signed it by then.
    @Test func whatFollowsAChangeDoesNotDependOnItsSignatures() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            for tag in ["v1", "v2"] { try await world.image(tag, tag) }
            let machines = try await Self.team(2, threshold: 2, in: world, try await world.initialize())
            let team = try SignerTests.name("team")
            guard case .waiting(let first) = try await machines[0].sign("v1", as: team) else {
                Issue.record("published")
                return
            }
            _ = try await machines[0].sign("v2", as: team)
            #expect(try await Self.sign(first, machines[1])?.isComplete == true)
            #expect(try await SignerTests.refresh(world).acceptedSigners == [team])
            let second = try #require(try await Self.waiting(machines[1]).first)
            #expect(second.isCurrent && second.tags.keys.sorted() == ["v2"])
            #expect(try await Self.sign(second, machines[1])?.isComplete == true)
            #expect(try await SignerTests.refresh(world).acceptedSigners == [team])
            for tag in ["v1", "v2"] { #expect(LocalStoreTests.reason(await world.verify(tag)) == .trusted) }
        }
    }

    /// Two changes wait, and the other one comes in: nobody is told that theirs is published.
    @Test func theReportIsOfTheVeryChange() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            for tag in ["v1", "v2", "v3"] { try await world.image(tag, tag) }
            _ = try await world.initialize()
            let alice = try SignerTests.name("alice")
            try await SignerTests.addOwn(alice, SignerTests.scope("*"), in: world)
            await world.signers.withhold([.snapshot])
            guard case .waiting(let first) = try await SignerTests.sign("v1", as: alice, in: world) else {
                Issue.record("published")
                return
            }
            let publisher = world.publisher
            try await publisher.discard(first, of: world.subject, at: world.location)
            _ = try await SignerTests.sign("v2", as: alice, in: world)
            guard case .waiting(let last) = try await SignerTests.sign("v3", as: alice, in: world) else {
                Issue.record("published")
                return
            }
            let file = first.proposal.file
            try world.directory.write(file.bytes, to: "\(Self.place)/\(file.file.name)")
            await world.signers.withhold([])
            #expect(
                await SignerTests.refusal {
                    try await publisher.sign(first, of: world.subject, at: world.location)
                } == .conflict
            )
            #expect(try await SignerTests.role(of: "v1", in: world) == nil)
            #expect(try await SignerTests.role(of: "v3", in: world) == alice)
            #expect(last.version == 3)
        }
    }

    /// A lower threshold, or a request, lets in what was signed: which tags these are is told before and after.
    @Test func whatComesInWithASignerIsTold() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            let digest = try await world.image("v1", "v1")
            let machines = try await Self.team(2, threshold: 2, in: world, try await world.initialize())
            let team = try SignerTests.name("team")
            _ = try await machines[0].sign("v1", as: team)
            let present = try #require(
                try await world.publisher.signerOverview(of: world.subject, at: world.location).signers.first
            )
            func signer(threshold: Int) throws -> NewSigner {
                try NewSigner(
                    name: team,
                    keys: present.keys,
                    threshold: threshold,
                    scope: SignerTests.scope("*"),
                    replacing: present.role
                )
            }
            let publisher = world.publisher
            #expect(
                try await publisher.change(letInBy: signer(threshold: 2), of: world.subject, at: world.location) == nil
            )
            let lower = try signer(threshold: 1)
            let told = try await publisher.change(letInBy: lower, of: world.subject, at: world.location)
            #expect(told?.tags == ["v1": .signed(digest, before: nil)])
            let report = try await SignerTests.put(lower, in: world)
            #expect(report.acceptedChanges.map(\.tags) == [["v1": .signed(digest, before: nil)]])
            #expect(LocalStoreTests.reason(await world.verify("v1")) == .trusted)
            // Its request carries what it lists.
            let request = try await machines[0].request(team)
            let next = try NewSigner(
                name: team,
                keys: request.keys,
                scope: SignerTests.scope("*"),
                first: request.verified(),
                replacing: lower.role
            )
            #expect(try await publisher.change(letInBy: next, of: world.subject, at: world.location) == nil)
            #expect(try await SignerTests.put(next, in: world).acceptedChanges.map(\.tags) == [[:]])
        }
    }

    /// A change made when the signer might sign other tags: what it says of those counts for nothing, and that is said.
    @Test func tagsOutsideThePatternsAreTold() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            for tag in ["v1", "x1"] { try await world.image(tag, tag) }
            let machines = try await Self.team(1, threshold: 1, in: world, try await world.initialize())
            let team = try SignerTests.name("team")
            _ = try await machines[0].sign("v1", "x1", as: team)
            let overview = try await world.publisher.signerOverview(of: world.subject, at: world.location)
            let present = try #require(overview.signers.first)
            let narrow = try NewSigner(
                name: team,
                keys: present.keys,
                scope: SignerTests.scope("v*"),
                replacing: present.role
            )
            let told = try await world.publisher.change(letInBy: narrow, of: world.subject, at: world.location)
            #expect(told?.tags.keys.sorted() == ["v1"])
            #expect(try await Self.waiting(machines[0]).first?.uncountedTags == [])
            let saved = try HostileStoreTests.Saved(world.directory.file(Self.place), in: world, as: "waiting")
            try Files.remove(world.directory.file(Self.place))
            _ = try await SignerTests.put(narrow, in: world)
            try saved.putBack()
            let waiting = try #require(try await Self.waiting(machines[0]).first)
            #expect(waiting.tags.keys.sorted() == ["v1", "x1"] && waiting.uncountedTags == ["x1"])
        }
    }

    /// A record of another tool that says nothing usable: the tag, the role and what to do are named.
    @Test func aMalformedRecordIsNamed() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            try await world.image("v1", "v1")
            _ = try await world.initialize()
            let alice = try SignerTests.name("alice")
            try await SignerTests.addOwn(alice, SignerTests.scope("*"), in: world)
            let record = TargetRecord(length: 1, hashes: [Digest.compute(over: [UInt8]().span)], custom: [:])
            _ = try await world.publisher.publish(
                .signerTags(alice, [TargetPath("v1"): record]),
                subject: world.subject,
                location: world.location
            )
            let data = try await world.verifier().trustData(of: world.subject, at: world.location)
            let refusal = await #expect(throws: Refusal.self) { try await data.signedTags() }
            #expect(refusal?.reason == .badSignature)
            #expect(refusal?.checked.contains("the tag v1") == true && refusal?.found.contains("alice") == true)
            #expect(refusal?.next?.contains("revoke --signer alice") == true)
            _ = try await world.publisher.revoke(["v1"], as: alice, of: world.subject, at: world.location)
            let mended = try await world.verifier().trustData(of: world.subject, at: world.location)
            #expect(try await mended.signedTags().isEmpty)
        }
    }

    /// Somebody with the signer's key has signed the highest version there is: rotating other keys does not help, another name
    /// does.
    @Test(arguments: [true, false])
    func aSignerWithoutFurtherVersionsGoesOnUnderAnotherName(publishes: Bool) async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            for tag in ["v1", "v2"] { try await world.image(tag, tag) }
            _ = try await world.initialize()
            let (alice, bob) = (try SignerTests.name("alice"), try SignerTests.name("bob"))
            let key = try await world.signers.makeKey(for: alice, repository: nil, algorithm: .ed25519)
            let publicKey = try #require(key.publicKey)
            let signer = try #require(
                try await world.signers.signers(for: alice, keys: [publicKey], threshold: 1).first
            )
            let now = world.clock.now()
            var draft = RoleDraft(
                role: alice,
                version: CommonFields.maximumVersion,
                expires: now.advanced(bySeconds: 86_400),
                issued: now,
                repository: "registry.example.com/team/app"
            )
            draft.changeTargets([:])
            let request = try await SignerRequest(draft).joined(by: key, signer)
            let scope = SignerTests.scope("v*")
            let first = try NewSigner(name: alice, keys: [key], scope: scope, first: request.verified())
            _ = try await SignerTests.put(first, in: world)
            if !publishes { await world.signers.withhold([.snapshot]) }
            let refusal = await #expect(throws: Refusal.self) {
                try await SignerTests.sign("v1", as: alice, in: world)
            }
            #expect(refusal?.reason == .rollback && refusal?.next?.contains("signer remove") == true)
            await world.signers.withhold([])
            _ = try await world.publisher.removeSigner(
                alice,
                keepingTags: true,
                of: world.subject,
                at: world.location
            )
            try await SignerTests.addOwn(bob, scope, in: world)
            _ = try await SignerTests.sign("v2", as: bob, in: world)
            #expect(LocalStoreTests.reason(await world.verify("v2")) == .trusted)
        }
    }

    /// Nobody makes a published file larger by signatures that are none.
    @Test func junkSignaturesAreNotPublished() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            try await world.image("v1", "v1")
            let machines = try await Self.team(1, threshold: 1, in: world, try await world.initialize())
            let team = try SignerTests.name("team")
            guard case .waiting(let change) = try await machines[0].sign("v1", as: team) else {
                Issue.record("published")
                return
            }
            let name = change.proposal.file.file.name
            let path = "\(Self.place)/\(name)"
            try world.directory.write(Self.withJunk(change.proposal.file.bytes, 1), to: path)
            #expect(try await SignerTests.refresh(world).acceptedSigners == [team])
            #expect(try Files.read(world.directory.file("trust-data/\(name)")) == change.proposal.file.bytes)
            #expect(LocalStoreTests.reason(await world.verify("v1")) == .trusted)
        }
    }

    /// Whoever can write to the store and has no key fills every place: with nonsense, with changes under other names, and
    /// with copies of a true one.
    @Test(arguments: ["nonsense", "renamed", "copies", "large"])
    func strangersKeepNobodyFromSubmitting(kind: String) async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            for tag in ["v1", "v2", "v3"] { try await world.image(tag, tag) }
            let made = try await world.initialize()
            let bob = try SignerTests.name("bob")
            let machine = try await Machine("bob", in: world, pin: made.pin)
            let request = try await machine.request(bob)
            _ = try await SignerTests.put(
                NewSigner(name: bob, keys: request.keys, scope: SignerTests.scope("*"), first: request.verified()),
                in: world
            )
            let team = try await Self.team(1, threshold: 1, in: world, made)
            guard case .waiting(let change) = try await machine.sign("v1", as: bob) else {
                Issue.record("published")
                return
            }
            let places = (0..<8).map { _ in MemoryPlace() }
            let files = WaitingFiles(places: places)
            let roles = try await team[0].publisher.readWaiting(of: world.subject, at: world.location).roles
            _ = try await files.put(change.proposal, replacing: [], roles)
            for (number, place) in places.enumerated() {
                let present = await place.files.values.map(\.bytes)
                for version in 0..<(16 - present.count) {
                    let bytes: [UInt8] =
                        switch kind {
                        case "nonsense": Array("{\(number) \(version)".utf8)
                        case "large": Array(repeating: 0x78, count: WaitingContents.maximumLength - version)
                        case "copies": try Self.withJunk(change.proposal.file.bytes, number * 16 + version)
                        default: change.proposal.file.bytes
                        }
                    let name = kind == "copies" ? "2.bob.json" : "\(version + 3).bob.json"
                    await place.add(bytes, as: name)
                }
            }
            guard case .waiting(let own) = try await team[0].sign("v2", as: SignerTests.name("team")) else {
                Issue.record("published")
                return
            }
            _ = try await files.put(own.proposal, replacing: [], roles)
            let all = try await files.read(roles)
            #expect(all.map(\.identity) == [change.identity, own.identity])
            // Nor do they keep the signer whose names they took.
            guard case .waiting(let next) = try await machine.sign("v3", as: bob) else {
                Issue.record("published")
                return
            }
            _ = try await files.put(next.proposal, replacing: [change.identity], roles)
            #expect(try await files.read(roles).contains { $0.identity == next.identity })
        }
    }
}

/// A place as a registry has it, which cannot write conditionally.
private actor MemoryPlace: WaitingPlace {
    struct Stored {
        let name: String
        let bytes: [UInt8]
    }

    private(set) var files: [TrustDataDocument.File: Stored] = [:]

    func add(_ bytes: [UInt8], as name: String) {
        files[TrustDataDocument.File(name: name, bytes: bytes)] = Stored(name: name, bytes: bytes)
    }

    func read() async throws(TrustStoreError) -> WaitingContents? {
        guard !files.isEmpty else { return nil }
        return WaitingContents(
            identity: Digest.compute(over: [UInt8]().span),
            files: files.keys.sorted { ($0.name, $0.digest.hex) < ($1.name, $1.digest.hex) }
        )
    }

    func bytes(of file: TrustDataDocument.File) async throws(TrustStoreError) -> [UInt8]? { files[file]?.bytes }

    func write(
        _ kept: [TrustDataDocument.File],
        new: [[UInt8]],
        after present: WaitingContents?
    ) async throws(TrustStoreError) -> Bool {
        var stored: [TrustDataDocument.File: Stored] = [:]
        for file in kept {
            let bytes = files[file]?.bytes ?? new.first { TrustDataDocument.File(name: file.name, bytes: $0) == file }
            stored[file] = bytes.map { Stored(name: file.name, bytes: $0) }
        }
        files = stored
        return true
    }
}
