import CanonicalJSON
import TUF
import Testing
import TrustTestSupport

/// "Endless data": a file that never ends, or asks for more work than it is worth.
@Suite struct EndlessDataTests {
    private static let files = ["2.root.json", "timestamp.json", "4.snapshot.json", "4.targets.json"]

    /// The limit that goes with each request is the one that stops the reading.
    @Test(arguments: files, [true, false])
    func endlessFile(_ file: String, _ listsHashes: Bool) async throws {
        let scene = await Scene(listsHashes: listsHashes)
        scene.honest.publish()
        let mirror = scene.honest.copy()
        mirror.faults[file] = .endless
        let outcome = await scene.client.refresh(from: mirror)
        let limit: Int
        switch file {
        case "2.root.json": limit = 512_000
        case "timestamp.json": limit = 16_384
        case "4.snapshot.json": limit = listsHashes ? scene.honest.file(.snapshot).count : 2_000_000
        default: limit = listsHashes ? scene.honest.file(.targets).count : 5_000_000
        }
        #expect(outcome == .source(.tooLong(limit: limit)))
        #expect(mirror.requests.last?.file == file)
        #expect(mirror.requests.last?.maximumLength == limit)
        #expect(await scene.client.refresh(from: scene.honest) == .trusted(1, 4, 4, 4))
    }

    /// A source that reads on regardless: what is too long is refused before anything is parsed.
    @Test func sourceWithoutLimits() async {
        let scene = await Scene(listsHashes: false)
        scene.honest.publish()
        for (file, role, limit) in [
            ("2.root.json", .root, 512_000), ("timestamp.json", .timestamp, 16_384),
            ("4.snapshot.json", .snapshot, 2_000_000), ("4.targets.json", .targets, 5_000_000),
        ] as [(String, RoleName, Int)] {
            let mirror = scene.honest.copy()
            mirror.faults[file] = .unlimitedBytes([UInt8](repeating: 0x5b, count: limit + 1))
            #expect(
                await scene.client.refresh(from: mirror) == .refused(.lengthExceeded(role: role, limit: limit))
            )
        }
        #expect(await scene.client.refresh(from: scene.honest) == .trusted(1, 4, 4, 4))
    }

    /// Whoever has the timestamp key lists any length. There is still an end.
    @Test func listedLength() async {
        let scene = await Scene()
        scene.attacker.timestamp.snapshot = ["version": 4, "length": .integer(.max)]
        scene.attacker.timestamp.version = 4
        scene.attacker.faults["4.snapshot.json"] = .endless
        #expect(await scene.client.refresh(from: scene.attacker) == .source(.tooLong(limit: 64 << 20)))
    }

    @Test(arguments: RoleName.topLevel)
    func deepFile(_ role: RoleName) async {
        let scene = await Scene(listsHashes: false)
        let deep = [UInt8](repeating: 0x5b, count: 10_000)
        scene.attacker.publish()
        scene.attacker.replace(role, with: deep)
        #expect(
            await scene.client.refresh(from: scene.attacker)
                == .refused(.notJSON(role: role, .tooDeep(limit: 64)))
        )
    }

    /// CVE-2020-6173: a file full of signatures costs time only if each is checked. Those of keys that have no say are not,
    /// and no more than 1,024 are read.
    @Test func junkSignatures() async {
        let scene = await Scene(listsHashes: false)
        let signed = JSONValue.object(scene.attacker.signed(.targets))
        func file(_ count: Int) -> [UInt8] {
            var entries = (0..<count).map { number in
                JSONValue.object([
                    "keyid": .string("junk\(number)"), "sig": .string(String(repeating: "00", count: 64)),
                ])
            }
            entries.append(SimulatedKey.of(.targets).signatureEntry(over: RepositorySimulator.canonical(signed)))
            return JSONValue.object(["signatures": .array(entries), "signed": signed]).jsonBytes(pretty: false)
        }
        scene.attacker.replace(.targets, with: file(1023))
        #expect(await scene.newcomer().refresh(from: scene.attacker) == Scene.good)
        scene.attacker.replace(.targets, with: file(1024))
        #expect(
            await scene.newcomer().refresh(from: scene.attacker)
                == .refused(.malformed(role: .targets, field: "signatures"))
        )
    }

    /// A chain of roots without end needs the root keys, and ends as well.
    @Test func endlessRoots() async {
        let scene = await Scene()
        var client = scene.newcomer()
        client.limits.rootRotations = 10
        for _ in 0..<20 { scene.attacker.publishRoot() }
        #expect(await client.refresh(from: scene.attacker) == .refused(.tooManyRoots(limit: 10)))
        // The first root, ten new ones, and the one too many.
        #expect(scene.attacker.takeRequests() == (1...12).map { "\($0).root.json" })
    }
}
