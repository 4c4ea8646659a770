import CanonicalJSON
import OCI
import OCIRegistry
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// Tags that signers with keys of their own sign.
@Suite struct SignerTests {
    typealias World = LocalStoreTests.World

    /// A machine with a home and keys of its own.
    struct Machine {
        let session: TrustSession
        let signers: TestSigners
        let world: World

        init(_ name: String, in world: World, signers: TestSigners = TestSigners(), pin: Pin) async throws {
            let clock = world.clock
            session = TrustSession(home: TrustHome(path: world.directory.file(name)), clock: clock) {
                (_) throws(RegistryError) in throw .cancelled
            }
            self.signers = signers
            self.world = world
            _ = try await session.home.pins.add(pin, replacing: false)
        }

        var publisher: Publisher { Publisher(session: session, signers: signers) }

        func sign(_ tags: String..., as signer: RoleName) async throws -> SignerReport {
            let images = try await world.resolver.resolve(tags.map { ($0, nil) }, of: world.subject)
            return try await publisher.sign(images, as: signer, of: world.subject, at: world.location)
        }

        func request(_ name: RoleName, joining other: SignerRequest? = nil) async throws -> SignerRequest {
            let key = try await signers.makeKey(for: name, repository: nil, algorithm: .ed25519)
            var request = other
            if request == nil {
                request = try await publisher.requestSigner(name, of: world.subject, at: world.location)
            }
            let publicKey = try #require(key.publicKey)
            let signer = try #require(try await signers.signers(for: name, keys: [publicKey], threshold: 1).first)
            return try await #require(request).joined(by: key, signer)
        }
    }

    static func name(_ string: String) throws -> RoleName { try RoleName(string) }

    static func scope(_ patterns: String...) -> DelegatedRole.Scope { .paths(patterns.map(PathPattern.init)) }

    static func put(_ signer: NewSigner, in world: World) async throws -> PublishReport {
        try await world.publisher.putSigner(signer, of: world.subject, at: world.location)
    }

    /// A signer whose key is on the publisher's machine.
    @discardableResult
    static func addOwn(_ name: RoleName, _ scope: DelegatedRole.Scope, in world: World) async throws -> TUFKey {
        let key = try await world.signers.makeKey(for: name, repository: nil, algorithm: .ecdsaP256)
        let present = try await signer(name, in: world)
        _ = try await put(NewSigner(name: name, keys: [key], scope: scope, replacing: present), in: world)
        return key
    }

    static func signer(_ name: RoleName, in world: World) async throws -> DelegatedRole? {
        let overview = try await world.publisher.signerOverview(of: world.subject, at: world.location)
        return overview.signers.first { $0.role.name == name }?.role
    }

    static func sign(_ tag: String, as signer: RoleName, in world: World) async throws -> SignerReport {
        let images = try await world.resolver.resolve([(tag, nil)], of: world.subject)
        return try await world.publisher.sign(images, as: signer, of: world.subject, at: world.location)
    }

    static func refresh(_ world: World) async throws -> PublishReport {
        try await world.publisher.refresh(world.subject, at: world.location)
    }

    static func role(of tag: String, in world: World) async throws -> RoleName? {
        try await world.verifier().trustData(of: world.subject, at: world.location).signedTag(tag)?.role
    }

    static func refusal(_ body: () async throws -> some Any) async -> Reason? {
        await #expect(throws: Refusal.self) { _ = try await body() }?.reason
    }

    @Test(arguments: [false, true])
    func signsWithoutTheTargetsKey(plainFiles: Bool) async throws {
        try await LocalStoreTests.with(plainFiles: plainFiles) { world in
            for tag in ["v1", "v2", "x"] { try await world.image(tag, tag) }
            _ = try await world.initialize()
            let alice = try Self.name("alice")
            try await Self.addOwn(alice, Self.scope("v*"), in: world)
            #expect(LocalStoreTests.reason(await world.verify("v1")) == .unsignedTag)
            await world.signers.withhold([.root, .targets])
            guard case .published(let report) = try await Self.sign("v1", as: alice, in: world) else {
                Issue.record("waits")
                return
            }
            #expect(report.signedRoles == [alice, .snapshot, .timestamp])
            #expect(report.versions[.targets] == 2)
            let image = try await world.verify("v1").get()
            #expect(image.evidence.versions[alice] == 2)
            #expect(try await Self.role(of: "v1", in: world) == alice)
            #expect(await Self.refusal { try await Self.sign("x", as: alice, in: world) } == .usage)
            #expect(await Self.refusal { try await Self.sign("v2", as: Self.name("bob"), in: world) } == .usage)

            // The targets have the last word, and nobody gives another one silently.
            await world.signers.withhold([])
            try await world.sign("v1")
            #expect(try await Self.role(of: "v1", in: world) == .targets)
            try await world.image("v1", "other")
            #expect(await Self.refusal { try await Self.sign("v1", as: alice, in: world) } == .conflict)
            #expect(
                await Self.refusal {
                    try await world.publisher.revoke(["v1"], of: world.subject, at: world.location)
                } == .conflict
            )
            let revoked = try await world.publisher.revoke(["v1"], as: alice, of: world.subject, at: world.location)
            guard case .published = revoked else {
                Issue.record("waits")
                return
            }
        }
    }

    /// The signer has the own key alone; somebody who has the snapshot and timestamp keys lets the change in.
    @Test(arguments: [false, true])
    func aChangeWaits(plainFiles: Bool) async throws {
        try await LocalStoreTests.with(plainFiles: plainFiles) { world in
            for tag in ["v1", "v2"] { try await world.image(tag, tag) }
            let made = try await world.initialize()
            let alice = try Self.name("alice")
            let machine = try await Machine("alice", in: world, pin: made.pin)
            let request = try SignerRequest(parsing: try await machine.request(alice).bytes)
            _ = try await Self.put(
                NewSigner(name: alice, keys: request.keys, scope: Self.scope("v*"), first: request.verified()),
                in: world
            )
            #expect(LocalStoreTests.reason(await world.verify("v1")) == .unsignedTag)
            guard case .waiting(let change) = try await machine.sign("v1", as: alice) else {
                Issue.record("published")
                return
            }
            #expect(change.isComplete && change.isCurrent && change.version == 2)
            #expect(LocalStoreTests.reason(await world.verify("v1")) == .unsignedTag)
            // One change goes on with the other.
            guard case .waiting(let second) = try await machine.sign("v2", as: alice) else {
                Issue.record("published")
                return
            }
            #expect(second.version == 3 && second.tags.count == 2)

            // With the timestamp key alone nothing can be let in, and all else goes on.
            await world.signers.withhold([.root, .targets, .snapshot])
            #expect(try await Self.refresh(world).signedRoles == [.timestamp])
            await world.signers.withhold([.root, .targets])
            let report = try await Self.refresh(world)
            #expect(report.acceptedSigners == [alice] && report.signedRoles == [.snapshot, .timestamp])
            for tag in ["v1", "v2"] { #expect(LocalStoreTests.reason(await world.verify(tag)) == .trusted) }
            #expect(try await world.publisher.waitingChanges(of: world.subject, at: world.location).isEmpty)
            #expect(try await Self.refresh(world).acceptedSigners == [])
        }
    }

    @Test func severalHaveToSign() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            try await world.image("v1", "v1")
            try await world.image("v2", "v2")
            let made = try await world.initialize()
            let team = try Self.name("team")
            let machines = [
                try await Machine("one", in: world, pin: made.pin), try await Machine("two", in: world, pin: made.pin),
                try await Machine("three", in: world, pin: made.pin),
            ]
            var request: SignerRequest?
            for machine in machines { request = try await machine.request(team, joining: request) }
            let full = try #require(request)
            _ = try await Self.put(
                NewSigner(name: team, keys: full.keys, threshold: 2, scope: Self.scope("*"), first: full.verified()),
                in: world
            )
            guard case .waiting(let first) = try await machines[0].sign("v1", as: team) else {
                Issue.record("published")
                return
            }
            #expect(!first.isComplete && first.missing.count == 2)
            #expect(try await Self.refresh(world).acceptedSigners == [])
            // Nobody signs what another one wants without having seen it.
            #expect(await Self.refusal { try await machines[1].sign("v2", as: team) } == .conflict)
            #expect(
                await Self.refusal {
                    try await machines[0].publisher.sign(first, of: world.subject, at: world.location)
                } == .keyUnavailable
            )
            let changes = try await machines[1].publisher.waitingChanges(of: world.subject, at: world.location)
            let change = try #require(changes.first)
            guard case .signed(_, nil) = change.tags["v1"] else {
                Issue.record("\(change.tags)")
                return
            }
            guard
                case .waiting(let second) = try await machines[1].publisher.sign(
                    change,
                    of: world.subject,
                    at: world.location
                )
            else {
                Issue.record("published")
                return
            }
            #expect(second.isComplete && second.signers.count == 2)
            #expect(LocalStoreTests.reason(await world.verify("v1")) == .unsignedTag)
            #expect(try await Self.refresh(world).acceptedSigners == [team])
            let image = try await world.verify("v1").get()
            #expect(image.evidence.signers[team]?.count == 2)
            // What was let in does not come again, and can be discarded otherwise.
            _ = try await machines[2].sign("v2", as: team)
            let open = try #require(
                try await machines[2].publisher.waitingChanges(of: world.subject, at: world.location).first
            )
            try await machines[2].publisher.discard(open, of: world.subject, at: world.location)
            #expect(try await world.publisher.waitingChanges(of: world.subject, at: world.location).isEmpty)
        }
    }

    /// Two sets part; each side changed what the other did not, and neither has the other's key.
    @Test func setsThatPartedAreMergedWithoutTheOthersKey() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            for tag in ["v1", "t1"] { try await world.image(tag, tag) }
            let made = try await world.initialize()
            let alice = try Self.name("alice")
            try await Self.addOwn(alice, Self.scope("v*"), in: world)
            let old = try HostileStoreTests.Saved(HostileStoreTests.store(world), in: world, as: "old")
            let machine = try await Machine("alice", in: world, signers: world.signers, pin: made.pin)
            await world.signers.withhold([.root, .targets])
            _ = try await machine.sign("v1", as: alice)
            try old.putBack()
            await world.signers.withhold([.root, alice])
            try await world.sign("t1")
            // Alice's machine remembers its own set, and meets the publisher's.
            await world.signers.withhold([.root, .targets, alice])
            let merged = try await machine.publisher.refresh(world.subject, at: world.location)
            #expect(merged.signedRoles == [.snapshot, .timestamp])
            for tag in ["v1", "t1"] { #expect(LocalStoreTests.reason(await world.verify(tag)) == .trusted) }
            await world.signers.withhold([])
            #expect(try await Self.refresh(world).unmergedTags == [])
            for tag in ["v1", "t1"] { #expect(LocalStoreTests.reason(await world.verify(tag)) == .trusted) }
        }
    }

    /// Two machines of one signer: with the key both changes stay, without it the newer file does, and never an older one.
    @Test(arguments: [true, false])
    func filesThatPartedAreMerged(withKey: Bool) async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            var digests: [String: Digest] = [:]
            for tag in ["v1", "v2"] { digests[tag] = try await world.image(tag, tag) }
            let made = try await world.initialize()
            let alice = try Self.name("alice")
            try await Self.addOwn(alice, Self.scope("v*"), in: world)
            let old = try HostileStoreTests.Saved(HostileStoreTests.store(world), in: world, as: "old")
            let machine = try await Machine("alice", in: world, signers: world.signers, pin: made.pin)
            _ = try await machine.sign("v1", as: alice)
            try old.putBack()
            _ = try await Self.sign("v2", as: alice, in: world)
            if !withKey { await world.signers.withhold([alice]) }
            let report = try await machine.publisher.refresh(world.subject, at: world.location)
            await world.signers.withhold([])
            let tags = try await world.verifier().trustData(of: world.subject, at: world.location).signedTags()
            #expect(tags.count == (withKey ? 2 : 1))
            // Whose word was dropped is said, with what it was.
            let dropped = Set(["v1", "v2"]).subtracting(tags.map(\.tag)).map {
                DroppedWord(role: alice, tag: $0, digest: digests[$0])
            }
            #expect(report.droppedWords == dropped)
            // Whoever has the key mends it.
            if !withKey {
                _ = try await Self.refresh(world)
                _ = try await machine.sign("v1", as: alice)
                _ = try await Self.sign("v2", as: alice, in: world)
                for tag in ["v1", "v2"] { #expect(LocalStoreTests.reason(await world.verify(tag)) == .trusted) }
            }
        }
    }

    /// A signer signs while the publisher gives it another key: what the former key signed is not signed anew, and not
    /// forgotten unnoticed.
    @Test func whatFormerKeysSignedMeanwhileIsTold() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            let digest = try await world.image("v1", "v1")
            let made = try await world.initialize()
            let alice = try Self.name("alice")
            try await Self.addOwn(alice, Self.scope("v*"), in: world)
            let old = try HostileStoreTests.Saved(HostileStoreTests.store(world), in: world, as: "old")
            let machine = try await Machine("alice", in: world, signers: world.signers, pin: made.pin)
            _ = try await machine.sign("v1", as: alice)
            try old.putBack()
            try await Self.addOwn(alice, Self.scope("v*"), in: world)
            let report = try await machine.publisher.refresh(world.subject, at: world.location)
            #expect(report.droppedWords == [DroppedWord(role: alice, tag: "v1", digest: digest)])
            #expect(LocalStoreTests.reason(await world.verify("v1")) == .unsignedTag)
            #expect(try await machine.publisher.refresh(world.subject, at: world.location).droppedWords == [])
        }
    }

    @Test(arguments: [true, false])
    func aSignerLeaves(keepsTags: Bool) async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            try await world.image("v1", "v1")
            _ = try await world.initialize()
            let alice = try Self.name("alice")
            try await Self.addOwn(alice, Self.scope("v*"), in: world)
            _ = try await Self.sign("v1", as: alice, in: world)
            #expect(LocalStoreTests.reason(await world.verify("v1")) == .trusted)
            _ = try await world.publisher.removeSigner(
                alice,
                keepingTags: keepsTags,
                of: world.subject,
                at: world.location
            )
            #expect(LocalStoreTests.reason(await world.verify("v1")) == (keepsTags ? .trusted : .unsignedTag))
            #expect(await Self.refusal { try await Self.sign("v1", as: alice, in: world) } == .usage)
            // A signer of the same name begins above what was seen of the former one.
            try await Self.addOwn(alice, Self.scope("v*"), in: world)
            if !keepsTags {
                _ = try await Self.sign("v1", as: alice, in: world)
                #expect(LocalStoreTests.reason(await world.verify("v1")) == .trusted)
            }
        }
    }

    /// Other keys: the role's file is signed anew where they are at hand, and refused where nobody has signed with them.
    @Test func aSignerGetsOtherKeys() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            try await world.image("v1", "v1")
            let made = try await world.initialize()
            let alice = try Self.name("alice")
            try await Self.addOwn(alice, Self.scope("v*"), in: world)
            _ = try await Self.sign("v1", as: alice, in: world)
            #expect(LocalStoreTests.reason(await world.verify("v1")) == .trusted)
            try await Self.addOwn(alice, Self.scope("v*", "w*"), in: world)
            #expect(LocalStoreTests.reason(await world.verify("v1")) == .trusted)
            // By request, which carries what the role lists.
            let machine = try await Machine("alice", in: world, pin: made.pin)
            let request = try await machine.request(alice)
            #expect(request.proposed.count == 1)
            let foreign = try PrivateKey.generate(.ed25519)
            let present = try await Self.signer(alice, in: world)
            #expect(
                await Self.refusal {
                    try await Self.put(
                        NewSigner(
                            name: alice,
                            keys: [TUFKey(publicKey: foreign.publicKey, scheme: .ed25519)],
                            scope: Self.scope("v*"),
                            replacing: present
                        ),
                        in: world
                    )
                } == .keyUnavailable
            )
            #expect(LocalStoreTests.reason(await world.verify("v1")) == .trusted)
            let signer = try NewSigner(
                name: alice,
                keys: request.keys,
                scope: Self.scope("v*"),
                first: request.verified(),
                replacing: present
            )
            _ = try await Self.put(signer, in: world)
            // Nothing changes, nothing is written.
            #expect(try await Self.put(signer, in: world).changed == false)
            #expect(LocalStoreTests.reason(await world.verify("v1")) == .trusted)
            #expect(try await Self.role(of: "v1", in: world) == alice)
        }
    }

    /// Lost files of signers: they are named, and keep nobody from mending that, one signer after the other.
    @Test(arguments: [true, false])
    func lostFilesAreMended(begins: Bool) async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            for tag in ["a1", "b1", "c1"] { try await world.image(tag, tag) }
            let made = try await world.initialize()
            let (alice, bob, carol) = (try Self.name("alice"), try Self.name("bob"), try Self.name("carol"))
            try await Self.addOwn(alice, Self.scope("a*"), in: world)
            try await Self.addOwn(bob, Self.scope("b*"), in: world)
            _ = try await Self.sign("a1", as: alice, in: world)
            _ = try await Self.sign("b1", as: bob, in: world)
            for name in [alice, bob] { try Files.remove(world.directory.file("trust-data/2.\(name).json")) }
            // A machine that has not seen them.
            let machine = try await Machine("new", in: world, signers: world.signers, pin: made.pin)
            let publisher = machine.publisher
            func overview() async throws -> [SignerOverview.Signer] {
                try await publisher.signerOverview(of: world.subject, at: world.location).signers
            }
            #expect(try await overview().map(\.isLost) == [true, true])
            let refusal = await #expect(throws: Refusal.self) {
                try await publisher.refresh(world.subject, at: world.location)
            }
            #expect(refusal?.reason == .trustDataMissing && refusal?.next?.contains("signer request") == true)
            let key = try await world.signers.makeKey(for: carol, repository: nil, algorithm: .ed25519)
            let added = try await publisher.putSigner(
                NewSigner(name: carol, keys: [key], scope: Self.scope("c*")),
                of: world.subject,
                at: world.location
            )
            #expect(added.lostSigners == [alice, bob])
            _ = try await publisher.removeSigner(alice, keepingTags: false, of: world.subject, at: world.location)
            if begins {
                let request = try await machine.request(bob)
                let signer = try NewSigner(
                    name: bob,
                    keys: request.keys,
                    scope: Self.scope("b*"),
                    first: request.verified(),
                    replacing: try await overview().first { $0.role.name == bob }?.role
                )
                _ = try await publisher.putSigner(signer, of: world.subject, at: world.location)
                #expect(LocalStoreTests.reason(await world.verify("b1")) == .unsignedTag)
                _ = try await machine.sign("b1", as: bob)
                #expect(LocalStoreTests.reason(await world.verify("b1")) == .trusted)
            } else {
                _ = try await publisher.removeSigner(bob, keepingTags: false, of: world.subject, at: world.location)
            }
            #expect(try await overview().map(\.isLost) == (begins ? [false, false] : [false]))
            _ = try await publisher.refresh(world.subject, at: world.location)
            _ = try await machine.sign("c1", as: carol)
            #expect(LocalStoreTests.reason(await world.verify("c1")) == .trusted)
        }
    }

    /// A publisher who has not seen another one's change of the signer does not take it back.
    @Test func aChangedSignerIsNotWrittenBack() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            _ = try await world.initialize()
            let alice = try Self.name("alice")
            let key = try await Self.addOwn(alice, Self.scope("v*"), in: world)
            let seen = try await Self.signer(alice, in: world)
            try await Self.addOwn(alice, Self.scope("w*"), in: world)
            let present = try await Self.signer(alice, in: world)
            for replaced in [seen, nil] {
                let signer = try NewSigner(
                    name: alice,
                    keys: [key],
                    scope: Self.scope("v*", "x*"),
                    replacing: replaced
                )
                #expect(await Self.refusal { try await Self.put(signer, in: world) } == .conflict)
            }
            #expect(try await Self.signer(alice, in: world) == present)
            _ = try await world.publisher.removeSigner(alice, keepingTags: false, of: world.subject, at: world.location)
            let signer = try NewSigner(name: alice, keys: [key], scope: Self.scope("x*"), replacing: present)
            #expect(await Self.refusal { try await Self.put(signer, in: world) } == .conflict)
        }
    }

    /// The first who may sign a tag and lists it has the last word; one who ends the search has it for all of them.
    @Test func priorityAndTerminatingSigners() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            for tag in ["v1", "v2"] { try await world.image(tag, tag) }
            _ = try await world.initialize()
            let (alice, bob) = (try Self.name("alice"), try Self.name("bob"))
            try await Self.addOwn(alice, Self.scope("*"), in: world)
            let key = try await world.signers.makeKey(for: bob, repository: nil, algorithm: .ed25519)
            let first = try NewSigner(
                name: bob,
                keys: [key],
                scope: Self.scope("v1"),
                isTerminating: true,
                before: alice
            )
            _ = try await Self.put(first, in: world)
            #expect(await Self.refusal { try await Self.sign("v1", as: alice, in: world) } == .usage)
            _ = try await Self.sign("v1", as: bob, in: world)
            _ = try await Self.sign("v2", as: alice, in: world)
            #expect(try await Self.role(of: "v1", in: world) == bob)
            #expect(try await Self.role(of: "v2", in: world) == alice)
            // Nothing changes, nothing is written.
            #expect(try await Self.put(first, in: world).changed == false)
            _ = try await world.publisher.rebin(.count(0), of: world.subject, at: world.location)
            #expect(
                await Self.refusal {
                    try await world.publisher.rebin(.count(2), of: world.subject, at: world.location)
                } == .usage
            )
        }
    }

    /// However many changes wait, none is lost: the published file stays among those that the last one follows.
    @Test func manyChangesWaitInARow() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            let made = try await world.initialize()
            let alice = try Self.name("alice")
            let machine = try await Machine("alice", in: world, pin: made.pin)
            let request = try await machine.request(alice)
            _ = try await Self.put(
                NewSigner(name: alice, keys: request.keys, scope: Self.scope("v*"), first: request.verified()),
                in: world
            )
            let digest = try await world.image("v0", "v0")
            let images = try await world.resolver.resolve([("v0", digest)], of: world.subject)
            let descriptor = try #require(images.first).descriptor
            let count = SignerFile.window + 3
            for number in 0..<count {
                let image = ImageToSign(tag: "v\(number)", descriptor: descriptor)
                let report = try await machine.publisher.sign([image], as: alice, of: world.subject, at: world.location)
                guard case .waiting(let change) = report, change.isCurrent, change.tags.count == number + 1 else {
                    Issue.record("\(report)")
                    return
                }
            }
            #expect(try await Self.refresh(world).acceptedSigners == [alice])
            let tags = try await world.verifier().trustData(of: world.subject, at: world.location).signedTags()
            #expect(tags.count == count)
        }
    }

    /// What readers would refuse, or what leaves nobody room, is not let in, and keeps nobody from publishing.
    @Test(arguments: ["x-trustctl-revoked", "custom", "version", "delegations", "x-trustctl-bins"])
    func aSignerCannotSpoilTheRest(field: String) async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            try await world.image("v1", "v1")
            let made = try await world.initialize()
            let alice = try Self.name("alice")
            let machine = try await Machine("alice", in: world, pin: made.pin)
            let request = try await machine.request(alice)
            _ = try await Self.put(
                NewSigner(name: alice, keys: request.keys, scope: Self.scope("v*"), first: request.verified()),
                in: world
            )
            let first = try request.verified()
            let file = try SignerFile(first, role: alice)
            var draft = RoleDraft(editing: first, role: alice)
            draft.setField(SignerFile.field, to: SignerFile.json(SignerFile.ancestors(of: [file])))
            let now = world.clock.now()
            draft.setVersion(
                field == "version" ? CommonFields.maximumVersion : 2,
                expires: now.advanced(bySeconds: 86_400),
                issued: now
            )
            let digest = Digest.compute(over: [UInt8]().span)
            let path = try TargetPath("v1")
            if field == "custom" { draft.changeTargets([path: TargetRecord(length: 1, hashes: [digest], custom: [:])]) }
            if field == "x-trustctl-revoked" { draft.setField(field, to: 7) }
            // To whom tags are delegated is not for a signer to say.
            if field == "delegations" { draft.setField(field, to: ["keys": [:], "roles": []]) }
            if field == "x-trustctl-bins" { draft.setField(field, to: 4) }
            let publicKey = try #require(request.keys.first?.publicKey)
            let signer = try #require(
                try await machine.signers.signers(for: alice, keys: [publicKey], threshold: 1).first
            )
            let signed = try await draft.signed(by: [SigningKey(keyID: request.keys[0].computedID, signer: signer)])
            try world.directory.write(signed.bytes, to: "trust-data/waiting/\(signed.file.name)")
            #expect(try await Self.refresh(world).acceptedSigners == [])
            #expect(LocalStoreTests.reason(await world.verify("v1")) == .unsignedTag)
            _ = try await machine.sign("v1", as: alice)
        }
    }

    /// A signer without the publisher's keys keeps the role from expiring by signing a tag again. Where that was forgotten, who
    /// the signers are can be told all the same.
    @Test func aSignerRenewsTheRole() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            try await world.image("v1", "v1")
            let made = try await world.initialize()
            let alice = try Self.name("alice")
            let machine = try await Machine("alice", in: world, pin: made.pin)
            let request = try await machine.request(alice)
            _ = try await Self.put(
                NewSigner(name: alice, keys: request.keys, scope: Self.scope("v*"), first: request.verified()),
                in: world
            )
            _ = try await machine.sign("v1", as: alice)
            _ = try await Self.refresh(world)
            let overview = try await world.publisher.signerOverview(of: world.subject, at: world.location)
            let expires = try #require(overview.signers.first?.expires)
            world.clock.set(expires.advanced(bySeconds: -86_400))
            _ = try await Self.refresh(world)
            guard case .waiting(let renewal) = try await machine.sign("v1", as: alice) else {
                Issue.record("nothing to sign")
                return
            }
            #expect(renewal.tags.isEmpty && renewal.isComplete)
            #expect(try await Self.refresh(world).acceptedSigners == [alice])
            world.clock.set(expires.advanced(bySeconds: 86_400))
            _ = try await Self.refresh(world)
            #expect(LocalStoreTests.reason(await world.verify("v1")) == .trusted)
            // Forgotten.
            world.clock.advance(bySeconds: 1200 * 86_400)
            _ = try await Self.refresh(world)
            guard case .refused(let refusal) = await world.verify("v1") else {
                Issue.record("expired")
                return
            }
            #expect(refusal.reason == .expired)
            #expect(refusal.next?.contains("trustctl sign image --signer alice") == true)
            _ = try await world.publisher.signerOverview(of: world.subject, at: world.location)
            let data = try await world.verifier().trustData(of: world.subject, at: world.location)
            #expect(try await data.tagsOfTargetsKeys().isEmpty)
        }
    }

    /// Old changes, others' metadata and nonsense that lie in the place where changes wait.
    @Test func whatLiesThereIsNotBelieved() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            for tag in ["v1", "v2"] { try await world.image(tag, tag) }
            let made = try await world.initialize()
            let alice = try Self.name("alice")
            let machine = try await Machine("alice", in: world, pin: made.pin)
            let request = try await machine.request(alice)
            _ = try await Self.put(
                NewSigner(name: alice, keys: request.keys, scope: Self.scope("v*"), first: request.verified()),
                in: world
            )
            _ = try await machine.sign("v1", as: alice)
            let place = "trust-data/waiting"
            let waiting = try Files.read(world.directory.file("\(place)/2.alice.json"))
            _ = try await Self.refresh(world)
            _ = try await machine.publisher.revoke(["v1"], as: alice, of: world.subject, at: world.location)
            _ = try await Self.refresh(world)
            #expect(LocalStoreTests.reason(await world.verify("v1")) == .unsignedTag)
            // The signed change from before the revocation, under its name and under a newer one.
            for name in ["2.alice.json", "9.alice.json"] {
                try world.directory.write(waiting, to: "\(place)/\(name)")
                #expect(try await Self.refresh(world).acceptedSigners == [])
            }
            for bytes in [Array("{".utf8), Array("{}".utf8), []] {
                try world.directory.write(bytes, to: "\(place)/9.alice.json")
                #expect(try await Self.refresh(world).acceptedSigners == [])
            }
            #expect(LocalStoreTests.reason(await world.verify("v1")) == .unsignedTag)
            guard case .waiting(let change) = try await machine.sign("v2", as: alice) else {
                Issue.record("published")
                return
            }
            #expect(change.isCurrent)
            #expect(try await Self.refresh(world).acceptedSigners == [alice])
        }
    }
}
