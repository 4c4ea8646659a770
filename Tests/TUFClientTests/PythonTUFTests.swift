import CanonicalJSON
import TUF
import TUFClient
import Testing
import TrustTestSupport

/// Repositories written by python-tuf, and python-tuf's own opinion of them (fixtures/tuf).
@Suite struct PythonTUFTests {
    /// A folder of metadata files.
    private struct Folder: MetadataSource {
        enum Failure: Error, Equatable { case unreadable, tooLong }

        let path: String

        func bytes(of file: MetadataFile, maximumLength: Int) async throws(Failure) -> [UInt8]? {
            let path = "\(path)/\(file.name)"
            guard Files.exists(path) else { return nil }
            guard let bytes = try? Files.read(path) else { throw .unreadable }
            guard bytes.count <= maximumLength else { throw .tooLong }
            return bytes
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var root: String
        var expected: String
        var pythonTUF: String
        var targets: [String]
        var delegatedTargets: [String]
        var notFound: [String]
        var hasReasonToDiffer: Bool

        var testDescription: String { name }

        static let all: [Case] = {
            guard let path = try? Files.fixture("tuf/cases.json"), let bytes = try? Files.read(path),
                let document = try? JSONDocument(parsing: bytes), let cases = document.root["cases"]
            else { return [] }
            func strings(_ node: JSONNode?) -> [String] { node?.elements.compactMap(\.string) ?? [] }
            return cases.elements.compactMap { node in
                guard let name = node["name"]?.string, let root = node["root"]?.string,
                    let expected = node["expected"]?.string, let answer = node["pythonTUF"]?.string
                else { return nil }
                return Case(
                    name: name,
                    root: root,
                    expected: expected,
                    pythonTUF: answer,
                    targets: strings(node["targets"]),
                    delegatedTargets: strings(node["delegatedTargets"]),
                    notFound: strings(node["notFound"]),
                    hasReasonToDiffer: node["why"] != nil
                )
            }
        }()
    }

    @Test func allCasesAreRead() { #expect(Case.all.count == 53) }

    @Test(arguments: Case.all) func endsAsExpected(_ example: Case) async throws {
        let folder = try Files.fixture("tuf/\(example.name)")
        let anchor = RootAnchor.root(try Files.read("\(folder)/\(example.root)"))
        let updater = Updater(anchor: anchor, binding: .unbound, cache: MemoryTrustCache())
        let now = try #require(Instant(rfc3339: "2026-11-23T12:00:00Z"))
        var kind = "trusted"
        do {
            let set = try await updater.refresh(from: Folder(path: folder), now: now)
            for path in example.targets {
                #expect(try set.record(for: TargetPath(path)) != nil, "\(path)")
            }
            for path in example.delegatedTargets {
                let path = try TargetPath(path)
                #expect(try set.record(for: path) == nil, "\(path)")
                #expect(try await updater.find(path, in: set, from: Folder(path: folder)) != nil, "\(path)")
            }
            for path in example.notFound {
                #expect(try await updater.find(TargetPath(path), in: set, from: Folder(path: folder)) == nil, "\(path)")
            }
        } catch let error as UpdateError<Folder.Failure> {
            kind = Self.kind(error)
        }
        #expect(kind == example.expected)
        #expect((kind == "trusted") == (example.pythonTUF == "trusted") || example.hasReasonToDiffer)
    }

    private static func kind(_ error: UpdateError<Folder.Failure>) -> String {
        switch error {
        case .missing: "missing"
        case .source(.tooLong): "length"
        case .metadata(let error): kind(error)
        default: "\(error)"
        }
    }

    private static func kind(_ error: TUFError) -> String {
        switch error {
        case .expired: "expired"
        case .thresholdNotMet: "thresholdNotMet"
        case .wrongType: "wrongType"
        case .unsupportedSpecVersion: "unsupportedSpecVersion"
        case .duplicateSignature: "duplicateSignature"
        case .versionMismatch: "versionMismatch"
        case .hashMismatch: "hashMismatch"
        case .lengthMismatch, .lengthExceeded: "length"
        case .roleNotListed: "roleNotListed"
        case .notJSON(_, .notCanonicalizable): "notCanonical"
        default: "\(error)"
        }
    }
}
