import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// What `trustctl doctor` says of a repository.
struct Diagnosed {
    let object: JSONValue
    let output: ProcessOutput

    /// Runs it, and holds what it says against the schema and its exit status.
    ///
    /// - Parameters:
    ///   - trustctl: Whose machine.
    ///   - repository: The repository.
    ///   - arguments: Further arguments.
    /// - Throws: When it says no object, or one that is not as the schema has it.
    init(_ trustctl: Trustctl, _ repository: String, _ arguments: String...) async throws {
        output = try await trustctl.runAll(["doctor", repository, "--json"] + arguments)
        object = try output.object
        try Schema.check(object, "doctor")
        #expect(object["exitCode"]?.integer == Int64(output.exitCode ?? -1), "\(output)")
        let findings = object["findings"]?.array ?? []
        #expect(object["worst"]?.string == findings.first?["severity"]?.string)
        for severity in ["error", "warning", "note"] {
            let count = findings.count { $0["severity"]?.string == severity }
            #expect(object["counts"]?[severity]?.integer == Int64(count))
        }
        for finding in findings {
            let code = try #require(finding["code"]?.string)
            #expect(FindingCode.all.contains { $0.string == code }, "\(code)")
        }
    }

    /// The reason, which decides the exit status.
    var reason: String? { object["reason"]?.string }

    /// `code severity` of each finding that is more than a note, but for those of keys that tests leave unencrypted and of
    /// the one root key that they make.
    var problems: [String] {
        findings.compactMap { finding in
            guard let code = finding["code"]?.string, let severity = finding["severity"]?.string, severity != "note",
                !["no-spare-key", "key-unencrypted"].contains(code)
            else { return nil }
            return "\(code) \(severity)"
        }
    }

    /// All findings.
    var findings: [JSONValue] { object["findings"]?.array ?? [] }

    /// The first finding of a code.
    func finding(_ code: String) throws -> JSONValue {
        try #require(findings.first { $0["code"]?.string == code }, "\(output)")
    }

    /// Runs the command that a finding suggests, as a shell reads it.
    func mend(_ code: String, on trustctl: Trustctl) async throws {
        let command = try #require(try finding(code)["command"]?.string)
        let path = String(trustctl.executable.dropLast("/trustctl".count))
        var shell = Command("/bin/sh", ["-ec", "PATH=\(path):$PATH; \(command)"], environment: trustctl.environment)
        shell.workingDirectory = trustctl.home
        let output = try await run(shell, timeout: trustctl.timeout)
        #expect(output.exitCode == 0, "\(command): \(output)")
    }
}
