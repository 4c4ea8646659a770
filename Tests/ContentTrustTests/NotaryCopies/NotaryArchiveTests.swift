import CanonicalJSON
import NotaryAPI
import OCI
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// Archives of collections: what comes into them, and what is believed of them.
@Suite struct NotaryArchiveTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func mirror(
        _ history: NotaryHistory,
        limits: NotaryMirror.Limits = .init(),
        _ session: TrustSession? = nil
    ) async throws -> NotaryArchiveReport {
        try await NotaryMirror(session: session ?? history.session(directory), limits: limits)
            .archive(of: history.subject, at: NotaryHistory.server)
    }

    private func tags(
        _ history: NotaryHistory,
        _ path: String,
        at now: Instant = NotaryHistory.now
    ) async throws -> [String] {
        let verifier = TrustVerifier(session: history.session(directory, at: now))
        let data = try await verifier.trustData(of: history.subject, at: .notaryFiles(path: path))
        return try await data.signedTags().map(\.tag).sorted()
    }

    private func refusal(_ body: () async throws -> Void) async -> Refusal? {
        await #expect(throws: Refusal.self) { try await body() }
    }

    // MARK: What comes in

    @Test func itHasTheWholeHistory() async throws {
        let history = try await NotaryHistory.usual()
        let report = try await mirror(history)
        let path = try directory.write(report.bytes, to: "a.tar")
        let archive = try FileArchive(opening: path)
        let names = archive.names.filter { !$0.hasPrefix("metadata/") || $0.hasSuffix(".root.json") }
        #expect(
            names.sorted() == [
                "history/1.snapshot.json", "history/1.targets%2Falice.json", "history/1.targets%2Freleases.json",
                "history/1.targets.json", "history/1.timestamp.json", "history/2.snapshot.json",
                // Nobody delegates to alice any more.
                "history/2.targets%2Falice.json", "history/2.targets.json", "history/2.timestamp.json",
                "history/3.snapshot.json", "history/3.timestamp.json", "history/4.snapshot.json",
                "history/4.timestamp.json", "history/5.snapshot.json", "history/5.timestamp.json",
                "metadata/1.root.json", "metadata/2.root.json", "metadata/3.root.json", "notary-mirror.json",
            ]
        )
        for (role, bytes) in history.simulator.files where role != .root && role != .timestamp {
            let digest = Digest.compute(over: bytes.span)
            let name = "metadata/\(MetadataFile(role: role, version: nil, digest: digest).name)"
            #expect(try archive.bytes(of: name, limit: 1 << 20) == bytes)
        }
        let manifest = try JSONValue(parsing: try #require(try archive.bytes(of: "notary-mirror.json", limit: 1000)))
        #expect(
            manifest == [
                "version": 1, "gun": .string(NotaryHistory.repository), "server": "https://registry.example.com",
                "taken": .string(NotaryHistory.now.description),
            ]
        )
        #expect(report.roots == 3 && report.historyFiles == 15 && report.currentFiles == 5 && report.isComplete)
        #expect(report.roles.contains(NotaryHistory.alice))
        #expect(try await mirror(history).bytes == report.bytes)
    }

    /// Servers may have lost old files, and snapshots that told which roles there were.
    @Test func gapsAreNoEnd() async throws {
        var history = try await NotaryHistory.usual()
        for name in ["2.targets.json", "4.snapshot.json", "3.snapshot.json", "2.root.json", "1.timestamp.json"] {
            history.forget(name)
        }
        let report = try await mirror(history)
        #expect(report.missingRoots == [2] && report.historyFiles == 11)
        let archive = try FileArchive(opening: try directory.write(report.bytes, to: "a.tar"))
        for name in ["1.targets", "1.snapshot", "2.timestamp", "2.targets%2Falice"] {
            #expect(archive.names.contains("history/\(name).json"), "\(name)")
        }
    }

    @Test func theHistoryIsBounded() async throws {
        let history = try await NotaryHistory.usual()
        var limits = NotaryMirror.Limits()
        limits.lookups = 3
        let few = try await mirror(history, limits: limits)
        #expect(!few.isComplete && few.historyFiles == 3 && few.currentFiles == 5)
        limits.lookups = 1000
        limits.bytes = history.simulator.files.values.reduce(0) { $0 + $1.count } * 3
        let small = try await mirror(history, limits: limits)
        #expect(!small.isComplete && small.roots == 3)
        limits.bytes = 1000
        #expect(await refusal { _ = try await mirror(history, limits: limits) }?.reason == .badSignature)
    }

    @Test func aSetWithHolesIsNotCopied() async throws {
        var history = try await NotaryHistory.usual()
        let releases = NotarySimulator.releases
        let file = history.simulator.files[releases] ?? []
        let digest = Digest.compute(over: file.span)
        history.forget("\(releases).\(digest.hex).json")
        #expect(await refusal { _ = try await mirror(history) }?.reason == .badResponse)
        let nothing = try NotaryHistory()
        #expect(await refusal { _ = try await mirror(nothing) }?.reason == .unsignedRepository)
    }

    @Test func itIsVerifiedWhereThereIsAPin() async throws {
        let history = try await NotaryHistory.usual()
        guard case .unpinned(let claims) = try await mirror(history).verification else {
            Issue.record("nothing is pinned")
            return
        }
        #expect(claims.root.common.version == 3)
        let session = history.session(directory)
        try await history.pin(1, in: session)
        guard case .verified(_, nil, []) = try await mirror(history, session).verification else {
            Issue.record("it is pinned")
            return
        }
        let late = history.session(directory, at: history.simulator.expires.advanced(bySeconds: 1))
        guard case .verified(_, .some, []) = try await mirror(history, late).verification else {
            Issue.record("it is pinned, and expired")
            return
        }
        // Another's collection of the same name.
        let other = try await NotaryHistory.usual()
        #expect(await refusal { _ = try await mirror(other) }?.reason == .wrongRoot)
    }

    // MARK: What is believed

    @Test func itIsVerifiedFromTheFirstRootOn() async throws {
        let history = try await NotaryHistory.usual()
        let path = try directory.write(try await mirror(history).bytes, to: "a.tar")
        #expect(await refusal { _ = try await tags(history, path) }?.reason == .noPin)
        try await history.pin(1, in: history.session(directory))
        #expect(try await tags(history, path) == ["1.0", "2.0", "2.1"])
        let late = try #require(
            await refusal { _ = try await tags(history, path, at: history.simulator.expires.advanced(bySeconds: 1)) }
        )
        #expect(late.reason == .expired && late.found.contains("copied") && late.next?.contains("mirror") == true)
    }

    @Test func nothingIsPublishedToIt() async throws {
        let history = try await NotaryHistory.usual()
        let path = try directory.write(try await mirror(history).bytes, to: "a.tar")
        let session = history.session(directory)
        try await history.pin(1, in: session)
        let publisher = Publisher(session: session, signers: TestSigners())
        let location = StoreLocation.notaryFiles(path: path)
        let subject = try history.subject
        let calls: [() async throws -> Void] = [
            { _ = try await publisher.refresh(subject, at: location) },
            { _ = try await publisher.revoke(["2.0"], of: subject, at: location) },
            { _ = try await publisher.initialize(subject, at: location) },
            {
                _ = try await publisher.removeSigner(NotaryHistory.alice, keepingTags: false, of: subject, at: location)
            },
        ]
        for call in calls {
            let refusal = try #require(await refusal(call))
            #expect(refusal.reason == .usage && refusal.found.contains("only read"), "\(refusal)")
        }
        // Bins are nothing that Notary has, wherever it is.
        #expect(await refusal { _ = try await publisher.rebin(.count(2), of: subject, at: location) }?.reason == .usage)
        #expect(try Files.read(path) == (try await mirror(history).bytes))
    }

    /// What an archive with other files is refused with; nil takes the file away.
    private func refusal(
        of history: NotaryHistory,
        adding files: [(name: String, bytes: [UInt8]?)]
    ) async throws -> Reason? {
        let original = try FileArchive(opening: try directory.write(try await mirror(history).bytes, to: "o.tar"))
        var writer = FileArchiveWriter()
        for name in original.names.sorted() where !files.contains(where: { $0.name == name }) {
            writer.add(name, try #require(try original.bytes(of: name, limit: 1 << 20)))
        }
        for case (let name, let bytes?) in files { writer.add(name, bytes) }
        let path = try directory.write(writer.finish(), to: "a.tar")
        // What was seen before needs no file.
        try Files.remove(directory.file("home/trust/seen-notary"))
        return await refusal { _ = try await tags(history, path) }?.reason
    }

    @Test func hostileArchivesAreRefused() async throws {
        let history = try await NotaryHistory.usual()
        try await history.pin(1, in: history.session(directory))
        let root = history.simulator.roots[3] ?? []
        let targets = history.simulator.files[.targets] ?? []
        let name = "metadata/targets.\(Digest.compute(over: targets.span).hex).json"
        let cases: [[(name: String, bytes: [UInt8]?)]] = [
            [("metadata/root.json", root), ("metadata/root.json", root)],
            [("metadata/../root.json", root)], [("/metadata/4.root.json", root)], [("metadata/other", root)],
            [("metadata/4.targets.json", root)], [("history/4.root.json", root)], [("other/root.json", root)],
            [("metadata/targets/releases.json", root)],
            [("notary-mirror.json", nil)], [("notary-mirror.json", Array(#"{"version":2}"#.utf8))],
            [("notary-mirror.json", [UInt8](repeating: 0x20, count: 100_000))],
            // Other bytes than the name says are none.
            [(name, targets + [0x20])], [(name, nil)],
            [("metadata/timestamp.json", [UInt8](repeating: 0x20, count: 20_000))],
            [("metadata/root.json", [UInt8](repeating: 0x20, count: 600_000))],
        ]
        for files in cases {
            #expect(try await refusal(of: history, adding: files) == .badSignature, "\(files.map(\.name))")
        }
        // Without the roots in between nobody can tell that the last one is the pinned one's heir.
        let hole: [(name: String, bytes: [UInt8]?)] = [("metadata/2.root.json", nil)]
        #expect(try await refusal(of: history, adding: hole) == .wrongRoot)
        let bytes = try await mirror(history).bytes
        for broken in [Array(bytes.dropLast(1024)), bytes + [1], Array(bytes.prefix(700)), [], [0x1F, 0x8B, 8, 0]] {
            let path = try directory.write(broken, to: "a.tar")
            #expect(await refusal { _ = try await tags(history, path) }?.reason == .badSignature)
        }
        #expect(await refusal { _ = try await tags(history, directory.file("none")) }?.reason == .usage)
    }
}
