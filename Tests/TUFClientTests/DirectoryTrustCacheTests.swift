import CanonicalJSON
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import TUFClient

@Suite struct DirectoryTrustCacheTests {
    private let repository = RepositorySimulator()
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private var path: String { directory.file("seen/app") }
    private func file(_ name: String) -> String { "\(path)/\(name)" }

    private func client(_ path: String? = nil) -> SimulatedClient<DirectoryTrustCache> {
        SimulatedClient(
            pinning: repository,
            cache: DirectoryTrustCache(directory: path ?? self.path, lockTimeout: .seconds(20))
        )
    }

    // MARK: Files

    @Test func whatLiesThere() async throws {
        #expect(await client().offline() == .nothingSeen)
        #expect(!Files.exists(path))
        repository.publishRoot()
        #expect(await client().refresh(from: repository) == .trusted(2, 1, 1, 1))
        #expect(
            try Set(Files.names(in: path)) == [
                "1.root.json", "2.root.json", "timestamp.json", "snapshot.json", "targets.json", "state", "lock",
            ]
        )
        for name in try Files.names(in: path) { #expect(try Files.mode(file(name)) == 0o600, "\(name)") }
        #expect(try Files.mode(path) == 0o700)
        #expect(try Files.read(file("timestamp.json")) == repository.file(.timestamp))
        #expect(try Files.read(file("2.root.json")) == repository.roots[2])
        // Another process, with a cache object of its own.
        #expect(await client().offline() == .trusted(2, 1, 1, 1))
        _ = repository.takeRequests()
        #expect(await client().refresh(from: repository) == .trusted(2, 1, 1, 1))
        #expect(repository.takeRequests() == ["3.root.json", "timestamp.json"])
    }

    /// Where nothing is new, nothing is written: a warm cache costs no disk.
    @Test func nothingNewWritesNothing() async throws {
        await client().refresh(from: repository)
        let state = try Files.read(file("state"))
        try Files.remove(file("lock"))
        #expect(await client().refresh(from: repository) == .trusted(1, 1, 1, 1))
        #expect(try Files.read(file("state")) == state)
        #expect(!Files.exists(file("lock")))
    }

    /// What led to a set outlives what did not, for publishers alone; it goes when there is a newer set.
    @Test(arguments: ["snapshot", "targets"])
    func theLastWholeSet(missing: String) async throws {
        await client().refresh(from: repository)
        let (first, now) = (repository.file(.timestamp), SimulatedClock.start)
        for version in 2...3 {
            repository.publish()
            repository.faults["\(version).\(missing).json"] = .missing
            #expect(await client().refresh(from: repository) == .missing("\(version).\(missing).json"))
            #expect(await client().offline() == .nothingSeen)
            let seen = try #require(try await client().updater.unsafeEditableSeen(now: now))
            #expect(UpdateOutcome(seen.set) == .trusted(1, 1, 1, 1))
            #expect(seen.files.timestamp == first)
            #expect(seen.later?.timestamp == repository.file(.timestamp))
            #expect(Files.exists(file("whole-timestamp.json")) && Files.exists(file("whole-snapshot.json")))
        }
        repository.publish()
        #expect(await client().refresh(from: repository) == .trusted(1, 4, 4, 4))
        let seen = try #require(try await client().updater.unsafeEditableSeen(now: now))
        #expect(UpdateOutcome(seen.set) == .trusted(1, 4, 4, 4) && seen.later == nil)
        #expect(!Files.exists(file("whole-timestamp.json")) && !Files.exists(file("whole-snapshot.json")))
    }

    // MARK: Killed processes

    /// A process that replaces an old set by a new one and is killed leaves some of its files. Whichever they are: nothing
    /// is trusted that was not published, nothing complete that was seen is forgotten, and the next update mends all.
    @Test func killPoints() async throws {
        await client().refresh(from: repository)
        let old = try snapshot()
        let oldFiles = repository.files()
        repository.setTarget("1.0", to: "the second image")
        repository.publish()
        repository.publishRoot()
        await client().refresh(from: repository)
        let new = try snapshot()
        let mirror = RepositorySimulator()
        mirror.serveOnly(oldFiles)
        let names = ["2.root.json", "targets.json", "snapshot.json", "timestamp.json", "state"]
        for mask in 0..<1 << names.count {
            var files = old
            for (bit, name) in names.enumerated() where mask & 1 << bit != 0 { files[name] = new[name] }
            let kept = Set(names.indices.filter { mask & 1 << $0 != 0 }.map { names[$0] })
            // `state` is written last, after all files that it speaks of.
            guard !kept.contains("state") || kept.contains("2.root.json") else { continue }
            let comment = Comment(rawValue: kept.sorted().joined(separator: " "))

            try restore(files)
            let offline = await client().offline()
            let root: Int64 = kept.contains("state") ? 2 : 1
            #expect([.trusted(root, 1, 1, 1), .trusted(root, 2, 2, 2), .nothingSeen].contains(offline), comment)

            // A mirror that went back gets through only with what the killed process had not yet replaced.
            try restore(files)
            let rolledBack = await client().refresh(from: mirror)
            if kept.contains("timestamp.json") {
                #expect(rolledBack == .refused(.rollback(role: .timestamp, known: 2, offered: 1)), comment)
            } else if kept.contains("snapshot.json") {
                #expect(
                    rolledBack
                        == .refused(.hashMismatch(role: .snapshot, expected: digest(oldFiles["1.snapshot.json"])))
                        || rolledBack == .refused(.rollback(role: .targets, known: 2, offered: 1)),
                    comment
                )
            } else {
                #expect(rolledBack == .trusted(root, 1, 1, 1), comment)
            }

            try restore(files)
            #expect(await client().refresh(from: repository) == .trusted(2, 2, 2, 2), comment)
            #expect(await client().offline() == .trusted(2, 2, 2, 2), comment)
            #expect(try Files.read(file("targets.json")) == new["targets.json"], comment)
            // And now the mirror is refused, whatever was there before.
            #expect(
                await client().refresh(from: mirror) == .refused(.rollback(role: .timestamp, known: 2, offered: 1)),
                comment
            )
        }
    }

    /// The first update ever is killed.
    @Test func killPointsOfTheFirstUpdate() async throws {
        await client().refresh(from: repository)
        let new = try snapshot()
        let names = ["1.root.json", "targets.json", "snapshot.json", "timestamp.json"]
        for mask in 0..<1 << names.count {
            try restore([:])
            for (bit, name) in names.enumerated() where mask & 1 << bit != 0 {
                try Files.write(new[name] ?? [], to: file(name), mode: 0o600)
            }
            #expect(await client().offline() == .nothingSeen)
            #expect(await client().refresh(from: repository) == .trusted(1, 1, 1, 1))
            #expect(await client().offline() == .trusted(1, 1, 1, 1))
        }
    }

    /// A killed process left newer files and the old state. One that had loaded before must not write older ones over
    /// them, although nobody changed the state.
    @Test func slowProcessAfterAKilledOne() async throws {
        await client().refresh(from: repository)
        let loaded = try await client().cache.load()
        repository.publish()
        let middle = repository.file(.timestamp)
        repository.publish()
        try Files.write(repository.file(.timestamp), to: file("timestamp.json"), mode: 0o600)
        var slow = loaded
        slow.timestamp = middle
        #expect(try await !client().cache.replace(loaded, with: slow))
        #expect(try Files.read(file("timestamp.json")) == repository.file(.timestamp))
        // It loads again, and then it may write.
        let again = try await client().cache.load()
        slow = again
        slow.lastCheck = SimulatedClock.start
        #expect(try await client().cache.replace(again, with: slow))
    }

    @Test func leftoversOfKilledProcesses() async throws {
        await client().refresh(from: repository)
        let before = try Set(Files.names(in: path))
        for name in [".trustctl-tmp-0123456789abcdef", ".trustctl-tmp-x"] {
            try Files.write([1, 2, 3], to: file(name), mode: 0o600)
        }
        repository.publish()
        #expect(await client().refresh(from: repository) == .trusted(1, 2, 2, 2))
        #expect(try Set(Files.names(in: path)) == before)
    }

    // MARK: Damage

    @Test(arguments: [
        "", "{", "[]", "{}", "null", "{\"generation\":0}", "{\"generation\":-1,\"firstRoot\":1,\"lastRoot\":1}",
        "{\"generation\":\"1\",\"firstRoot\":1,\"lastRoot\":1}", "{\"generation\":1,\"firstRoot\":2,\"lastRoot\":1}",
        "{\"generation\":1,\"firstRoot\":0,\"lastRoot\":1}", "{\"generation\":1,\"firstRoot\":-1,\"lastRoot\":1}",
        "{\"generation\":1,\"firstRoot\":1,\"lastRoot\":2}", "{\"generation\":1,\"firstRoot\":1,\"lastRoot\":4097}",
        "{\"generation\":1,\"firstRoot\":1,\"lastRoot\":9223372036854775807}",
        "{\"generation\":9223372036854775807,\"firstRoot\":1,\"lastRoot\":1}",
        "{\"generation\":1,\"firstRoot\":1,\"lastRoot\":1,\"lastCheck\":\"yesterday\"}",
        "{\"generation\":1,\"firstRoot\":1,\"lastRoot\":1,\"lastCheck\":5}",
        "{\"generation\":1.0,\"firstRoot\":1,\"lastRoot\":1}",
        "{\"generation\":1,\"generation\":1,\"firstRoot\":1,\"lastRoot\":1}",
    ])
    func damagedState(_ text: String) async throws {
        await client().refresh(from: repository)
        try Files.write(Array(text.utf8), to: file("state"), mode: 0o600)
        let expected = UpdateOutcome.cache(.damaged(path: file("state")))
        #expect(await client().refresh(from: repository) == expected)
        #expect(await client().offline() == expected)
        #expect(try Files.read(file("state")) == Array(text.utf8))
        // Whoever takes it away begins anew, protected by what else is there.
        try Files.remove(file("state"))
        #expect(await client().refresh(from: repository) == .trusted(1, 1, 1, 1))
    }

    @Test func missingLastRoot() async throws {
        repository.publishRoot()
        await client().refresh(from: repository)
        try Files.remove(file("2.root.json"))
        #expect(await client().refresh(from: repository) == .cache(.damaged(path: file("state"))))
    }

    @Test(arguments: [
        ("state", 4097, 4096), ("1.root.json", 512_001, 512_000), ("timestamp.json", 16_385, 16_384),
    ])
    func oversizedFiles(_ name: String, _ size: Int, _ limit: Int) async throws {
        await client().refresh(from: repository)
        try Files.write([UInt8](repeating: 0x20, count: size), to: file(name), mode: 0o600)
        let expected = UpdateOutcome.cache(.file(.tooLarge(path: file(name), limit: limit)))
        #expect(await client().refresh(from: repository) == expected)
        #expect(await client().offline() == expected)
    }

    @Test(arguments: ["timestamp.json", "snapshot.json", "targets.json", "1.root.json", "state"])
    func directoryInPlaceOfAFile(_ name: String) async throws {
        await client().refresh(from: repository)
        try Files.remove(file(name))
        try directory.makeDirectory("seen/app/\(name)")
        #expect(await client().refresh(from: repository) == .cache(.file(.wrongFileType(path: file(name)))))
        #expect(await client().offline() == .cache(.file(.wrongFileType(path: file(name)))))
    }

    @Test func fileInPlaceOfTheDirectory() async throws {
        try directory.write("x", to: "seen/app")
        #expect(await client().refresh(from: repository) == .cache(.file(.wrongFileType(path: path))))
        #expect(await client().offline() == .nothingSeen)
    }

    // MARK: Two at once

    @Test func generations() async throws {
        let one = client().cache
        let other = client().cache
        let empty = try await one.load()
        var new = empty
        new.lastCheck = SimulatedClock.start
        #expect(try await other.load() == empty)
        #expect(try await one.replace(empty, with: new))
        #expect(try await !other.replace(empty, with: new))
        let loaded = try await other.load()
        #expect(loaded.lastCheck == SimulatedClock.start)
        #expect(try await other.replace(loaded, with: new))
        #expect(try await !one.replace(loaded, with: new))
    }

    @Test func lockedByAnother() async throws {
        await client().refresh(from: repository)
        repository.publish()
        let lock = try await FileLock.acquire(file("lock"), timeout: .zero)
        let impatient = SimulatedClient(
            pinning: repository,
            cache: DirectoryTrustCache(directory: path, lockTimeout: .milliseconds(20))
        )
        #expect(await impatient.refresh(from: repository) == .cache(.file(.locked(path: file("lock")))))
        // Who only reads does not wait.
        #expect(await impatient.offline() == .trusted(1, 1, 1, 1))
        withExtendedLifetime(lock) {}
    }

    /// Many at once, while the repository goes on: each ends well, and what is kept at last is the newest.
    @Test func manyAtOnce() async throws {
        let clients = (0..<6).map { _ in client() }
        await withTaskGroup(of: Void.self) { group in
            for client in clients {
                group.addTask {
                    var newest: Int64 = 0
                    for _ in 0..<5 {
                        switch await client.refresh(from: repository) {
                        case .trusted(_, let timestamp, _, _):
                            #expect(timestamp >= newest)
                            newest = timestamp
                        // The repository is published in steps; a file of a moment ago is gone, or is older than what
                        // another process has seen meanwhile.
                        case .missing, .refused(.rollback), .source(.tooLong), .contention: break
                        case let other: Issue.record("\(other)")
                        }
                    }
                }
            }
            group.addTask {
                for _ in 0..<10 {
                    repository.publish()
                    await Task.yield()
                }
            }
        }
        #expect(await client().refresh(from: repository) == .trusted(1, 11, 11, 11))
        #expect(await client().offline() == .trusted(1, 11, 11, 11))
        #expect(try Files.names(in: path).allSatisfy { !$0.hasPrefix(".trustctl-tmp-") })
    }

    // MARK: Full and read-only disks

    /// Whatever room there is, an update on a full disk changes nothing or everything, and afterwards goes on.
    @Test(.enabled(if: SmallFileSystem.isAvailable), arguments: [0, 1, 2, 3, 4, 5, 8])
    func fullDisk(_ pages: Int) async throws {
        try await SmallFileSystem.with(bytes: 256 * 1024) { disk in
            let path = "\(disk)/seen"
            #expect(await client(path).refresh(from: repository) == .trusted(1, 1, 1, 1))
            for number in 0..<50 { repository.setTarget("v\(number)", to: "image \(number)") }
            repository.publish()
            repository.publishRoot()
            try SmallFileSystem.fill("\(disk)/ballast", leaving: pages * 4096)
            switch await client(path).refresh(from: repository) {
            case .cache(.file(.noSpace)), .trusted(2, 2, 2, 2): break
            case let other: Issue.record("\(other)")
            }
            let offline = await client(path).offline()
            #expect([.trusted(1, 1, 1, 1), .nothingSeen, .trusted(1, 2, 2, 2), .trusted(2, 2, 2, 2)].contains(offline))
            try Files.remove("\(disk)/ballast")
            #expect(await client(path).refresh(from: repository) == .trusted(2, 2, 2, 2))
            #expect(await client(path).offline() == .trusted(2, 2, 2, 2))
            #expect(try Files.names(in: path).allSatisfy { !$0.hasPrefix(".trustctl-tmp-") })
        }
    }

    /// On a read-only disk what was seen still answers, and what is new cannot be trusted since it cannot be kept.
    @Test(.enabled(if: SmallFileSystem.isAvailable))
    func readOnlyDisk() async throws {
        try await SmallFileSystem.with(bytes: 256 * 1024) { disk in
            let path = "\(disk)/seen"
            #expect(await client(path).refresh(from: repository) == .trusted(1, 1, 1, 1))
            try await runSuccessfully(Command("mount", ["-o", "remount,ro", disk]))
            #expect(await client(path).refresh(from: repository) == .trusted(1, 1, 1, 1))
            #expect(await client(path).offline() == .trusted(1, 1, 1, 1))
            repository.publish()
            guard case .cache(.file(.readOnly)) = await client(path).refresh(from: repository) else {
                Issue.record("what is new cannot be kept")
                return
            }
            #expect(await client(path).offline() == .trusted(1, 1, 1, 1))
        }
    }

    // MARK: Helpers

    private func digest(_ bytes: [UInt8]?) -> Digest {
        let bytes = bytes ?? []
        return Digest.compute(.sha256, over: bytes.span)
    }

    private func snapshot() throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for name in try Files.names(in: path) where name != "lock" { files[name] = try Files.read(file(name)) }
        return files
    }

    private func restore(_ files: [String: [UInt8]]) throws {
        for name in try Files.names(in: path) { try Files.remove(file(name)) }
        for (name, bytes) in files { try Files.write(bytes, to: file(name), mode: 0o600) }
    }
}
