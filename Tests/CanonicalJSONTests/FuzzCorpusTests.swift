import CanonicalJSON
import Foundation
import Testing

/// The fuzzer's corpus, and what it once found, replayed against `ReferenceParser`.
struct FuzzCorpusTests {
    private static let corpus = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Fuzz/corpus/FuzzJSON")

    @Test func agreesOnTheCorpus() throws {
        let files = try FileManager.default.contentsOfDirectory(at: Self.corpus, includingPropertiesForKeys: nil)
        #expect(files.count > 10)
        for file in files {
            let bytes = [UInt8](try Data(contentsOf: file))
            let value = try? JSONValue(parsing: bytes)
            #expect(value == ReferenceParser.value(of: bytes), "\(file.lastPathComponent)")
        }
    }
}
