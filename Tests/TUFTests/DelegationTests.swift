import CanonicalJSON
import Testing
import TrustCrypto
import TrustTestSupport

@testable import TUF

/// What `delegations` may look like.
@Suite struct DelegationFormTests {
    private func refusal(_ delegations: JSONValue) -> TUFError? {
        let repository = RepositorySimulator()
        repository.targets.fields["delegations"] = delegations
        let judge = Judge(repository)
        return judge.refusal(of: repository.file(.targets), as: .targets)
    }

    private static let role: JSONObject = [
        "name": "a", "keyids": [], "threshold": 1, "terminating": false, "paths": ["*"],
    ]

    private func refusal(role changes: JSONObject, without: String? = nil) -> TUFError? {
        var role = Self.role
        role.merge(changes)
        if let without { role[without] = nil }
        return refusal(["keys": [:], "roles": [.object(role)]])
    }

    @Test func good() {
        #expect(refusal(["keys": [:], "roles": []]) == nil)
        #expect(refusal(role: [:]) == nil)
        #expect(refusal(role: ["x-more": 1, "threshold": 9]) == nil)
        #expect(refusal(role: ["path_hash_prefixes": ["00", "ff"]], without: "paths") == nil)
        let bins: JSONObject = ["keyids": [], "threshold": 1, "bit_length": 32, "name_prefix": "b"]
        #expect(refusal(["keys": [:], "succinct_roles": .object(bins)]) == nil)
    }

    private func malformed(_ field: String) -> TUFError {
        .malformed(role: .targets, field: "signed.delegations\(field)")
    }

    @Test func badRoles() {
        #expect(refusal("none") == malformed(""))
        #expect(refusal([:]) == malformed(".keys"))
        #expect(refusal(["keys": [:]]) == malformed(".roles"))
        #expect(refusal(["keys": [:], "roles": [1]]) == malformed(".roles[0]"))
        #expect(refusal(["keys": [:], "roles": [.object(Self.role), .object(Self.role)]]) == malformed(".roles"))
        for name in ["root", "targets", "snapshot", "timestamp", "", "a\u{7}"] {
            #expect(refusal(role: ["name": .string(name)]) == malformed(".roles[0].name"), "\(name)")
        }
        for field in ["name", "keyids", "threshold", "terminating", "paths"] {
            #expect(refusal(role: [:], without: field) == malformed(".roles[0].\(field)"))
            #expect(refusal(role: [field: .object([:])]) == malformed(".roles[0].\(field)"))
        }
        #expect(refusal(role: ["threshold": 0]) == malformed(".roles[0].threshold"))
        #expect(refusal(role: ["path_hash_prefixes": []]) == malformed(".roles[0].paths"))
        #expect(refusal(role: ["paths": [1]]) == malformed(".roles[0].paths"))
        #expect(
            refusal(role: ["path_hash_prefixes": [1]], without: "paths") == malformed(".roles[0].path_hash_prefixes")
        )
    }

    @Test func badBins() {
        let good: JSONObject = ["keyids": [], "threshold": 1, "bit_length": 8, "name_prefix": "b"]
        #expect(refusal(["keys": [:], "roles": [], "succinct_roles": .object(good)]) == malformed(".succinct_roles"))
        for (field, values) in [
            ("bit_length", [0, 33, -1, "8", nil]), ("threshold", [0, nil]), ("keyids", [1, nil]),
            ("name_prefix", [1, nil, "\u{0}", .string(String(repeating: "b", count: 511))]),
        ] as [(String, [JSONValue?])] {
            for value in values {
                var bins = good
                bins[field] = value
                #expect(
                    refusal(["keys": [:], "succinct_roles": .object(bins)]) == malformed(".succinct_roles.\(field)"),
                    "\(field) \(String(describing: value))"
                )
            }
        }
    }

    /// What the definition in TAP 15 gives for these, worked out with another program.
    @Test(arguments: [
        (1, "1.0", "b-1"), (4, "1.0", "b-d"), (8, "latest", "b-5e"), (10, "latest", "b-178"), (11, "1.0", "b-687"),
        (32, "1.0", "b-d0ff5974"),
    ])
    func binsOfPaths(bitLength: Int, path: String, role: String) throws {
        let keys = RoleKeys(keyIDs: [], threshold: 1)
        let bins = try SuccinctRoles(keys: keys, bitLength: bitLength, namePrefix: "b")
        #expect(bins.roleName(ofBin: bins.bin(of: try TargetPath(path))).string == role)
        #expect(bins.roleName(ofBin: bins.count - 1).string.utf8.count == role.utf8.count)
    }
}

/// The search, its order, and what ends it.
@Suite struct DelegationWalkTests {
    private let repository = RepositorySimulator()
    private static let keys = (4..<16).map { SimulatedKey.ed25519($0) }

    private func name(_ string: String) throws -> RoleName { try RoleName(string) }

    /// How a search ended, and which roles were loaded for it.
    private func search(_ path: String, limits: TUFLimits = TUFLimits()) throws -> (
        found: FoundTarget?, loaded: [String]
    ) {
        var judge = Judge(repository)
        judge.limits = limits
        var walk = try DelegationWalk(for: TargetPath(path), in: judge.trustedSet())
        var loaded: [String] = []
        while true {
            switch try walk.next() {
            case .found(let target): return (target, loaded)
            case .notFound: return (nil, loaded)
            case .load(let file):
                loaded.append(file.role.string)
                try walk.accept(repository.file(file.role))
            }
        }
    }

    private func delegate(
        _ parent: String,
        _ child: String,
        key: Int = 0,
        terminating: Bool = false,
        paths: [String] = ["*"]
    ) throws {
        repository.delegate(
            to: try name(child),
            from: try name(parent),
            keys: [Self.keys[key]],
            isTerminating: terminating,
            scope: ["paths": .array(paths.map { .string($0) })]
        )
    }

    private func list(_ path: String, in role: String, _ content: String) throws {
        repository.delegated[try name(role)]?.setTarget(path, to: content)
    }

    /// Each edge is `parent>child`, with `!` where it is terminating; then the roles in the order of the visit.
    @Test(arguments: [
        ("targets>A", "A"),
        ("targets>A targets>B", "A B"),
        ("targets>A! targets>B", "A"),
        ("targets>A targets>B! targets>C", "A B"),
        ("targets>A A>B targets>C", "A B C"),
        ("targets>A targets>D A>B! A>C", "A B"),
        ("targets>A A>B B>A B>C", "A B C"),
        ("targets>A targets>B A>C B>C", "A C B"),
        ("targets>A! A>B A>C targets>D", "A B C"),
        ("targets>A A>A", "A"),
    ])
    func order(edges: String, visited: String) throws {
        for edge in edges.split(separator: " ") {
            let roles = edge.split(whereSeparator: { ">!".contains($0) }).map(String.init)
            try delegate(roles[0], roles[1], terminating: edge.hasSuffix("!"))
        }
        let (found, loaded) = try search("nothing")
        #expect(found == nil)
        #expect(loaded.joined(separator: " ") == visited)
    }

    @Test func theFirstRoleThatListsItWins() throws {
        try delegate("targets", "A")
        try delegate("targets", "B", key: 1)
        try list("x", in: "B", "of B")
        #expect(try search("x").found?.role.string == "B")
        try list("x", in: "A", "of A")
        let (found, loaded) = try search("x")
        #expect(found?.role.string == "A")
        #expect(found?.chain.count == 2)
        #expect(loaded == ["A"])
        // The delegator's own targets come first, and cost no file.
        repository.setTarget("x", to: "of targets")
        #expect(try search("x").found?.role == .targets)
        #expect(try search("x").loaded == [])
    }

    @Test func everyRoleOfTheChainMustMatch() throws {
        try delegate("targets", "A", paths: ["a/*"])
        try delegate("A", "B", paths: ["*/x"])
        for path in ["a/x", "b/x", "a/y"] { try list(path, in: "B", path) }
        #expect(try search("a/x").found?.role.string == "B")
        #expect(try search("b/x").loaded == [])
        let other = try search("a/y")
        #expect(other.found == nil)
        #expect(other.loaded == ["A"])
    }

    @Test func hashPrefixes() throws {
        let digest = Digest.compute(.sha256, over: Array("x".utf8).span).hex
        for (prefix, matches) in [
            (String(digest.prefix(2)), true), (digest, true), (digest + "0", false), ("", true), ("zz", false),
            (String(digest.prefix(3)).uppercased(), String(digest.prefix(3)).uppercased() == String(digest.prefix(3))),
        ] {
            let scope = DelegatedRole.Scope.pathHashPrefixes([prefix])
            #expect(scope.contains(try TargetPath("x")) == matches, "\(prefix)")
        }
        repository.delegate(
            to: try name("A"),
            keys: [Self.keys[0]],
            scope: ["path_hash_prefixes": [.string(String(digest.prefix(4)))]]
        )
        try list("x", in: "A", "of A")
        #expect(try search("x").found?.role.string == "A")
        #expect(try search("y").loaded == [])
    }

    @Test func bins() throws {
        repository.delegateToBins("bin", bitLength: 3, keys: [Self.keys[0]])
        let bins = try SuccinctRoles(keys: RoleKeys(keyIDs: [], threshold: 1), bitLength: 3, namePrefix: "bin")
        for tag in ["a", "b", "c", "d"] {
            let bin = bins.roleName(ofBin: bins.bin(of: try TargetPath(tag)))
            try list(tag, in: bin.string, tag)
            let (found, loaded) = try search(tag)
            #expect(found?.role == bin)
            #expect(loaded == [bin.string])
        }
        // A bin that lists another's target is not asked.
        let path = try TargetPath("a")
        let other = bins.roleName(ofBin: (bins.bin(of: path) + 1) % bins.count)
        repository.delegated[bins.roleName(ofBin: bins.bin(of: path))]?.targets = [:]
        try list("a", in: other.string, "a")
        #expect(try search("a").found == nil)
    }

    /// Two delegators give one role different keys: the file counts only where the keys of that path signed it.
    @Test func theKeysOfTheDelegatorCount() throws {
        try delegate("targets", "A", key: 0, paths: ["a*"])
        try delegate("targets", "B", key: 1, paths: ["b*"])
        try delegate("A", "C", key: 2, paths: ["*"])
        try delegate("B", "C", key: 3, paths: ["*"])
        try list("ax", in: "C", "x")
        try list("bx", in: "C", "x")
        #expect(try search("ax").found?.role.string == "C")
        #expect(throws: TUFError.thresholdNotMet(role: try name("C"), required: 1, valid: 0)) { try search("bx") }
        // A key that only the other delegator names counts for nothing, even when it comes along.
        repository.signers[try name("C")] = [Self.keys[2], Self.keys[3]]
        #expect(try search("bx").found?.role.string == "C")
    }

    @Test func whatIsWrongWithAFileEndsTheSearch() throws {
        try delegate("targets", "A")
        try delegate("targets", "B")
        try list("x", in: "B", "x")
        let role = try name("A")
        let good = repository.delegated[role]
        for (change, error) in [
            ({ $0.version = 2 }, .versionMismatch(role: role, expected: 1, found: 2)),
            ({ $0.expires = SimulatedClock.start }, .expired(role: role, at: SimulatedClock.start)),
            ({ $0.fields["_type"] = "snapshot" }, .wrongType(role: role, found: "snapshot")),
            (
                { $0.fields[TrustDataField.repository] = "other" },
                .wrongRepository(role: role, expected: repository.repository ?? "", found: "other")
            ),
        ] as [((inout SimulatedTargets) -> Void, TUFError)] {
            repository.delegated[role] = good
            repository.link()
            var bad = try #require(good)
            change(&bad)
            let judge = Judge(repository)
            var walk = try DelegationWalk(for: TargetPath("x"), in: judge.trustedSet())
            repository.delegated[role] = bad
            guard case .load(let file) = try walk.next() else {
                Issue.record("A is loaded first")
                return
            }
            #expect(file.file.name == "1.A.json")
            #expect(throws: error) { try walk.accept(repository.file(role)) }
        }
        repository.delegated[role] = good
        repository.signers[role] = [.ed25519(9)]
        #expect(throws: TUFError.thresholdNotMet(role: role, required: 1, valid: 0)) { try search("x") }
    }

    /// Odd delegations that the delegator has signed: what they name cannot speak, and nothing else speaks in its place.
    @Test func oddDelegations() throws {
        let key = Self.keys[0]
        let id = key.id
        let a = try name("A")
        let notMet = { (required: Int, valid: Int) in
            TUFError.thresholdNotMet(role: a, required: required, valid: valid)
        }
        for (path, value, refusal) in [
            (["keys", id], nil, notMet(1, 0)), (["keys", id, "keytype"], "rsa", notMet(1, 0)),
            (["keys", id, "scheme"], "none", notMet(1, 0)), (["keys", id, "keyval", "public"], "00", notMet(1, 0)),
            (["keys"], [:], notMet(1, 0)), (["keys"], ["x": key.json], notMet(1, 0)),
            (["roles", "0", "keyids"], [], notMet(1, 0)), (["roles", "0", "keyids"], ["x"], notMet(1, 0)),
            (["roles", "0", "keyids"], [.string(id), .string(id)], nil),
            (["roles", "0", "threshold"], 2, notMet(2, 1)),
            (["roles", "0", "threshold"], .integer(.max), notMet(.max, 1)),
            (["roles", "0", "name"], "B", .roleNotListed(try name("B"))), (["roles", "0", "terminating"], true, nil),
            (["x-unknown"], [1], nil), (["keys", id, "x-unknown"], 1, nil),
        ] as [([String], JSONValue?, TUFError?)] {
            let repository = RepositorySimulator()
            repository.delegate(to: a, keys: [key])
            repository.delegated[a]?.setTarget("x", to: "x")
            let delegations = JSONValue.object(repository.targets.delegations ?? [:])
            repository.targets.delegations = Swizzler.setting(path[...], of: delegations, to: value)?.object
            var walk = try DelegationWalk(for: TargetPath("x"), in: Judge(repository).trustedSet())
            var found: TUFError?
            do throws(TUFError) {
                if case .load = try walk.next() { try walk.accept(repository.file(a)) }
                if case .found(let target) = try walk.next() { #expect(target.role == a) }
            } catch {
                found = error
            }
            #expect(found == refusal, "\(path.joined(separator: "."))")
        }
    }

    @Test func aRoleThatTheSnapshotDoesNotList() throws {
        try delegate("targets", "A")
        let judge = Judge(repository)
        repository.snapshot.meta["A.json"] = nil
        var walk = try DelegationWalk(for: TargetPath("x"), in: judge.trustedSet())
        #expect(throws: TUFError.roleNotListed(try name("A"))) { try walk.next() }
    }

    @Test func hashesAndLengthsOfTheSnapshot() throws {
        try delegate("targets", "A")
        repository.link()
        let root = repository.roots[1] ?? []
        let set = try RootStage(anchor: .root(root), firstRoot: root, binding: .unbound)
            .close(at: SimulatedClock.start).accept(repository.file(.timestamp)).accept(repository.file(.snapshot))
            .accept(repository.file(.targets))
        var walk = try DelegationWalk(for: TargetPath("x"), in: set)
        guard case .load(let file) = try walk.next() else {
            Issue.record("A is loaded")
            return
        }
        let good = repository.file(try name("A"))
        #expect(file.maximumLength == good.count)
        #expect(file.isCurrent(good))
        #expect(!file.isCurrent(good + [0x20]))
        var longer = walk
        #expect(
            throws: TUFError.lengthMismatch(role: file.role, expected: Int64(good.count), found: Int64(good.count + 1))
        ) {
            try longer.accept(good + [0x20])
        }
        var other = good
        other[other.count - 1] = 0x20
        var changed = walk
        #expect(throws: TUFError.hashMismatch(role: file.role, expected: try #require(file.record.hashes.first))) {
            try changed.accept(other)
        }
        try walk.accept(good)
    }

    @Test func noMoreRolesThanTheLimit() throws {
        var limits = TUFLimits()
        limits.delegatedRoles = 3
        for child in ["A", "B", "C"] { try delegate("targets", child) }
        #expect(try search("x", limits: limits).loaded == ["A", "B", "C"])
        try delegate("targets", "D")
        #expect(throws: TUFError.tooManyDelegations(limit: 3)) { try search("x", limits: limits) }
    }
}
