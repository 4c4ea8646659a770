import CanonicalJSON
import TUF
import TUFClient
import Testing
import TrustCrypto
import TrustTestSupport

/// Several repositories that must agree (TAP 4).
@Suite struct MultiRepositoryTests {
    typealias Failure = MappedRepositoryError<SimulatorFailure>

    /// Repositories `a`, `b` and `c`, all with the target `1.0`, and a client's directory.
    struct World {
        let directory: TemporaryDirectory
        let repositories: [String: RepositorySimulator]
        let clock = SimulatedClock()

        init() async throws {
            directory = try TemporaryDirectory()
            var repositories: [String: RepositorySimulator] = [:]
            for (number, name) in ["a", "b", "c"].enumerated() {
                let keys = Dictionary(
                    uniqueKeysWithValues: RoleName.topLevel.map { ($0, SimulatedKey.ed25519(number)) }
                )
                let repository = RepositorySimulator(repository: nil, keys: keys)
                repositories[name] = repository
                let metadata = MultiRepositoryClient<RepositorySimulator>.metadata(
                    of: try RepositoryLabel(name),
                    in: directory.path
                )
                #expect(try await metadata.initialize(root: repository.roots[1] ?? []))
            }
            self.repositories = repositories
        }

        func repository(_ name: String) throws -> RepositorySimulator { try #require(repositories[name]) }

        /// A client of mappings `PATTERN REPOSITORIES THRESHOLD`, with an exclamation mark where they terminate.
        func client(
            _ mappings: String...,
            mirrors: [String: [RepositorySimulator]] = [:]
        ) throws -> MultiRepositoryClient<RepositorySimulator> {
            var sources: [RepositoryLabel: [RepositorySimulator]] = [:]
            for (name, repository) in repositories {
                sources[try RepositoryLabel(name)] = mirrors[name] ?? [repository]
            }
            return MultiRepositoryClient(
                map: try Self.map(mappings),
                directory: directory.path,
                sources: sources,
                now: clock.now()
            )
        }

        static func map(_ mappings: [String]) throws -> RepositoryMap {
            let list = try mappings.map { text -> JSONValue in
                let words = text.split(separator: " ").map(String.init)
                let threshold = try #require(Int64(words[2]))
                return [
                    "paths": [.string(words[0])], "repositories": .array(words[1].map { .string(String($0)) }),
                    "threshold": .integer(threshold), "terminating": .boolean(words.count > 3),
                ]
            }
            let map: JSONValue = ["repositories": ["a": ["x"], "b": ["x"], "c": ["x"]], "mapping": .array(list)]
            return try RepositoryMap(parsing: map.jsonBytes(pretty: false))
        }
    }

    /// How a search ended.
    private func outcome(
        _ client: MultiRepositoryClient<RepositorySimulator>,
        _ path: String = "1.0"
    ) async throws -> String {
        let path = try TargetPath(path)
        do throws(MapSearchError<Failure>) {
            let target = try await client.find(path)
            return target.vouchers.map(\.repository.string).joined()
        } catch {
            switch error {
            case .notMapped: return "not mapped"
            case .notListed(let shortfalls): return "not listed by \(shortfalls.map(Self.text).joined(separator: " "))"
            case .thresholdNotMet(let shortfall): return "\(shortfall.agreeing) agree: \(Self.text(shortfall))"
            case .undetermined(let shortfall): return "undetermined: \(Self.text(shortfall))"
            }
        }
    }

    /// `a+` lists it, `b-` does not, `c!` failed.
    private static func text(_ shortfall: MapShortfall<Failure>) -> String {
        shortfall.answers.map { repository, answer in
            switch answer {
            case .lists: "\(repository)+"
            case .doesNotList: "\(repository)-"
            case .failed: "\(repository)!"
            }
        }.joined()
    }

    @Test func asManyAsNeededAreAsked() async throws {
        let world = try await World()
        #expect(try await outcome(world.client("* abc 2 !")) == "ab")
        #expect(try world.repository("c").requests.isEmpty)
        #expect(try await outcome(world.client("* cab 1 !")) == "c")
        #expect(try await outcome(world.client("* abc 3 !")) == "abc")
        #expect(try await outcome(world.client("v* abc 3 !")) == "not mapped")
        #expect(try await outcome(world.client("* abc 3 !"), "2.0") == "not listed by a-b-c-")
    }

    /// Each repository is updated once, whatever is searched.
    @Test func oneUpdateForAllTargets() async throws {
        let world = try await World()
        let client = try world.client("* ab 2 !")
        #expect(try await outcome(client) == "ab")
        let count = try world.repository("a").requests.count
        #expect(try await outcome(client) == "ab")
        #expect(try await outcome(client, "2.0") == "not listed by a-b-")
        #expect(try world.repository("a").requests.count == count)
        // Another run begins with what was kept.
        #expect(try await outcome(world.client("* ab 2 !")) == "ab")
    }

    enum Trouble: String, CaseIterable, Sendable {
        case otherContent, down, rolledBack, expired, foreignKeys, noTarget, noRoot, endless
    }

    /// One that is wrong changes nothing where two suffice, and everything where three must agree.
    @Test(arguments: Trouble.allCases)
    func oneOfThree(trouble: Trouble) async throws {
        let world = try await World()
        let bad = try world.repository("a")
        let old = bad.files()
        switch trouble {
        case .otherContent:
            bad.setTarget("1.0", to: "the evil image")
            bad.publish()
        case .down: bad.faults = ["*": .cutConnection]
        case .rolledBack:
            bad.publish()
            _ = try await world.client("* a 1 !").find(TargetPath("1.0"))
            bad.serveOnly(old)
        case .expired:
            bad.timestamp.expires = SimulatedClock.start.advanced(bySeconds: -1)
            bad.publishTimestamp()
        case .foreignKeys: bad.signers[.timestamp] = [.ed25519(7)]
        case .noTarget:
            bad.targets.targets = [:]
            bad.publish()
        case .noRoot: try Files.remove("\(world.directory.path)/a")
        case .endless: bad.faults = ["timestamp.json": .endless]
        }
        #expect(try await outcome(world.client("* abc 2 !")) == "bc")
        let ending = try await outcome(world.client("* abc 3 !"))
        switch trouble {
        case .otherContent: #expect(ending == "2 agree: a+b+c+")
        case .noTarget: #expect(ending == "2 agree: a-b+c+")
        default: #expect(ending == "undetermined: a!b+c+")
        }
    }

    @Test(arguments: [
        // Nobody lists it: the next one, unless the mapping terminates.
        (["2.0 a 1", "* b 1 !"], "", "b"),
        (["2.0 a 1 !", "* b 1 !"], "", "not listed by a-"),
        (["2.0 ac 2", "* b 1 !"], "", "b"),
        (["2.0 a 1", "2.0 c 1"], "", "not listed by a- c-"),
        // Whoever fails might have listed it: then another mapping must not decide.
        (["2.0 a 1", "* b 1 !"], "a", "undetermined: a!"),
        (["2.0 ac 1", "* b 1 !"], "c", "undetermined: a-c!"),
        // Not where one more would be too few.
        (["2.0 ac 2", "* b 1 !"], "c", "b"),
        (["2.0 ac 2 !", "* b 1 !"], "c", "not listed by a-c!"),
        // Those that do not agree.
        (["2.0 ab 2", "* b 1 !"], "", "b"),
        (["2.0 ab 2 !", "* b 1 !"], "", "1 agree: a-b+"),
        (["2.0 ab 2", "2.0 a 1"], "", "1 agree: a-b+"),
        (["1.0 a 1", "2.0 b 1", "* c 1 !"], "", "b"),
    ])
    func theNextMapping(mappings: [String], down: String, expected: String) async throws {
        let world = try await World()
        try world.repository("b").setTarget("2.0", to: "second")
        try world.repository("b").publish()
        for name in down { try world.repository(String(name)).faults = ["*": .cutConnection] }
        let map = try World.map(mappings)
        var sources: [RepositoryLabel: [RepositorySimulator]] = [:]
        for (name, repository) in world.repositories { sources[try RepositoryLabel(name)] = [repository] }
        let client = MultiRepositoryClient(
            map: map,
            directory: world.directory.path,
            sources: sources,
            now: world.clock.now()
        )
        #expect(try await outcome(client, "2.0") == expected)
    }

    @Test(arguments: [
        (["sha256", "sha256"], 2), (["sha256", "sha512"], 1), (["sha256,sha512", "sha512"], 2),
        (["sha256,sha512", "sha512", "sha256"], 2), (["sha256,sha512", "sha256,!sha512"], 1),
        (["sha512", "sha256", "sha256,sha512"], 2), (["md5", "md5"], 0), (["md5,sha256", "md5,sha256"], 2),
        (["sha256", "sha256", "!sha256"], 2), (["!sha256", "sha256", "sha256"], 2), (["sha256", "length,sha256"], 1),
    ])
    func agreement(hashes: [String], agreeing: Int) async throws {
        let world = try await World()
        for (name, list) in zip(["a", "b", "c"], hashes) {
            let repository = try world.repository(name)
            repository.targets.targets["1.0"] = .object(Self.record(list, custom: name))
            repository.publish()
        }
        let names = String("abc".prefix(hashes.count))
        let all = try await outcome(world.client("* \(names) \(hashes.count) !"))
        if agreeing == hashes.count {
            #expect(all == names)
        } else {
            #expect(all.hasPrefix("\(agreeing) agree: "), "\(all)")
        }
        if agreeing > 0 {
            let target = try await world.client("* \(names) \(agreeing) !").find(TargetPath("1.0"))
            #expect(target.vouchers.count == agreeing)
            let digests = Set(target.vouchers.flatMap(\.target.record.hashes))
            #expect(Set(target.record.hashes) == digests && target.record.custom == nil)
        }
    }

    /// A record with digests of algorithms; an exclamation mark makes it another digest.
    private static func record(_ list: String, custom: String) -> JSONObject {
        var hashes: JSONObject = [:]
        for word in list.split(separator: ",") where word != "length" {
            let name = word.hasPrefix("!") ? String(word.dropFirst()) : String(word)
            let content = Array((word.hasPrefix("!") ? "other" : "content").utf8)
            let digest = HashAlgorithm(rawValue: name).map { Digest.compute($0, over: content.span).hex }
            hashes[name] = .string(digest ?? "00")
        }
        return [
            "length": list.hasPrefix("length") ? 8 : 7, "hashes": .object(hashes), "custom": ["of": .string(custom)],
        ]
    }

    /// The copies of one repository stand in for each other.
    @Test func mirrors() async throws {
        let world = try await World()
        let good = try world.repository("a")
        let stale = good.copy()
        good.setTarget("2.0", to: "second")
        good.publish()
        let broken = good.copy()
        broken.faults = ["*": .cutConnection]
        #expect(try await outcome(world.client("* a 1 !", mirrors: ["a": [broken, good]]), "2.0") == "a")
        #expect(try await outcome(world.client("* a 1 !", mirrors: ["a": [stale, broken, good]]), "2.0") == "a")
        let client = try world.client("* a 1 !", mirrors: ["a": [stale, broken]])
        #expect(try await outcome(client, "2.0") == "undetermined: a!")
        let label = try RepositoryLabel("a")
        do throws(Failure) {
            _ = try await client.refresh(label)
            Issue.record("no copy is good")
        } catch {
            guard case .allMirrorsFailed(let errors) = error, errors.count == 2,
                case .metadata(.rollback) = errors[0], case .source(.cutConnection) = errors[1]
            else {
                Issue.record("\(error)")
                return
            }
        }
    }

    /// Metadata of one is nothing to another: each directory has the files of its own repository.
    @Test func directoriesAreApart() async throws {
        let world = try await World()
        try world.repository("b").publishRoot()
        #expect(try await outcome(world.client("* ab 2 !")) == "ab")
        for (name, file) in [("a", "1.root.json"), ("b", "2.root.json")] {
            let kept = try Files.read("\(world.directory.path)/\(name)/root.json")
            #expect(kept == (try world.repository(name)).files()[file])
        }
        // The files of b are no files of a.
        let sources = ["a": [try world.repository("b")]]
        #expect(try await outcome(world.client("* a 1 !", mirrors: sources)) == "undetermined: a!")
    }
}
