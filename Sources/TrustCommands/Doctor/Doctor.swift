import ArgumentParser
import ContentTrust
import PullDoors
import TUF

/// `trustctl doctor`
struct Doctor: TrustCommand {
    static let title = "doctor"
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what is wrong with trust data or will be, when, and the command that mends it.",
        discussion: """
            Looks at the expiry of every role, at thresholds and keys, at every file in the store, at announcements of \
            publishers, at the pin and what this machine has seen, and compares the signed tags with what the registry \
            serves. With --containerd it says whether this machine's containerd asks the verifier. It changes nothing. The exit status is that of what refuses verifiers or publishers now, else 0; \
            docs/cli/doctor.md has the table of findings.
            """
    )

    @Argument(help: ArgumentHelp("Repositories, or oci:PATH.", valueName: "repo"))
    var repositories: [String] = []

    @Option(
        help: ArgumentHelp(
            "Say whether this containerd asks the verifier on every pull: its configuration.",
            valueName: "file"
        ),
        completion: .file(extensions: ["toml"])
    )
    var containerd: String?

    @Option(
        help: ArgumentHelp("With --containerd: where its verifier is configured.", valueName: "folder"),
        completion: .directory
    )
    var containerdConfig = DoorConfiguration.defaultFolder

    @Option(
        help: ArgumentHelp(
            "Warn of roles that expire within this time, once two thirds of their lifetime are over.",
            valueName: "time"
        ),
        transform: DurationArgument.parsing
    )
    var within: DurationArgument?

    @Option(help: ArgumentHelp("From which severity on the exit status is not 0.", valueName: "error|warning"))
    var failOn = FailOnArgument.error

    @Option(help: ArgumentHelp("Finding to leave out, by its code; may be repeated.", valueName: "code"))
    var ignore: [String] = []

    @Flag(name: .customLong("no-tags"), help: "Do not compare the signed tags with what the registry serves.")
    var leavesOutTags = false

    @Option(help: ArgumentHelp("For oci:PATH: the name that its trust data must carry.", valueName: "name"))
    var name: String?

    @OptionGroup var keys: KeyStoreOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { network.limit }
    var suggested: SuggestedOptions { SuggestedOptions(common, network, store: store.arguments, keys: keys) }

    mutating func validate() throws {
        guard !repositories.isEmpty || containerd != nil else {
            throw ValidationError("Missing expected argument '<repo> ...'")
        }
        for code in ignore where !FindingCode.all.contains(where: { $0.string == code }) {
            // A misspelt code would leave nothing out, and be noticed by nobody until the night.
            throw ValidationError("--ignore \(code): no finding has this code; docs/cli/doctor.md has the table.")
        }
    }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        var subjects: [Subject] = []
        for text in repositories {
            let subject = try ImageReference.subject(parsing: text)
            if !subjects.contains(subject) { subjects.append(subject) }
        }
        let machine = try containerdReason(context.console)
        guard !subjects.isEmpty else { return machine }
        let location = try store.location(context.environment)
        guard location?.dialect != .notary else {
            throw Refusal(
                .usage,
                checked: "--store \(store.store ?? "")",
                found: "a Notary server, which has no doctor",
                next: "trustctl inspect \(subjects[0].argument)\(store.arguments)"
            )
        }
        let options = try options()
        let wanted = subjects
        return try await context.withSession(common, network, for: subjects) { session async throws(Refusal) in
            let doctor = TrustDoctor(
                session: session,
                keys: keys.stores(session.home),
                options: options,
                suggested: suggested
            )
            var worst: (reason: Reason, isWarning: Bool)?
            for (index, subject) in wanted.enumerated() {
                let bars = DoctorProgress(context.console)
                let diagnosis = try await doctor.examine(subject, at: location, progress: bars.update)
                bars.end()
                let text = DiagnosisText(
                    diagnosis: diagnosis.leavingOut(Set(ignore)),
                    threshold: failOn.severity,
                    style: context.console.outputStyle
                )
                show(text, isFirst: index == 0, on: context.console)
                // An error of a later repository says more than a warning of an earlier one.
                guard text.reason != .trusted, worst.map({ $0.isWarning && text.reason != .warning }) ?? true else {
                    continue
                }
                worst = (text.reason, text.reason == .warning)
            }
            return machine == .trusted || machine == .warning ? worst?.reason ?? machine : machine
        }
    }

    /// What keeps containerd from asking.
    private func containerdReason(_ console: Console) throws(Refusal) -> Reason {
        guard let containerd else { return .trusted }
        let examination = ContainerdExamination(
            path: containerd,
            program: ContainerdVerifier.programName,
            folder: containerdConfig
        )
        let all = try examination.findings()
        let text = ContainerdText(
            path: containerd,
            findings: all.filter { !ignore.contains($0.code.string) },
            threshold: failOn.severity,
            style: console.outputStyle
        )
        if common.json {
            console.result(text.json.line)
        } else if !common.quiet || text.reason != .trusted {
            console.result(lines: text.lines)
        }
        return text.reason
    }

    private func show(_ text: DiagnosisText, isFirst: Bool, on console: Console) {
        if common.json {
            console.result(text.json.line)
        } else if !common.quiet || text.reason != .trusted {
            console.result(lines: (isFirst ? [] : [""]) + text.lines(all: common.verbose))
        }
    }

    private func options() throws(Refusal) -> TrustDoctor.Options {
        var options = TrustDoctor.Options()
        if let within { options.horizon = within.seconds }
        options.comparesTags = !leavesOutTags
        options.signedName = try name.map { (name) throws(Refusal) in try SignedName.name(parsing: name) }
        return options
    }
}

/// The bars of what takes a while.
private final class DoctorProgress: Sendable {
    private let console: Console

    init(_ console: Console) { self.console = console }

    func update(_ step: TrustDoctor.Step, _ done: Int, _ all: Int) {
        // Not worth a bar, and it would only flicker.
        guard all >= 20 else { return }
        let label =
            switch step {
            case .files: "reading files"
            case .tags: "comparing tags"
            }
        console.progress(ProgressBar.line(label: label, done: done, total: all, width: console.width))
    }

    func end() { console.progress(nil) }
}
