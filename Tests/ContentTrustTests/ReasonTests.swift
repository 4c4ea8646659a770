import CanonicalJSON
import ContentTrust
import Testing
import TrustCrypto
import TrustTestSupport

/// The table of reasons is one, in the library and in the documentation.
@Suite struct ReasonTests {
    @Test func theDocumentationHasTheSameTable() throws {
        let path = Files.projectRoot + "/docs/cli/exit-codes.md"
        let text = String(decoding: try Files.read(path), as: UTF8.self)
        var documented: [String] = []
        for line in text.split(separator: "\n") where line.hasPrefix("| ") {
            let cells = line.split(separator: "|").map { $0.split(separator: " ").joined(separator: " ") }
            guard cells.count == 3, let exitCode = Int32(cells[0]) else { continue }
            documented.append("\(exitCode) \(cells[1])")
        }
        #expect(documented.sorted() == Reason.all.map { "\($0.exitCode) `\($0.code)`" }.sorted())
    }

    @Test func errorsOfTheSystemAreSaidInItsWords() {
        let refusal = Refusal.file(.other(path: "/a/file", errno: 5), checked: "a file")
        #expect(refusal.found == "/a/file: Input/output error")
    }

    @Test func codesAndExitStatusesAreDistinct() {
        #expect(Set(Reason.all.map(\.code)).count == Reason.all.count)
        #expect(Set(Reason.all.map(\.exitCode)).count == Reason.all.count)
    }

    @Test func theSchemaHasTheSameCodes() throws {
        let schema = try JSONValue(parsing: try Files.read(Files.projectRoot + "/docs/schemas/common.schema.json"))
        func codes(_ name: String) -> [String]? { schema["$defs"]?[name]?["examples"]?.array?.compactMap(\.string) }
        #expect(codes("reason") == Reason.all.map(\.code))
        #expect(codes("refusedReason") == Reason.all.filter { $0 != .trusted }.map(\.code))
    }
}
