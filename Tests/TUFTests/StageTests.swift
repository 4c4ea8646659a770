import CanonicalJSON
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

/// The stages by themselves: what each asks for, its limits, and the rules that no other test names.
@Suite struct StageTests {
    private let repository = RepositorySimulator()
    private let now = SimulatedClock.start

    private func rootStage(binding: RepositoryBinding = .unbound, limits: TUFLimits = TUFLimits()) throws -> RootStage {
        let first = repository.roots[1] ?? []
        return try RootStage(anchor: .root(first), firstRoot: first, binding: binding, limits: limits)
    }

    @Test func filesAndLimits() throws {
        let root = try rootStage()
        #expect(root.next == .root(2))
        #expect(root.maximumLength == 512_000)
        let timestamp = try root.close(at: now)
        #expect(timestamp.maximumLength == 16_384)
        #expect(timestamp.root.payload.common.version == 1)
        let snapshot = try timestamp.accept(repository.file(.timestamp))
        #expect(snapshot.file.name == "1.snapshot.json")
        #expect(snapshot.maximumLength == repository.file(.snapshot).count)
        let targets = try snapshot.accept(repository.file(.snapshot))
        #expect(try targets.listed.file.name == "1.targets.json")
        #expect(try targets.listed.maximumLength == repository.file(.targets).count)
        let set = try targets.accept(repository.file(.targets))
        #expect(set.verifiedAt == now)
        #expect(set.earliestExpiry.role == .timestamp)
        #expect(set.earliestExpiry.at == repository.timestamp.expires)
    }

    @Test func filesWithoutConsistentSnapshots() throws {
        for flag in [false, nil] as [Bool?] {
            repository.root.consistentSnapshot = flag
            repository.roots[1] = RepositorySimulator.envelope(
                .object(repository.signed(.root)),
                signedBy: [.of(.root)]
            )
            let root = try rootStage()
            #expect(root.next.name == "2.root.json")
            let snapshot = try root.close(at: now).accept(repository.file(.timestamp))
            #expect(snapshot.file.name == "snapshot.json")
            let targets = try snapshot.accept(repository.file(.snapshot))
            #expect(try targets.listed.file.name == "targets.json")
        }
    }

    /// A listed length takes the place of the limit of the role, up to the limit for all files.
    @Test func listedLengths() throws {
        func limit(_ length: JSONValue?) throws -> (snapshot: Int, targets: Int) {
            repository.listsHashes = false
            repository.snapshot.meta["targets.json"] = ["version": 1]
            repository.timestamp.snapshot = ["version": 1]
            var record: JSONObject = ["version": 1]
            record["length"] = length
            repository.snapshot.meta["targets.json"] = .object(record)
            let targets = try rootStage().close(at: now).accept(repository.file(.timestamp))
                .accept(repository.file(.snapshot))
            let targetsLimit = try targets.listed.maximumLength
            repository.timestamp.snapshot = record
            let snapshot = try rootStage().close(at: now).accept(repository.file(.timestamp))
            return (snapshot.maximumLength, targetsLimit)
        }
        #expect(try limit(nil) == (2_000_000, 5_000_000))
        #expect(try limit(0) == (0, 0))
        #expect(try limit(17) == (17, 17))
        #expect(try limit(60_000_000) == (60_000_000, 60_000_000))
        #expect(try limit(.integer(.max)) == (64 << 20, 64 << 20))
    }

    /// A limit that the caller sets holds in every stage.
    @Test func ownLimits() throws {
        var limits = TUFLimits()
        limits.rootLength = 10
        let first = repository.roots[1] ?? []
        do {
            _ = try RootStage(anchor: .root(first), firstRoot: first, binding: .unbound, limits: limits)
            Issue.record("the root is longer than 10 bytes")
        } catch {
            #expect(error == .lengthExceeded(role: .root, limit: 10))
        }
        limits = TUFLimits()
        limits.listedLength = 10
        var judge = Judge(repository)
        judge.limits = limits
        // Nothing is listed here, so that the limits of the roles hold.
        #expect(judge.refusal(of: repository.file(.targets), as: .targets) == nil)
        repository.listsHashes = true
        repository.link()
        let snapshot = try rootStage(limits: limits).close(at: now).accept(repository.file(.timestamp))
        #expect(snapshot.maximumLength == 10)
        do {
            _ = try snapshot.accept(repository.file(.snapshot))
            Issue.record("the snapshot is longer than 10 bytes")
        } catch {
            #expect(error == .lengthExceeded(role: .snapshot, limit: 10))
        }
    }

    // MARK: Roots

    /// A refused root leaves the stage as it was, and the right one is still taken.
    @Test func refusedRootChangesNothing() throws {
        repository.publishRoot()
        let good = repository.roots[2] ?? []
        repository.publishRoot()
        let later = repository.roots[3] ?? []
        var stage = try rootStage()
        for bad in [later, repository.roots[1] ?? [], [], Array(good.dropLast())] {
            do {
                try stage.rotate(to: bad)
                Issue.record("not the next root")
            } catch {
                #expect(stage.root.payload.common.version == 1)
            }
        }
        try stage.rotate(to: good)
        try stage.rotate(to: later)
        #expect(stage.root.payload.common.version == 3)
        #expect(stage.next == .root(4))
    }

    @Test func versions() throws {
        repository.publishRoot()
        repository.publishRoot()
        var stage = try rootStage()
        for (version, found) in [(3, 3), (1, 1)] as [(Int64, Int64)] {
            do {
                try stage.rotate(to: repository.roots[version] ?? [])
                Issue.record("not the next root")
            } catch {
                #expect(error == .versionMismatch(role: .root, expected: 2, found: found))
            }
        }
    }

    /// New roots count for the limit, those that are known do not.
    @Test func numberOfRoots() throws {
        for _ in 0..<6 { repository.publishRoot() }
        var limits = TUFLimits()
        limits.rootRotations = 2
        var stage = try rootStage(limits: limits)
        for version in 2...5 as ClosedRange<Int64> {
            try stage.rotate(to: repository.roots[version] ?? [], isKnown: version < 4)
        }
        do {
            try stage.rotate(to: repository.roots[6] ?? [])
            Issue.record("the third new root")
        } catch {
            #expect(error == .tooManyRoots(limit: 2))
        }
        try stage.rotate(to: repository.roots[6] ?? [], isKnown: true)
        #expect(stage.root.payload.common.version == 6)
    }

    /// Keys and threshold of the root before and of the new one both have to be met, whatever is changed.
    @Test func bothThresholds() throws {
        let keys = (4..<10).map { SimulatedKey.ed25519($0) }
        struct Case {
            let before: ([Int], Int64)
            let after: ([Int], Int64)
            let signers: [Int]
            let refusal: (required: Int, valid: Int)?
        }
        let cases = [
            Case(before: ([0], 1), after: ([1], 1), signers: [0, 1], refusal: nil),
            Case(before: ([0], 1), after: ([1], 1), signers: [0], refusal: (1, 0)),
            Case(before: ([0], 1), after: ([1], 1), signers: [1], refusal: (1, 0)),
            Case(before: ([0], 1), after: ([0], 1), signers: [], refusal: (1, 0)),
            Case(before: ([0, 1], 2), after: ([0, 1], 1), signers: [0], refusal: (2, 1)),
            Case(before: ([0, 1], 2), after: ([0, 1], 1), signers: [0, 1], refusal: nil),
            Case(before: ([0, 1], 1), after: ([0, 1], 2), signers: [0], refusal: (2, 1)),
            Case(before: ([0, 1], 1), after: ([0, 1], 2), signers: [0, 1], refusal: nil),
            Case(before: ([0, 1, 2], 2), after: ([3, 4, 5], 2), signers: [0, 1, 3, 4], refusal: nil),
            Case(before: ([0, 1, 2], 2), after: ([3, 4, 5], 2), signers: [0, 3, 4], refusal: (2, 1)),
            Case(before: ([0, 1, 2], 2), after: ([3, 4, 5], 2), signers: [0, 1, 3], refusal: (2, 1)),
            Case(before: ([0, 1, 2], 2), after: ([2, 3, 4], 2), signers: [0, 2, 3], refusal: nil),
            Case(before: ([0, 1, 2], 2), after: ([2, 3, 4], 2), signers: [2, 5], refusal: (2, 1)),
            Case(before: ([0, 1], 1), after: ([0, 1], 3), signers: [0, 1], refusal: (3, 2)),
        ]
        for (number, rotation) in cases.enumerated() {
            let repository = RepositorySimulator()
            repository.root.roles[.root] = SimulatedRoleKeys(
                rotation.before.0.map { keys[$0] },
                threshold: rotation.before.1
            )
            let first = RepositorySimulator.envelope(
                .object(repository.signed(.root)),
                signedBy: rotation.before.0.map { keys[$0] }
            )
            repository.root.roles[.root] = SimulatedRoleKeys(
                rotation.after.0.map { keys[$0] },
                threshold: rotation.after.1
            )
            repository.publishRoot(signedBy: rotation.signers.map { keys[$0] })
            var stage = try RootStage(anchor: .root(first), firstRoot: first, binding: .unbound)
            do {
                try stage.rotate(to: repository.roots[2] ?? [])
                #expect(rotation.refusal == nil, "case \(number)")
            } catch {
                let expected = rotation.refusal.map {
                    TUFError.thresholdNotMet(role: .root, required: $0.required, valid: $0.valid)
                }
                #expect(error == expected, "case \(number)")
            }
        }
    }

    // MARK: Expiry

    /// §5.3.10 and on: `expires` has to be later than now. At that very instant it is over.
    @Test(arguments: RoleName.topLevel)
    func expiry(_ role: RoleName) throws {
        let end = now.advanced(bySeconds: 100)
        switch role {
        case .root: repository.root.expires = end
        case .timestamp: repository.timestamp.expires = end
        case .snapshot: repository.snapshot.expires = end
        default: repository.targets.expires = end
        }
        repository.roots[1] = RepositorySimulator.envelope(.object(repository.signed(.root)), signedBy: [.of(.root)])
        var judge = Judge(repository)
        for (instant, isGood) in [
            (end.advanced(bySeconds: -1), true),
            (Instant(secondsSinceEpoch: end.secondsSinceEpoch - 1, nanoseconds: 999_999_999), true), (end, false),
            (Instant(secondsSinceEpoch: end.secondsSinceEpoch, nanoseconds: 1), false),
            (end.advanced(bySeconds: 1), false),
        ] {
            judge.now = instant
            let found: TUFError?
            do {
                _ = try judge.trustedSet()
                found = nil
            } catch {
                found = error
            }
            #expect(found == (isGood ? nil : .expired(role: role, at: end)))
        }
    }

    /// The offset in which an expiry is written does not move it.
    @Test func expiryWithOffset() throws {
        repository.timestamp.fields["expires"] = "2026-01-01T02:00:00.5+02:00"
        var judge = Judge(repository)
        _ = try judge.trustedSet()
        judge.now = now.advanced(bySeconds: 1)
        #expect(
            throws: TUFError.expired(
                role: .timestamp,
                at: Instant(secondsSinceEpoch: 1_767_225_600, nanoseconds: 500_000_000)
            )
        ) {
            try judge.trustedSet()
        }
    }

    // MARK: What is remembered

    @Test func rememberedTimestamp() throws {
        repository.timestamp.version = 5
        let stored = repository.file(.timestamp)
        repository.timestamp.version = 4
        var stage = try rootStage().close(at: now)
        let isRemembered = stage.remember(stored)
        #expect(isRemembered)
        do {
            _ = try stage.accept(repository.file(.timestamp))
            Issue.record("an older timestamp")
        } catch {
            #expect(error == .rollback(role: .timestamp, known: 5, offered: 4))
        }
        for junk in [[], [0x7b], Array(stored.dropLast()), repository.file(.snapshot), repository.roots[1] ?? []] {
            var stage = try rootStage().close(at: now)
            let isRemembered = stage.remember(junk)
            #expect(!isRemembered)
            let next = try stage.acceptRemembered()
            if next != nil { Issue.record("junk is not remembered") }
        }
    }

    /// A remembered file that does not verify takes nothing away from one that did.
    @Test func junkDoesNotReplaceWhatIsRemembered() throws {
        repository.timestamp.version = 5
        var stage = try rootStage().close(at: now)
        let isRemembered = stage.remember(repository.file(.timestamp))
        #expect(isRemembered)
        let isReplaced = stage.remember([])
        #expect(!isReplaced)
        repository.timestamp.version = 4
        do {
            _ = try stage.accept(repository.file(.timestamp))
            Issue.record("an older timestamp")
        } catch {
            #expect(error == .rollback(role: .timestamp, known: 5, offered: 4))
        }
    }

    /// Another file of a known version is discarded quietly, and the known one goes on (§5.4.3.1).
    @Test func sameTimestampVersion() throws {
        let stored = repository.file(.timestamp)
        repository.timestamp.snapshot = ["version": 9]
        var stage = try rootStage().close(at: now)
        let isRemembered = stage.remember(stored)
        #expect(isRemembered)
        let next = try stage.accept(repository.file(.timestamp))
        #expect(next.timestamp.bytes == stored)
        #expect(next.file.name == "1.snapshot.json")
    }

    @Test func rememberedSnapshotIsCurrent() throws {
        let stored = repository.file(.snapshot)
        func isCurrent(_ bytes: [UInt8]) throws -> Bool {
            var stage = try rootStage().close(at: now).accept(repository.file(.timestamp))
            _ = stage.remember(bytes)
            return stage.rememberedIsCurrent
        }
        #expect(try isCurrent(stored))
        #expect(try !isCurrent(stored + [0x20]))
        #expect(try !isCurrent([]))
        repository.publishSnapshot()
        #expect(try !isCurrent(stored))
        repository.timestamp.snapshot = ["version": 1]
        #expect(try isCurrent(stored))
        repository.timestamp.snapshot = ["version": 2]
        #expect(try !isCurrent(stored))
    }

    @Test func storedTargetsAreCurrent() throws {
        let stored = repository.file(.targets)
        func isCurrent(_ bytes: [UInt8]) throws -> Bool {
            let stage = try rootStage().close(at: now).accept(repository.file(.timestamp)).accept(
                repository.file(.snapshot)
            )
            return try stage.listed.isCurrent(bytes)
        }
        #expect(try isCurrent(stored))
        #expect(try !isCurrent([]))
        repository.publish()
        #expect(try !isCurrent(stored))
        repository.listsHashes = false
        repository.link()
        #expect(try !isCurrent(stored))
        repository.targets.version = 1
        repository.link()
        #expect(try isCurrent(stored))
        #expect(try isCurrent(stored + [0x20]))
        #expect(try !isCurrent([0x7b]))
        #expect(try !isCurrent(repository.file(.snapshot)))
    }

    // MARK: Binding

    private static let name = "registry.example.com/team/app"
    private static let bindings: [(RepositoryBinding, named: String?, isGood: Bool)] = [
        (.unbound, name, true), (.unbound, nil, true), (.unbound, "other", true), (.repository(name), name, true),
        (.repository(name), nil, false), (.repository(name), "other", false), (.repository(name), "", false),
        (.repository(name), name + "/", false), (.repository(name), name.uppercased(), false),
        (.repository("caf\u{e9}"), "caf\u{e9}", true), (.repository("caf\u{e9}"), "cafe\u{301}", false),
        (.repositoryOrUnnamed(name), name, true), (.repositoryOrUnnamed(name), nil, true),
        (.repositoryOrUnnamed(name), "other", false), (.repositoryOrUnnamed(name), "", false),
        (.repository(""), nil, false),
    ]

    @Test(arguments: RoleName.topLevel)
    func binding(_ role: RoleName) throws {
        for (binding, named, isGood) in Self.bindings {
            let expected: String
            switch binding {
            case .repository(let name), .repositoryOrUnnamed(let name): expected = name
            case .unbound, .notary: expected = ""
            }
            let repository = RepositorySimulator(repository: binding == .unbound ? nil : expected)
            var judge = Judge(repository)
            judge.binding = binding
            var signed = repository.signed(role)
            if role == .root { signed["version"] = 2 }
            signed[TrustDataField.repository] = named.map { .string($0) }
            let file = RepositorySimulator.envelope(.object(signed), signedBy: repository.currentSigners(role))
            let refusal = TUFError.wrongRepository(role: role, expected: expected, found: named)
            // A root that names its repository goes on naming it, also where nobody else looks.
            #expect(
                judge.refusal(of: file, as: role)
                    == (isGood && !(role == .root && named == nil && binding != .unbound) ? nil : refusal),
                "\(binding) \(named ?? "nil")"
            )
        }
    }

    /// Once a root names its repository no later root changes that, whatever the binding.
    @Test func rootsKeepTheirRepository() throws {
        for (before, after, isGood) in [
            ("a", "a", true), ("a", "b", false), ("a", nil, false), (nil, "b", true), (nil, nil, true),
        ] as [(String?, String?, Bool)] {
            let repository = RepositorySimulator(repository: before)
            repository.repository = after
            repository.publishRoot()
            var judge = Judge(repository)
            judge.binding = .unbound
            let expected = isGood ? nil : TUFError.wrongRepository(role: .root, expected: "a", found: after)
            #expect(judge.refusal(of: repository.roots[2] ?? [], as: .root) == expected)
        }
    }

    // MARK: Targets

    /// Digests of a tag that have not the form of their algorithm come out when the tag is asked for.
    @Test(
        arguments: [
            ["sha256": "00"], ["sha256": "zz"], ["sha256": ""], ["sha512": "00", "sha256": "00"],
            ["sha256": .string(String(repeating: "A", count: 64))],
        ] as [JSONValue]
    )
    func malformedDigests(_ hashes: JSONValue) throws {
        repository.targets.targets["1.0"] = ["length": 1, "hashes": hashes]
        let set = try Judge(repository).trustedSet()
        #expect(throws: TUFError.malformed(role: .targets, field: "signed.targets.1.0.hashes.sha256")) {
            try set.record(for: TargetPath("1.0"))
        }
        #expect(throws: TUFError.malformed(role: .targets, field: "signed.targets.1.0.hashes.sha256")) {
            try set.targets.payload.forEach { _, _ in }
        }
        #expect(try set.record(for: TargetPath("2.0")) == nil)
    }

    /// Algorithms that are not known are left out. Whoever uses the record sees that there is no digest.
    @Test func unknownAlgorithms() throws {
        let digest = String(repeating: "0a", count: 32)
        repository.targets.targets["a"] = ["length": 1, "hashes": ["md5": "00"]]
        repository.targets.targets["b"] = ["length": 1, "hashes": ["blake3": "00", "sha256": .string(digest)]]
        let set = try Judge(repository).trustedSet()
        #expect(try set.record(for: TargetPath("a"))?.hashes.isEmpty == true)
        #expect(try set.record(for: TargetPath("b"))?.hashes.map(\.hex) == [digest])
        #expect(try set.record(for: TargetPath("b"))?.digest(.sha512) == nil)
    }

    @Test func namesOfTargets() throws {
        let long = String(repeating: "x", count: 4096)
        repository.targets.targets[long] = repository.targets.targets["1.0"]
        repository.targets.targets["caf\u{e9}"] = [
            "length": 1, "hashes": ["sha256": .string(String(repeating: "00", count: 32))],
        ]
        let set = try Judge(repository).trustedSet()
        #expect(try set.record(for: TargetPath("cafe\u{301}")) == nil)
        #expect(try set.record(for: TargetPath("caf\u{e9}"))?.length == 1)
        var names: [String] = []
        try set.targets.payload.forEach { path, _ in names.append(path.string) }
        #expect(names.count == 3)
        repository.targets.targets[long + "x"] = repository.targets.targets["1.0"]
        #expect(throws: TUFError.malformed(role: .targets, field: "signed.targets.\(long)x")) {
            try Judge(repository).trustedSet()
        }
    }

    // MARK: Snapshot

    @Test(arguments: [
        "targets", "targets.JSON", ".json", "targets.json ", "a\n.json", "targets.json\u{301}", "", "json",
    ])
    func namesInTheSnapshot(_ name: String) {
        repository.snapshot.meta[name] = ["version": 1]
        let refusal = Judge(repository).refusal(of: repository.file(.snapshot), as: .snapshot)
        #expect(refusal == .malformed(role: .snapshot, field: "signed.meta.\(name)"))
    }

    /// Names whose characters are not their bytes: a prepended concatenation mark takes the point in.
    @Test func oddNamesInTheSnapshot() throws {
        for name in ["x\u{600}", "e\u{301}", "..", "a/b", "root", "1.root"] {
            repository.snapshot.meta["\(name).json"] = ["version": 3]
            let set = try Judge(repository).trustedSet()
            #expect(set.snapshot.payload.roles[try RoleName(name)]?.version == 3)
        }
    }

    /// §4.6: one entry. A second one would be signed and unheeded.
    @Test func secondEntryInTheTimestamp() {
        repository.timestamp.fields["meta"] = ["snapshot.json": ["version": 1], "other.json": ["version": 1]]
        let refusal = Judge(repository).refusal(of: repository.file(.timestamp), as: .timestamp)
        #expect(refusal == .malformed(role: .timestamp, field: "signed.meta"))
    }
}
