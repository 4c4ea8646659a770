package import ContentTrust
import TUF
import TUFClient
import TrustCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Looks whether containerd asks the door on every pull, and whether the door can answer.
package struct ContainerdExamination: Sendable {
    /// The name that the door has in containerd's `bin_dir`.
    private let program: String
    /// Where the door is configured.
    private let folder: String
    /// containerd's configuration.
    private let path: String

    /// An examination.
    ///
    /// - Parameters:
    ///   - path: containerd's configuration.
    ///   - program: The name that the door has in `bin_dir`.
    ///   - folder: Where the door is configured.
    package init(path: String, program: String, folder: String = DoorConfiguration.defaultFolder) {
        self.path = path
        self.program = program
        self.folder = folder
    }

    /// What is wrong.
    ///
    /// - Returns: The findings, in the order in which things are looked at; empty when nothing is wrong.
    /// - Throws: ``ContentTrust/Refusal`` when containerd's configuration cannot be read.
    package func findings() throws(Refusal) -> [Finding] {
        let settings = try ContainerdSettings(contentsOf: path)
        let checked = "containerd's configuration \(path)"
        var findings = settings.bypasses.map { setting in
            Finding(
                .verifierNotAsked,
                .error,
                reason: .policy,
                checked: checked,
                found: "\(setting): containerd pulls without asking any verifier, and says nothing",
                remedy: Remedy(advice: "take the setting out, and restart containerd")
            )
        }
        if settings.version < 3 {
            findings.append(
                Finding(
                    .verifierNotAsked,
                    .warning,
                    checked: checked,
                    found:
                        "version \(settings.version): containerd before 2.1 asks no verifier for pulls of Kubernetes",
                    expected: "containerd 2.1 or later",
                    remedy: Remedy("containerd --version", advice: "look which one runs")
                )
            )
        }
        findings += programs(settings)
        findings += door(settings)
        return findings
    }

    // MARK: The folder of verifiers

    private func programs(_ settings: ContainerdSettings) -> [Finding] {
        let checked = "bin_dir \(settings.binDir)"
        let link = "\(settings.binDir)/\(program)"
        let remedy = Remedy(
            "mkdir -p \(ShellWord.quoted(settings.binDir)) && "
                + "ln -s \"$(command -v trustctl)\" \(ShellWord.quoted(link))"
        )
        func missing(_ found: String) -> Finding {
            Finding(.verifierMissing, .error, reason: .policy, checked: checked, found: found, remedy: remedy)
        }
        guard settings.binDir.utf8.first == UInt8(ascii: "/") else {
            return [missing("it is no absolute path: where containerd looks depends on where it was started")]
        }
        let names: [String]?
        do { names = try DurableFile.list(settings.binDir, limit: 10_000) } catch {
            return [missing("it cannot be read: \(error)")]
        }
        guard let names else { return [missing("no such folder, for which containerd allows every pull")] }
        guard !names.isEmpty else { return [missing("it is empty, for which containerd allows every pull")] }
        // Several may look like it. The first one counts of which nothing has to be told, else the first one.
        let sorted = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let doors = sorted.indices.compactMap { place in
            DoorProgram(sorted[place], in: settings.binDir, door: program).map { (place: place, findings: $0.findings) }
        }
        guard let door = doors.first(where: { $0.findings.isEmpty }) ?? doors.first else {
            return [
                missing(
                    "none of its \(names.count) programs is \(program), or a script that starts containerd-verifier"
                )
            ]
        }
        var findings = door.findings
        if settings.maximumVerifiers >= 0, door.place >= settings.maximumVerifiers {
            findings.append(
                Finding(
                    .verifierNotAsked,
                    .error,
                    reason: .policy,
                    checked: checked,
                    found: "max_verifiers is \(settings.maximumVerifiers), and \(sorted[door.place]) is number "
                        + "\(door.place + 1)",
                    expected: "a number that leaves none out; containerd only warns of it",
                    remedy: Remedy(advice: "set max_verifiers = -1, and restart containerd")
                )
            )
        }
        // containerd starts whatever is there.
        for name in sorted where access("\(settings.binDir)/\(name)", X_OK) != 0 && name != sorted[door.place] {
            findings.append(
                Finding(
                    .verifierMissing,
                    .error,
                    reason: .policy,
                    checked: "\(settings.binDir)/\(name)",
                    found: "it cannot be executed, so that every pull fails",
                    remedy: Remedy(advice: "take it out of the folder")
                )
            )
        }
        do throws(Refusal) { try OwnFile.checkFolder(settings.binDir, checked: checked) } catch {
            findings.append(Finding(error, severity: .error))
        }
        return findings
    }

    // MARK: The door

    private func door(_ settings: ContainerdSettings) -> [Finding] {
        do throws(Refusal) {
            let configuration = try DoorConfiguration(folder: folder)
            let policy = try TrustPolicy(contentsOf: configuration.policy, now: SystemClock().now())
            try OwnFile.checkFolder(configuration.state, checked: "the state of the door, \(configuration.state)")
            try configuration.checkCredentials()
            var findings = policy.warnings.map { warning in
                Finding(
                    .policyWarning,
                    .warning,
                    checked: "policy \(configuration.policy)",
                    found: warning,
                    remedy: Remedy("trustctl policy check \(ShellWord.quoted(configuration.policy))")
                )
            }
            if configuration.timeout * 1000 >= settings.verifierTimeout {
                findings.append(
                    Finding(
                        .verifierNotAsked,
                        .warning,
                        checked: "the timeout of the door, \(configuration.timeout) s",
                        found: "containerd gives up after \(settings.verifierTimeout) ms, and shows no reason then",
                        expected: "less than per_verifier_timeout",
                        remedy: Remedy(advice: "set a shorter timeout in \(folder)/containerd.json")
                    )
                )
            }
            return findings
        } catch {
            return [Finding(error, severity: .error)]
        }
    }
}
