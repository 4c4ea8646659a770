import CanonicalJSON
import Testing
import TrustCrypto
import TrustTestSupport

@testable import TUF

/// The rules of Notary's dialect, with a repository that honest publishers made.
@Suite struct NotaryDialectTests {
    static let now = SimulatedClock.start
    static let gun = "registry.example.com/team/app"

    static func repository() throws -> NotarySimulator { try NotarySimulator(gun: gun, now: now) }

    static func digest(_ text: String) -> Digest { Digest.compute(over: Array(text.utf8).span) }

    /// The set of all files, by the first root key's id.
    static func set(
        _ repository: NotarySimulator,
        first: NotarySimulator? = nil,
        at now: Instant = now
    ) throws -> TrustedSet {
        var firstRepository = first ?? repository
        let id = try firstRepository.listed(.root).notaryCanonicalID
        var root = try RootStage(
            anchor: .keys([id], threshold: 1),
            firstRoot: firstRepository.roots[1] ?? [],
            binding: .notary(gun: gun)
        )
        for version in repository.roots.keys.sorted() where version > 1 {
            try root.rotate(to: repository.roots[version] ?? [])
        }
        let snapshot = try root.close(at: now).accept(repository.files[.timestamp] ?? [])
        let targets = try snapshot.accept(repository.files[.snapshot] ?? [])
        return try targets.accept(repository.files[.targets] ?? [])
    }

    static func find(_ tag: String, in repository: NotarySimulator) throws -> FoundTarget? {
        var walk = try DelegationWalk(for: TargetPath(tag), in: set(repository))
        while true {
            switch try walk.next() {
            case .found(let target): return target
            case .notFound: return nil
            case .load(let listed): try walk.accept(repository.files[listed.role] ?? [])
            }
        }
    }

    // MARK: Whose word counts

    @Test func releasesComeBeforeTargets() async throws {
        var repository = try Self.repository()
        try repository.delegate(to: NotarySimulator.releases)
        repository.tags[.targets] = ["both": Self.digest("targets"), "only-targets": Self.digest("targets")]
        repository.tags[NotarySimulator.releases] = ["both": Self.digest("releases")]
        try await repository.publish()
        #expect(try Self.find("both", in: repository)?.record.digest(.sha256) == Self.digest("releases"))
        #expect(try Self.find("only-targets", in: repository)?.role == .targets)
        #expect(try Self.find("neither", in: repository) == nil)
        var roles = DelegatedRoles(of: try Self.set(repository))
        for listed in try roles.missing() { roles.insert(try listed.load(repository.files[listed.role] ?? [])) }
        var all: [String: RoleName] = [:]
        try roles.forEach { (path, found) throws(TUFError) in all[path.string] = found.role }
        #expect(all == ["both": NotarySimulator.releases, "only-targets": .targets])
    }

    /// A signer's own role says who signed; it decides nothing.
    @Test func otherDelegationsDoNotCount() async throws {
        var repository = try Self.repository()
        let alice = try RoleName("targets/alice")
        try repository.delegate(to: alice)
        repository.tags[alice] = ["1.0": Self.digest("alice")]
        try await repository.publish()
        #expect(try Self.find("1.0", in: repository) == nil)
    }

    @Test func prefixesBindTheReleases() async throws {
        var repository = try Self.repository()
        try repository.delegate(to: NotarySimulator.releases, prefixes: ["v1", "v2"])
        repository.tags[NotarySimulator.releases] = ["v1.0": Self.digest("a"), "latest": Self.digest("b")]
        try await repository.publish()
        #expect(try Self.find("v1.0", in: repository) != nil)
        #expect(try Self.find("latest", in: repository) == nil)
    }

    /// Who cannot read what has the first word does not take the second.
    @Test func releasesThatCannotBeReadEndTheSearch() async throws {
        var repository = try Self.repository()
        try repository.delegate(to: NotarySimulator.releases)
        repository.tags[.targets] = ["1.0": Self.digest("targets")]
        try await repository.publish()
        repository.replace(NotarySimulator.releases, with: repository.files[.targets])
        try await repository.publishSnapshot()
        #expect(throws: TUFError.self) { try Self.find("1.0", in: repository) }
    }

    /// As docker leaves them when the last signer goes: nobody can sign them, and they say nothing.
    @Test func releasesWithoutAKeySayNothing() async throws {
        var repository = try Self.repository()
        try repository.delegate(to: NotarySimulator.releases)
        repository.tags[.targets] = ["1.0": Self.digest("targets")]
        repository.tags[NotarySimulator.releases] = ["1.0": Self.digest("releases"), "2.0": Self.digest("releases")]
        try await repository.publish()
        #expect(try Self.find("1.0", in: repository)?.role == NotarySimulator.releases)
        repository.keyless = [NotarySimulator.releases]
        repository.versions[.targets] = 2
        try await repository.publish()
        #expect(try Self.find("1.0", in: repository)?.role == .targets)
        #expect(try Self.find("2.0", in: repository) == nil)
        #expect(try DelegatedRoles(of: Self.set(repository)).missing().isEmpty)
    }

    // MARK: Roots

    @Test func aRootRotation() async throws {
        var repository = try Self.repository()
        try await repository.publish()
        let first = repository
        let former = try #require(repository.keys[.root])
        repository.keys[.root] = try PrivateKey.generate(.ecdsaP256)
        repository.versions[.root] = 2
        try await repository.publish(formerRootKey: former)
        #expect(try Self.set(repository, first: first).root.payload.common.version == 2)
        // Without the old key's signature nobody follows.
        var thief = first
        thief.keys[.root] = try PrivateKey.generate(.ecdsaP256)
        thief.versions[.root] = 2
        thief.replace(.root, with: nil)
        try await thief.publish()
        #expect(throws: TUFError.thresholdNotMet(role: .root, required: 1, valid: 0)) {
            try Self.set(thief, first: first)
        }
    }

    @Test func certificatesExpireBeforeTheRoot() async throws {
        var repository = try Self.repository()
        let end = Self.now.advanced(bySeconds: 3600)
        _ = try repository.listed(.root, notAfter: end)
        try await repository.publish()
        _ = try Self.set(repository)
        #expect(throws: TUFError.certificatesExpired(at: end)) {
            try Self.set(repository, at: end.advanced(bySeconds: 1))
        }
    }

    @Test func aCertificateForAnotherName() async throws {
        var repository = try Self.repository()
        _ = try repository.listed(.root, name: "registry.example.com/team/*")
        try await repository.publish()
        _ = try Self.set(repository)
        var other = try Self.repository()
        _ = try other.listed(.root, name: "registry.example.com/other")
        try await other.publish()
        #expect(
            throws: TUFError.wrongRepository(
                role: .root,
                expected: Self.gun,
                found: "registry.example.com/other"
            )
        ) { try Self.set(other) }
    }

    // MARK: Rollback

    /// Why a repository is refused by somebody who has seen it before; nil when it is not.
    static func refusal(of repository: NotarySimulator, after seen: NotarySimulator) throws -> TUFError? {
        var repository = repository
        let id = try repository.listed(.root).notaryCanonicalID
        let stage = try RootStage(
            anchor: .keys([id], threshold: 1),
            firstRoot: repository.roots[1] ?? [],
            binding: .notary(gun: gun)
        )
        do throws(TUFError) {
            var snapshot = try stage.close(at: now).accept(repository.files[.timestamp] ?? [])
            guard snapshot.remember(seen.files[.snapshot] ?? []) else { return .roleNotListed(.snapshot) }
            var targets = try snapshot.accept(repository.files[.snapshot] ?? [])
            guard targets.remember(seen.files[.targets] ?? []) else { return .roleNotListed(.targets) }
            _ = try targets.accept(repository.files[.targets] ?? [])
            return nil
        } catch {
            return error
        }
    }

    /// Servers hold the keys of snapshot and timestamp, so they could bring old targets back.
    @Test func olderTargetsUnderANewSnapshot() async throws {
        var repository = try Self.repository()
        try repository.delegate(to: NotarySimulator.releases)
        try await repository.publish()
        let old = repository
        repository.versions = repository.versions.mapValues { $0 + 1 }
        repository.versions[.root] = 1
        try await repository.publish()
        let seen = repository
        for role in [RoleName.targets, NotarySimulator.releases] { repository.replace(role, with: old.files[role]) }
        repository.versions[.snapshot] = 3
        repository.versions[.timestamp] = 3
        try await repository.publishSnapshot()
        #expect(try Self.refusal(of: repository, after: seen) == .rollback(role: .targets, known: 2, offered: 1))
        let listed = try #require(try DelegatedRoles(of: Self.set(repository)).missing().first)
        #expect(throws: TUFError.rollback(role: NotarySimulator.releases, known: 2, offered: 1)) {
            _ = try listed.load(
                repository.files[NotarySimulator.releases] ?? [],
                after: seen.files[NotarySimulator.releases]
            )
        }
    }

    @Test func olderSnapshots() async throws {
        var repository = try Self.repository()
        repository.versions[.snapshot] = 5
        try await repository.publish()
        let seen = repository
        repository.versions[.snapshot] = 4
        repository.versions[.timestamp] = 2
        try await repository.publish()
        #expect(try Self.refusal(of: repository, after: seen) == .rollback(role: .snapshot, known: 5, offered: 4))
    }

    // MARK: Form

    /// The same bytes must not mean two things: Go matches names whatever their case.
    @Test(arguments: ["Version", "EXPIRES", "Meta", "_TYPE", "ver\u{17f}ion", "expire\u{17f}"])
    func lookalikes(name: String) async throws {
        var repository = try Self.repository()
        try await repository.publish()
        let text = String(decoding: repository.files[.timestamp] ?? [], as: UTF8.self)
        let changed = text.replacing(#"{"signed":{"#, with: #"{"signed":{"\#(name)":1,"#)
        let envelope = try Envelope(
            parsing: Array(changed.utf8),
            role: .timestamp,
            maximumLength: 100_000,
            dialect: .notary
        )
        #expect(throws: TUFError.malformed(role: .timestamp, field: "signed.\(name)")) {
            try envelope.inspect(as: Timestamp.self, role: .timestamp)
        }
    }

    @Test func nullListsAreEmpty() throws {
        let text = """
            {"signed":{"_type":"Targets","delegations":{"keys":{},"roles":null},"expires":"2033-01-01T00:00:00.5+05:30",\
            "targets":{},"version":2},"signatures":[]}
            """
        let envelope = try Envelope(parsing: Array(text.utf8), role: .targets, maximumLength: 1000, dialect: .notary)
        let targets = try envelope.inspect(as: Targets.self, role: .targets).unverified
        #expect(targets.count == 0)
        #expect(targets.common.expires.nanoseconds == 500_000_000)
    }

    @Test(arguments: ["targets/a/b", "alice", "targets/", "targets/A", "targets/../x", "releases"])
    func delegationsThatAreNoChildren(name: String) throws {
        let text = """
            {"signed":{"_type":"Targets","delegations":{"keys":{},"roles":[{"keyids":[],"name":"\(name)","paths":[""],\
            "threshold":1}]},"expires":"2033-01-01T00:00:00Z","targets":{},"version":2},"signatures":[]}
            """
        let envelope = try Envelope(parsing: Array(text.utf8), role: .targets, maximumLength: 1000, dialect: .notary)
        #expect(throws: TUFError.malformed(role: .targets, field: "signed.delegations.roles[0].name")) {
            try envelope.inspect(as: Targets.self, role: .targets)
        }
    }

    /// What a browser could take for HTML is written by number, and signed as it is.
    @Test func signaturesAreOverTheDecodedText() async throws {
        var repository = try Self.repository()
        repository.tags[.targets] = ["a<b>&\u{2028}c": Self.digest("x")]
        try await repository.publish()
        let text = String(decoding: repository.files[.targets] ?? [], as: UTF8.self)
        #expect(text.contains(#"a\u003cb\u003e\u0026\u2028c"#))
        #expect(try Self.find("a<b>&\u{2028}c", in: repository) != nil)
    }

    /// Metadata of one dialect is nothing in the other.
    @Test func dialectsDoNotMix() async throws {
        var repository = try Self.repository()
        try await repository.publish()
        let root = repository.roots[1] ?? []
        #expect(throws: TUFError.self) {
            _ = try RootStage(anchor: .root(root), firstRoot: root, binding: .unbound)
        }
        let tuf = RepositorySimulator(now: Self.now)
        tuf.publish()
        let other = tuf.roots[1] ?? []
        #expect(throws: TUFError.self) {
            _ = try RootStage(anchor: .root(other), firstRoot: other, binding: .notary(gun: Self.gun))
        }
    }

    // MARK: Keys of delegated roles

    /// `openssl req -x509` makes the certificate of a CA, and `notary delegation add` takes it.
    @Test func theCertificateOfACAIsGoodForADelegatedRole() throws {
        let pem = """
            -----BEGIN CERTIFICATE-----
            MIIBdTCCARugAwIBAgIUUKo7ZelQ7nCBwXS+d7TgLnkLCDcwCgYIKoZIzj0EAwIw
            EDEOMAwGA1UEAwwFYWxpY2UwHhcNMjYxMTI4MTEwNzEwWhcNMjcxMTI4MTEwNzEw
            WjAQMQ4wDAYDVQQDDAVhbGljZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJUY
            5p/IwOcOkJhES2PNITWsEFlmCB6bACJwHw5rbvF6it6wf6JbsW/jpwrvr7y+oolN
            DJ21wyln2J1ukZrsfhCjUzBRMB0GA1UdDgQWBBQo7OMq0kGIh5CT0v73mafNE2Gd
            lTAfBgNVHSMEGDAWgBQo7OMq0kGIh5CT0v73mafNE2GdlTAPBgNVHRMBAf8EBTAD
            AQH/MAoGCCqGSM49BAMCA0gAMEUCIBPPr9IOYwP57Ar373NQgF7XtC9BLD/wYSNc
            dNCAJTUoAiEAgbkCp+3E3AzPXpopMwZQuhtU9kazdf30d6DVhy9Hv6w=
            -----END CERTIFICATE-----

            """
        let value = Base64.encode(Array(pem.utf8).span)
        let json = #"{"keytype":"ecdsa-x509","keyval":{"private":null,"public":"\#(value)"}}"#
        let key = try #require(TUFKey(parsingNotary: Array(json.utf8)))
        #expect(key.publicKey != nil)
        #expect(key.computedID.string == "93c9ff5d7d6b8f851d9d2bbd64918e28e842f2df4aebd175a4c975a1e4e287b9")
        #expect(key.notaryCanonicalID.string == "9d2038068b92f2c26867c5d6d983c501b924ad62609db009023d8673b1b58983")
        // Root keys have certificates of their own.
        #expect(key.certificates == nil)
    }
}
