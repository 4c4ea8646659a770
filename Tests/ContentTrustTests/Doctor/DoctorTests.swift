import CanonicalJSON
import KeyStorage
import OCI
import OCIRegistry
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// What the doctor says of trust data that our publisher would not make: delegations to people, odd keys, odd times.
@Suite struct DoctorTests {
    /// A simulated repository in a directory, and a machine with its pin.
    struct Scene {
        static let name = "registry.example.com/team/app"
        let directory: TemporaryDirectory
        let simulator: RepositorySimulator
        let clock = SimulatedClock()
        let session: TrustSession
        let subject: Subject

        var store: String { directory.file("store") }
        var keys: FileKeyStore { FileKeyStore(directory: directory.file("home/keys")) }

        init(_ directory: TemporaryDirectory, keys: [RoleName: SimulatedKey] = [:]) async throws {
            self.directory = directory
            simulator = RepositorySimulator(keys: keys)
            session = TrustSession(home: TrustHome(path: directory.file("home")), clock: clock) {
                (_) throws(RegistryError) in throw .cancelled
            }
            subject = .registry(try RepositoryName(parsing: Self.name))
            let root = try TUFKey.computed(keys[.root] ?? .of(.root))
            let pin = Pin(scope: .repository(Self.name), anchor: .keys([root], threshold: 1))
            _ = try await session.home.pins.add(pin, replacing: false)
        }

        func write() throws {
            for (name, bytes) in simulator.files() { try directory.write(bytes, to: "store/\(name)") }
        }

        /// Brings a role's key to this machine.
        func keep(_ key: SimulatedKey, _ role: RoleName, repository: String? = name) async throws {
            let attributes = try KeyAttributes(role: role, repository: role == .root ? nil : repository)
            _ = try await keys.addUnencryptedUnsafe(key.privateKey, attributes, created: clock.now())
        }

        func diagnose(_ change: (inout TrustDoctor.Options) -> Void = { _ in }) async throws -> Diagnosis {
            try write()
            var options = TrustDoctor.Options()
            options.comparesTags = false
            change(&options)
            let doctor = TrustDoctor(session: session, keys: KeyStoreSet(primary: keys), options: options)
            return try await doctor.examine(subject, at: .directory(path: store))
        }
    }

    static func with(keys: [RoleName: SimulatedKey] = [:], _ body: (Scene) async throws -> Void) async throws {
        try await TemporaryDirectory.with { try await body(Scene($0, keys: keys)) }
    }

    /// `code severity` of all findings but those that every scene has.
    static func problems(_ diagnosis: Diagnosis) -> [String] {
        diagnosis.findings.filter { !($0.code == .noSpareKey && $0.role == .root) && $0.code != .noKeysHere }
            .map { "\($0.code) \($0.severity.word)" }
    }

    // MARK: Delegations

    @Test func delegatedRolesOneByOne() async throws {
        let (alice, bob) = (try RoleName("targets/alice"), try RoleName("bob"))
        try await Self.with { scene in
            scene.simulator.delegate(to: alice, keys: [.p256(0), .p256(1)], threshold: 2)
            scene.simulator.delegate(to: bob, from: alice, keys: [.p256(2)])
            scene.simulator.publish()
            let healthy = try await scene.diagnose()
            // Both of alice's keys must sign.
            #expect(Self.problems(healthy) == ["no-spare-key note"])
            #expect(healthy.roles.map(\.name) == ["root", "timestamp", "snapshot", "targets", "targets/alice", "bob"])
            #expect(healthy.files == Diagnosis.Extent(checked: 6, all: 6))
            #expect(healthy.reason() == .trusted)

            scene.simulator.delegated[bob]?.expires = scene.clock.now().advanced(bySeconds: 86_400)
            scene.simulator.publish()
            let soon = try await scene.diagnose()
            #expect(Self.problems(soon) == ["role-expires-soon warning", "no-spare-key note"])
            let finding = soon.findings.first { $0.code == .roleExpiresSoon }
            #expect(finding?.remedy?.command == "trustctl signer list \(Scene.name)")

            scene.clock.advance(bySeconds: 2 * 86_400)
            let expired = try await scene.diagnose()
            #expect(Self.problems(expired).first == "role-expired error")
            #expect(expired.findings.first?.role == bob)
            #expect(expired.reason() == .expired)
        }
    }

    @Test func aDelegatedRoleThatCannotBeVerified() async throws {
        let alice = try RoleName("alice")
        try await Self.with { scene in
            scene.simulator.delegate(to: alice, keys: [.p256(0)])
            scene.simulator.signers[alice] = [.p256(1)]
            scene.simulator.publish()
            let forged = try await scene.diagnose()
            #expect(Self.problems(forged) == ["bad-signature error"])
            #expect(forged.findings.first?.role == alice)
            #expect(forged.reason() == .badSignature)

            scene.simulator.signers[alice] = nil
            scene.simulator.delegated[alice] = nil
            scene.simulator.publish()
            scene.simulator.snapshot.meta["alice.json"] = nil
            scene.simulator.publishTimestamp()
            let unsigned = try await scene.diagnose()
            #expect(Self.problems(unsigned) == ["role-not-listed error"])
        }
    }

    @Test func aDelegatedRoleWhoseFileIsGone() async throws {
        let alice = try RoleName("alice")
        try await Self.with { scene in
            scene.simulator.delegate(to: alice, keys: [.p256(0)])
            scene.simulator.publish()
            try scene.write()
            try Files.remove("\(scene.store)/1.alice.json")
            let doctor = TrustDoctor(session: scene.session, keys: KeyStoreSet(primary: scene.keys))
            let lost = try await doctor.examine(scene.subject, at: .directory(path: scene.store))
            #expect(Self.problems(lost).first == "file-lost error")
            #expect(lost.findings.first?.role == alice)
            #expect(lost.files == Diagnosis.Extent(checked: 4, all: 5))
        }
    }

    @Test func rolesThatNobodyDelegatesTo() async throws {
        try await Self.with { scene in
            scene.simulator.delegate(to: try RoleName("alice"), keys: [.p256(0)])
            scene.simulator.publish()
            scene.simulator.targets.delegations = nil
            scene.simulator.publish()
            #expect(Self.problems(try await scene.diagnose()) == ["role-abandoned note"])
        }
    }

    // MARK: Keys

    @Test func thresholdsAndOddKeys() async throws {
        try await Self.with(keys: [.timestamp: .rsa, .snapshot: .ed25519(3)]) { scene in
            var roles = scene.simulator.root.roles
            let unknown = SimulatedKey.ed25519(9).with("scheme", "post-quantum-7")
            roles[.root] = SimulatedRoleKeys([.of(.root), .p256(0), .p256(1)], threshold: 2)
            roles[.targets] = SimulatedRoleKeys([.ed25519(3), .ed25519(3).named("twice"), unknown])
            scene.simulator.root.roles = roles
            scene.simulator.publishRoot()
            scene.simulator.signers[.targets] = [.ed25519(3)]
            scene.simulator.publish()
            let found = try await scene.diagnose()
            #expect(found.origin == .store)
            #expect(!found.findings.contains { $0.code == .noSpareKey })
            #expect(found.roles.first { $0.role == .root }?.spareKeys == 1)
            // The one key, of which there seem to be three.
            #expect(found.roles.first { $0.role == .targets }?.spareKeys == 0)
            #expect(
                Set(Self.problems(found))
                    == [
                        "key-listed-twice warning", "key-shared warning", "key-unknown warning", "key-weak note",
                    ]
            )
        }
    }

    @Test func whatThisMachineLacksDependsOnWhatItHas() async throws {
        for (roles, missing) in [
            ([RoleName.root], []), ([.timestamp], []), ([.snapshot, .timestamp], []), ([.snapshot], [.timestamp]),
            ([.targets], [.timestamp, .snapshot]), ([.targets, .snapshot, .timestamp], []),
        ] as [([RoleName], Set<RoleName>)] {
            try await Self.with { scene in
                for role in roles { try await scene.keep(.of(role), role) }
                let found = try await scene.diagnose()
                let lacking = found.findings.filter { $0.code == .keyMissing }
                #expect(Set(lacking.compactMap(\.role)) == missing, "\(roles)")
                #expect(found.reason() == (missing.isEmpty ? .trusted : .keyUnavailable))
            }
        }
    }

    @Test func keysThatLieAboutOrAreLeftBehind() async throws {
        try await Self.with { scene in
            for role in RoleName.topLevel { try await scene.keep(.of(role), role) }
            try await scene.keep(.p256(3), .snapshot)
            try await scene.keep(.p256(2), .snapshot, repository: "registry.example.com/other")
            let found = try await scene.diagnose()
            #expect(
                Self.problems(found) == [
                    "key-unencrypted warning", "key-unencrypted note", "root-key-online note", "key-unused note",
                ]
            )
            let unused = try TUFKey.computed(.p256(3))
            #expect(found.findings.last?.remedy?.command == "trustctl key remove \(unused)")
            #expect(found.reason(failingOn: .warning) == .warning)
        }
    }

    // MARK: Time

    @Test func clocksThatDisagree() async throws {
        try await Self.with { scene in
            scene.simulator.issued = scene.clock.now().advanced(bySeconds: 3600)
            scene.simulator.publish()
            let future = try await scene.diagnose()
            #expect(Self.problems(future) == ["issued-in-future warning"])

            scene.simulator.issued = nil
            scene.simulator.publish()
            try scene.write()
            let verifier = TrustVerifier(session: scene.session)
            scene.clock.advance(bySeconds: 3600)
            _ = try await verifier.trustData(of: scene.subject, at: .directory(path: scene.store))
            scene.clock.advance(bySeconds: -1800)
            let behind = try await scene.diagnose()
            #expect(Self.problems(behind) == ["clock-behind error"])
            #expect(behind.reason() == .expired)
        }
    }

    @Test(arguments: [(Int64(8), 0), (10, 1), (13, 1)])
    func aShortLivedRoleIsDueWhenTwoThirdsOfItsLifeAreOver(days: Int64, warnings: Int) async throws {
        try await Self.with { scene in
            scene.simulator.issued = scene.clock.now()
            scene.simulator.publish()
            scene.clock.advance(bySeconds: days * 86_400)
            let found = try await scene.diagnose()
            #expect(found.findings.count { $0.code == .roleExpiresSoon } == warnings)
            let narrow = try await scene.diagnose { $0.horizon = 3600 }
            #expect(narrow.findings.count { $0.code == .roleExpiresSoon } == 0)
        }
    }

    // MARK: Pins and memory

    /// Whoever cannot look does not know whether a role was signed anew.
    @Test func whatOnlyMemoryTellsIsNoError() async throws {
        try await Self.with { scene in
            scene.simulator.publish()
            try scene.write()
            let verifier = TrustVerifier(session: scene.session)
            _ = try await verifier.trustData(of: scene.subject, at: .directory(path: scene.store))
            scene.clock.advance(bySeconds: 30 * 86_400)
            try Files.remove(scene.store)
            let doctor = TrustDoctor(session: scene.session, keys: KeyStoreSet(primary: scene.keys))
            let found = try await doctor.examine(scene.subject, at: .directory(path: scene.store))
            #expect(found.origin == .memory)
            #expect(Self.problems(found) == ["trust-data-missing error", "role-expired note"])
        }
    }

    /// What a hostile store lists without end is not told without end.
    @Test func rootsThatNobodyVerifiedAreNotMissed() async throws {
        try await Self.with { scene in
            scene.simulator.roots = [4_000_000_000: [1], 1: [2]]
            let found = try await scene.diagnose()
            #expect(Self.problems(found) == ["bad-signature error"])
            #expect(found.origin == .nowhere && found.roles.isEmpty)
        }
    }

    @Test func aRootThatIsGoneIsMissedByThoseWhoBegin() async throws {
        try await Self.with { scene in
            try scene.write()
            let verifier = TrustVerifier(session: scene.session)
            _ = try await verifier.trustData(of: scene.subject, at: .directory(path: scene.store))
            scene.simulator.publishRoot()
            scene.simulator.publish()
            try scene.write()
            _ = try await verifier.trustData(of: scene.subject, at: .directory(path: scene.store))
            try Files.remove("\(scene.store)/1.root.json")
            scene.simulator.roots[1] = nil
            let found = try await scene.diagnose()
            #expect(Self.problems(found) == ["file-lost error"])
            #expect(found.origin == .store)
        }
    }

    @Test func aPinWhoseKeysWereAllReplaced() async throws {
        try await Self.with { scene in
            scene.simulator.root.roles[.root] = SimulatedRoleKeys([.p256(0)])
            scene.simulator.publishRoot()
            scene.simulator.publish()
            let found = try await scene.diagnose()
            #expect(Self.problems(found) == ["pin-outdated note"])
            let new = try TUFKey.computed(.p256(0))
            #expect(
                found.findings.first { $0.code == .pinOutdated }?.remedy?.command
                    == "trustctl pin add \(Scene.name) --root-key \(new) --replace"
            )
        }
    }

    /// A publisher without memory built upon an old set: what this machine had seen is not part of what follows.
    @Test func whatWasSeenAndDidNotComeIn() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            for tag in ["a", "b", "c", "d"] { try await world.image(tag, tag) }
            _ = try await world.initialize()
            try await world.sign("a")
            let old = try HostileStoreTests.Saved(HostileStoreTests.store(world), in: world, as: "old")
            try await world.sign("b")
            #expect(LocalStoreTests.reason(await world.verify("b")) == .trusted)
            try old.putBack()
            try Files.remove(HostileStoreTests.memory(world))
            try await world.sign("c")
            try await world.sign("d")
            let doctor = TrustDoctor(
                session: world.consumerSession,
                keys: KeyStoreSet(primary: FileKeyStore(directory: world.directory.file("none")))
            )
            let found = try await doctor.examine(world.subject, at: world.location)
            #expect(Self.problems(found) == ["diverged warning"])
        }
    }

    // MARK: Documentation

    @Test func theDocumentationHasAllCodes() throws {
        let text = String(decoding: try Files.read("\(Files.projectRoot)/docs/cli/doctor.md"), as: UTF8.self)
        let table = text.split(separator: "\n").drop { $0 != "## Findings" }
        let documented = table.compactMap { line -> String? in
            guard line.hasPrefix("| `") else { return nil }
            return String(line.dropFirst(3).prefix { $0 != "`" })
        }
        #expect(documented == FindingCode.own.map(\.string))
        let schema = try JSONValue(parsing: try Files.read("\(Files.projectRoot)/docs/schemas/doctor.schema.json"))
        #expect(schema["$defs"]?["ownCode"]?["examples"]?.array?.compactMap(\.string) == documented)
        #expect(Set(FindingCode.all).count == FindingCode.all.count)
    }
}

extension TUFKey {
    /// The id that TUF computes for a simulated key.
    fileprivate static func computed(_ key: SimulatedKey) throws -> KeyID {
        TUFKey(publicKey: key.privateKey.publicKey, scheme: key.privateKey.scheme).computedID
    }
}
