import Foundation
import Testing
import TrustTestSupport

/// What the fuzzer begins with, and what it once found, replayed: whole lives of a repository under attack.
@Suite struct TrustChainCorpusTests {
    private static let corpus = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Fuzz/corpus/FuzzTrustChain")

    private static func replay(stolenKeys: Int = 1) async throws -> [TrustChainMachine.Report] {
        var reports: [TrustChainMachine.Report] = []
        let files = try FileManager.default.contentsOfDirectory(at: corpus, includingPropertiesForKeys: nil)
        for file in files.sorted(by: { $0.path < $1.path }) {
            var machine = TrustChainMachine([UInt8](try Data(contentsOf: file)), stolenKeys: stolenKeys)
            reports.append(await machine.run())
        }
        return reports
    }

    @Test func nothingIsViolated() async throws {
        let reports = try await Self.replay()
        #expect(reports.count > 10)
        #expect(reports.compactMap(\.violation) == [])
        // A corpus in which nothing happens would prove nothing.
        for count in [\TrustChainMachine.Report.trusted, \.refused, \.found, \.notFound] {
            #expect(reports.map { $0[keyPath: count] }.reduce(0, +) > 10)
        }
    }

    /// The machine notices: with enough keys the attacker succeeds, in the same corpus.
    @Test func enoughKeysAreEnough() async throws {
        let reports = try await Self.replay(stolenKeys: 2)
        #expect(reports.contains { $0.violation?.hasSuffix("not signed by its owner") == true })
    }
}
