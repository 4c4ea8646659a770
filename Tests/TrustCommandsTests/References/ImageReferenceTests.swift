import ContentTrust
import Testing

@testable import TrustCommands

@Suite struct ImageReferenceTests {
    private static let hex = String(repeating: "ab", count: 32)

    @Test(arguments: [
        ("alpine", "docker.io/library/alpine"),
        ("alpine:3", "docker.io/library/alpine:3"),
        ("localhost:5000/app:1.4", "localhost:5000/app:1.4"),
        ("reg.io/a@sha256:\(hex)", "reg.io/a@sha256:\(hex)"),
        ("reg.io/a:1@sha256:\(hex)", "reg.io/a:1@sha256:\(hex)"),
        ("oci:/x/y", "oci:/x/y"),
        ("oci:/x/y:1.4", "oci:/x/y:1.4"),
    ])
    func reads(text: String, full: String) throws {
        #expect(try ImageReference(parsing: text).description == full)
    }

    @Test(arguments: [
        "", "reg.io/UPPER", "reg.io/app:", "reg.io/app:-x", "a b", "https://reg.io/app", "app@sha256:12", "oci:",
        "oci:/x:a/b",
        "oci-archive:/x.tar", "dir:/x", "reg.io/app\u{1b}[31m", "\(hex)",
    ])
    func refuses(text: String) {
        let error = #expect(throws: Refusal.self) { try ImageReference(parsing: text) }
        #expect(error?.reason == .usage)
    }

    @Test(arguments: ["reg.io/app:1", "reg.io/app@sha256:\(hex)", "oci:/x:1"])
    func aSubjectHasNoTag(text: String) {
        let error = #expect(throws: Refusal.self) { try ImageReference.subject(parsing: text) }
        #expect(error?.reason == .usage)
    }

    @Test func latestIsImplied() throws {
        #expect(try ImageReference(parsing: "alpine").withTag.description == "docker.io/library/alpine:latest")
        #expect(try ImageReference(parsing: "a@sha256:\(Self.hex)").withTag.tag == nil)
    }
}
