import AHCTransport
import ArgumentParser
import ContentTrust
import PullDoors
import TrustTransport

/// `trustctl containerd-verifier`, which containerd starts.
///
/// Unlike every other command it takes nothing from the user's home or environment but proxies, and its answer goes to
/// standard output whatever it is: containerd shows that to whoever pulls.
struct ContainerdVerifier: ParsableCommand, Sendable {
    static let configuration = CommandConfiguration(
        commandName: "containerd-verifier",
        abstract: "Answer containerd, which asks on every pull.",
        usage: """
            trustctl containerd-verifier [--config <folder>] -name <ref> -digest <digest> \
            -stdin-media-type <type> < DESCRIPTOR
            """,
        discussion: """
            A link to trustctl named \(ContainerdVerifier.programName) in the bin_dir of containerd's image verifier does the \
            same. It decides by policy.json in /etc/trustctl and is set by containerd.json there; what it has seen is kept \
            in /var/lib/trustctl. docs/containerd.md says how to set containerd up, and when it would not ask.
            """
    )

    /// The name that a link to this program has in containerd's `bin_dir`.
    static let programName = "trustctl-containerd-verifier"

    /// As many bytes of a reason as containerd certainly shows; it cuts at 32,768.
    private static let maximumLine = 8192

    /// The command as containerd starts it, read without the argument parser: that takes longer than the answer.
    ///
    /// - Parameter arguments: The arguments of the program.
    /// - Returns: The command; nil for every other one, and where help is asked for.
    static func started(with arguments: [String]) -> ContainerdVerifier? {
        guard arguments.first == configuration.commandName else { return nil }
        var command = ContainerdVerifier()
        var rest = arguments.dropFirst()
        command.config = DoorConfiguration.defaultFolder
        if rest.first == "--config", rest.count >= 2 {
            command.config = rest[rest.startIndex + 1]
            rest = rest.dropFirst(2)
        }
        command.request = Array(rest)
        // Every request of containerd begins with this flag.
        return rest.first == "-name" ? command : nil
    }

    @Option(
        help: ArgumentHelp("Where policy.json and containerd.json are.", valueName: "folder"),
        completion: .directory
    )
    var config = DoorConfiguration.defaultFolder

    @Argument(parsing: .captureForPassthrough, help: "What containerd passes.")
    var request: [String] = []

    /// Answers.
    ///
    /// - Parameters:
    ///   - environment: Says which proxies there are.
    ///   - console: Where to write.
    /// - Returns: The exit status: 0 allows the pull.
    func answer(_ environment: Environment, _ console: Console) async -> CInt {
        let start = ContinuousClock.now
        do {
            let configuration = try DoorConfiguration(folder: config)
            // One time for all of it: containerd, too, counts the wait for the question.
            let end = start.advanced(by: .seconds(configuration.timeout))
            let input = try StandardInput.bytes(
                limit: ContainerdRequest.maximumInputLength,
                within: ContinuousClock.now.duration(to: end)
            )
            let request = try ContainerdRequest(arguments: request, input: input)
            let transport = AHCTransport.Configuration(
                certificateAuthorities: try configuration.certificateAuthorities.map { (path) throws(Refusal) in
                    try CertificateAuthorities(file: path, option: "certificateAuthorities")
                },
                proxies: ProxySettings(environment: environment.variables)
            )
            let answer = await AHCTransport.running(transport) { transport in
                let sender = RequestSender(
                    transport: transport,
                    plainHTTP: configuration.allowsPlainHTTP ? .allowPlainHTTP : .loopbackOnly,
                    userAgent: Version.userAgent
                )
                return await ContainerdDoor(configuration: configuration, sender: sender)
                    .answer(request.question, within: max(.zero, ContinuousClock.now.duration(to: end)))
            }
            for warning in answer.warnings { console.alert("warning \(SafeText.escaped(warning))") }
            show(answer.line, on: console)
            return answer.exitCode
        } catch {
            show(ContainerdDoor.line(error), on: console)
            return error.reason.exitCode
        }
    }

    private func show(_ line: String, on console: Console) {
        let text = SafeText.escaped(line)
        console.result(text.utf8.count <= Self.maximumLine ? text : "\(text.prefix(Self.maximumLine / 4))...")
    }
}
