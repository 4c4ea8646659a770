import CanonicalJSON
import TUF
import TUFClient
import Testing
import TrustCrypto
import TrustTestSupport

/// What the metadata of large public repositories has that the specification does not, or no more: made here, with keys of
/// our own, after what such repositories carry.
@Suite struct ProductionTests {
    private let repository = RepositorySimulator(repository: nil)

    private static let people = (0..<4).map { SimulatedKey.p256($0) }

    /// The oldest form of an ECDSA key: the point in hexadecimal, and the curve for a key type.
    private static func point(_ key: SimulatedKey) -> SimulatedKey {
        let point = Array(key.privateKey.publicKey.spkiDER.suffix(65))
        return key.with("keytype", "ecdsa-sha2-nistp256").with("keyid_hash_algorithms", ["sha256", "sha512"])
            .with("keyval", ["public": .string(Hex.encode(point.span))])
    }

    /// The form after that: PEM, and still the curve for a key type.
    private static func pem(_ key: SimulatedKey) -> SimulatedKey { key.with("keytype", "ecdsa-sha2-nistp256") }

    /// The form of today, with the owner's name in it, which the id does not cover (TAP 12).
    private static func owned(_ key: SimulatedKey) -> SimulatedKey {
        key.named(key.id).with("x-tuf-on-ci-keyowner", "@somebody")
    }

    /// Begins with a root of three out of four people, without consistent snapshots, with an expiry in another zone.
    private func begin() -> SimulatedClient<MemoryTrustCache> {
        let keys = Self.people.map(Self.point)
        repository.root.consistentSnapshot = false
        repository.root.fields = ["spec_version": "1.0", "expires": "2030-12-18T13:28:12.99008-06:00"]
        for role in RoleName.topLevel { repository.root.roles[role] = SimulatedRoleKeys(keys, threshold: 3) }
        repository.roots[1] = RepositorySimulator.envelope(.object(repository.signed(.root)), signedBy: keys)
        repository.timestamp.fields = ["spec_version": "1.0", "expires": "2026-06-11T19:09:02.663975009Z"]
        repository.link()
        var client = SimulatedClient(pinning: repository)
        client.anchor = .root(repository.roots[1] ?? [])
        return client
    }

    /// Changes the newest root after it was signed.
    private func changeSignatures(_ change: ([JSONValue]) -> [JSONValue]) throws {
        let version = repository.root.version
        var file = try #require(try JSONValue(parsing: repository.roots[version] ?? []).object)
        file["signatures"] = .array(change(file["signatures"]?.array ?? []))
        repository.roots[version] = JSONValue.object(file).jsonBytes(pretty: false)
    }

    private func setRoot(_ keys: [SimulatedKey], threshold: Int64 = 3) {
        for role in [RoleName.root, .targets] {
            repository.root.roles[role] = SimulatedRoleKeys(keys, threshold: threshold)
        }
    }

    /// The same people go from one form of their keys to the next, and sign under the ids of both, as one of the great public
    /// repositories did over the years: every step is trusted, by who followed and by who comes at the end.
    @Test func theFormsOfKeysOverTheYears() async throws {
        let client = begin()
        let (points, pems) = (Self.people.map(Self.point), Self.people.map(Self.pem))
        let owned = Self.people.map(Self.owned)
        #expect(await client.refresh(from: repository) == .trusted(1, 1, 1, 1))

        // Keys that are on line for the roles that change daily.
        for role in [RoleName.timestamp, .snapshot] { repository.root.roles[role] = SimulatedRoleKeys([.p384]) }
        repository.root.fields["expires"] = "2030-11-10T21:58:09.733402317Z"
        repository.publishRoot(signedBy: points.dropLast())
        repository.publish()
        #expect(await client.refresh(from: repository) == .trusted(2, 2, 2, 2))

        // Other forms are other ids, and both sign. From here on the snapshot is consistent.
        setRoot(pems)
        repository.root.consistentSnapshot = true
        repository.publishRoot(signedBy: points + pems)
        repository.publish()
        #expect(await client.refresh(from: repository) == .trusted(3, 3, 3, 3))

        setRoot(Self.people)
        repository.publishRoot(signedBy: pems + Self.people)
        repository.publish()
        #expect(await client.refresh(from: repository) == .trusted(4, 4, 4, 4))

        // The same ids with more in the keys: no id is what it would be computed to. One did not sign in time.
        setRoot(owned)
        #expect(owned.allSatisfy { $0.id != $0.computedID.string })
        repository.root.fields["x-tuf-on-ci-expiry-period"] = 182
        repository.root.fields["x-tuf-on-ci-signing-period"] = 35
        repository.publishRoot(signedBy: owned.dropLast())
        try changeSignatures { $0 + [["keyid": .string(owned[3].id), "sig": ""]] }
        repository.publish()
        #expect(await client.refresh(from: repository) == .trusted(5, 5, 5, 5))
        #expect(await client.offline() == .trusted(5, 5, 5, 5))

        var newcomer = SimulatedClient(pinning: repository)
        newcomer.anchor = client.anchor
        #expect(await newcomer.refresh(from: repository) == .trusted(5, 5, 5, 5))
    }

    /// Two people under two ids each are two of three.
    @Test func twoIDsOfAPersonCountOnce() async {
        let client = begin()
        let both = Self.people.prefix(2).map(Self.point) + Self.people.prefix(2).map(Self.pem)
        setRoot(Self.people.map(Self.point) + Self.people.map(Self.pem))
        repository.publishRoot(signedBy: Self.people.prefix(3).map(Self.point))
        repository.publishRoot(signedBy: both)
        #expect(
            await client.refresh(from: repository)
                == .refused(.thresholdNotMet(role: .root, required: 3, valid: 2))
        )
    }

    /// An empty signature is none.
    @Test func emptySignaturesCountForNothing() async throws {
        let client = begin()
        let points = Self.people.map(Self.point)
        repository.publishRoot(signedBy: points.dropLast(2))
        try changeSignatures { entries in
            entries + points.suffix(2).map { ["keyid": .string($0.id), "sig": ""] }
        }
        #expect(
            await client.refresh(from: repository)
                == .refused(.thresholdNotMet(role: .root, required: 3, valid: 2))
        )
    }

    /// A fraction and an offset count to the second: the first root ends at 19:28:12.99008 UTC.
    @Test(arguments: [(-1, true), (0, true), (1, false)] as [(Int64, Bool)])
    func offsetsAndFractions(seconds: Int64, isTrusted: Bool) async throws {
        let client = begin()
        for role in [RoleName.timestamp, .snapshot, .targets] { repository.setExpiry(of: role, "2040-01-01T00:00:00Z") }
        repository.link()
        client.clock.set(try #require(Instant(rfc3339: "2030-12-18T19:28:12Z")).advanced(bySeconds: seconds))
        let end = try #require(Instant(rfc3339: "2030-12-18T13:28:12.99008-06:00"))
        let outcome = await client.refresh(from: repository)
        #expect(outcome == (isTrusted ? .trusted(1, 1, 1, 1) : .refused(.expired(role: .root, at: end))))
    }

    /// Snapshots that still list the root, and roles that nobody delegates to any more; a timestamp that lists no hashes.
    @Test func leftoversInTheSnapshot() async throws {
        let client = begin()
        let role = try RoleName("registry.example.org")
        let record: JSONValue = [
            "version": 2, "length": 797,
            "hashes": [
                "sha256": .string(String(repeating: "ab", count: 32)),
                "sha512": .string(String(repeating: "cd", count: 64)),
            ],
        ]
        for name in ["root.json", "revocation.json", "staging.json"] { repository.snapshot.meta[name] = record }
        repository.listsHashes = false
        repository.delegate(
            to: role,
            keys: [Self.owned(.p256(0))],
            isTerminating: true,
            scope: ["paths": ["registry.example.org/*"]]
        )
        repository.delegated[role]?.setTarget("registry.example.org/keys.json", to: "keys")
        repository.publish()
        let set = try await client.trustedSet(from: repository)
        let found = try await client.updater.find(
            TargetPath("registry.example.org/keys.json"),
            in: set,
            from: repository
        )
        #expect(found?.role == role)
    }

    /// One pattern for each depth, since a star does not cross a slash; keys of two curves in one role.
    @Test func onePatternForEachDepth() async throws {
        let role = try RoleName("images")
        let keys = [SimulatedKey.p384, .p256(1)].map(Self.owned)
        let paths: JSONValue = ["images/*", "images/*/*", "images/*/*/*"]
        repository.delegate(to: role, keys: keys, threshold: 2, isTerminating: true, scope: ["paths": paths])
        let names = ["images/a", "images/a/b", "images/a/b/c", "images/a/b/c/d", "other/a"]
        for name in names { repository.delegated[role]?.setTarget(name, to: name) }
        repository.targets.fields["spec_version"] = "1.0.31"
        repository.publish()
        let client = SimulatedClient(pinning: repository)
        let set = try await client.trustedSet(from: repository)
        for (index, name) in names.enumerated() {
            let found = try await client.updater.find(TargetPath(name), in: set, from: repository)
            #expect(found?.role == (index < 3 ? role : nil), "\(name)")
        }
    }

    /// RSA keys of the sizes that are in use, under both schemes, and under no other one.
    @Test(arguments: [2048, 3072, 4096])
    func sizesOfRSAKeys(bits: Int) async throws {
        let pss = SimulatedKey(try PrivateKey.generate(.rsa(bits: bits)), scheme: .rsassaPSSSHA256)
        let pkcs1 = SimulatedKey(pss.privateKey, scheme: .rsaPKCS1v15SHA256)
        for (key, other) in [(pss, pkcs1), (pkcs1, pss)] {
            let repository = RepositorySimulator()
            repository.root.roles[.timestamp] = SimulatedRoleKeys([key])
            repository.publishRoot()
            #expect(await SimulatedClient(pinning: repository).refresh(from: repository) == .trusted(2, 1, 1, 1))
            repository.signers[.timestamp] = [other.named(key.id)]
            #expect(
                await SimulatedClient(pinning: repository).refresh(from: repository)
                    == .refused(.thresholdNotMet(role: .timestamp, required: 1, valid: 0))
            )
        }
    }
}

extension RepositorySimulator {
    /// Sets what a role says of its end, as text.
    fileprivate func setExpiry(of role: RoleName, _ text: String) {
        switch role {
        case .timestamp: timestamp.fields["expires"] = .string(text)
        case .snapshot: snapshot.fields["expires"] = .string(text)
        default: targets.fields["expires"] = .string(text)
        }
    }
}
