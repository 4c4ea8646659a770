import ArgumentParser
import CTrustShims
import CanonicalJSON
import ContentTrust
import Dispatch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The program `trustctl`, from its arguments to its exit status.
public enum Program {
    /// Runs the program with the arguments of this process.
    ///
    /// The exit status is that of ``ContentTrust/Reason/exitCode``; 128 and the number of the signal when one ended it.
    ///
    /// - Returns: Never.
    public static func main() -> Never {
        // Before anything asynchronous: that opens descriptors of its own, which would become standard streams.
        trustctl_occupy_standard_streams()
        Task { await work() }
        dispatchMain()
    }

    private static func work() async -> Never {
        let environment = Environment.current
        let console = Console(environment)
        let interruption = Interruption()
        let arguments = arguments(CommandLine.arguments)
        let task = Task { await run(arguments, environment: environment, console: console) }
        interruption.onInterruption { task.cancel() }
        interruption.watch()
        let status = await task.value
        console.progress(nil)
        if let number = interruption.number { exit(Interruption.exitStatus(number)) }
        switch console.outputError {
        case 0:
            exit(status)
        case EPIPE:
            // The reader has seen enough. As other tools do: silently, and not as a success.
            trustctl_end_by_signal(SIGPIPE)
            exit(Interruption.exitStatus(SIGPIPE))
        case let code:
            console.alert("error: standard output: \(String(cString: strerror(code)))")
            exit(Reason.storage.exitCode)
        }
    }

    /// The arguments after the program's own name; a link can have the name of a command that takes no other arguments.
    private static func arguments(_ all: [String]) -> [String] {
        let name = all.first.flatMap { $0.split(separator: "/").last } ?? ""
        let command = name == ContainerdVerifier.programName ? [ContainerdVerifier.configuration.commandName] : []
        return command.compactMap { $0 } + all.dropFirst()
    }

    /// Parses the arguments, runs the command, and shows what it throws.
    ///
    /// - Parameters:
    ///   - arguments: Without the name of the program.
    ///   - environment: What the process was started with.
    ///   - console: Where to write.
    /// - Returns: The exit status.
    static func run(_ arguments: [String], environment: Environment, console: Console) async -> CInt {
        if let door = ContainerdVerifier.started(with: arguments) { return await door.answer(environment, console) }
        var command: any ParsableCommand
        do {
            command = try parse(arguments)
            if let door = command as? ContainerdVerifier { return await door.answer(environment, console) }
            guard let work = command as? any TrustCommand else {
                // A group of commands, or help.
                try command.run()
                return Reason.trusted.exitCode
            }
            return await run(work, environment: environment, console: console)
        } catch {
            return explain(error, arguments: arguments, console: console)
        }
    }

    /// Parses the arguments of the command that they name.
    ///
    /// The argument parser looks at every command that there is before it parses, which takes several milliseconds, a
    /// third of what `verify` needs. So only the command that is named is parsed; what does not parse that way, all
    /// help included, is parsed from the top, for what is said of it.
    private static func parse(_ arguments: [String]) throws -> any ParsableCommand {
        var named: any ParsableCommand.Type = Trustctl.self
        var rest = arguments[...]
        while let word = rest.first,
            let next = named.configuration.subcommands.first(where: { $0.configuration.commandName == word })
        {
            named = next
            rest = rest.dropFirst()
        }
        if named is any TrustCommand.Type, let command = try? named.parseAsRoot(Array(rest)) { return command }
        return try Trustctl.parseAsRoot(arguments)
    }

    private static func run(_ command: any TrustCommand, environment: Environment, console: Console) async -> CInt {
        console.verbosity = command.common.verbosity
        let limit = TimeLimit(command.timeLimit)
        let context = CommandContext(environment: environment, console: console, timeLimit: limit)
        let title = type(of: command).title
        let result = await limit.run { () async throws(Refusal) -> Reason in try await command.execute(context) }
        switch result {
        case .success(let reason):
            return reason.exitCode
        case .failure(let refusal):
            let shown = limit.isPassed ? limit.refusal(checked: title) : refusal.completed(by: command.suggested)
            // Whoever pressed ctrl-C knows why nothing came of it.
            if Task.isCancelled {
                console.note("interrupted")
                return shown.reason.exitCode
            }
            return show(shown, of: command, title: title, console: console)
        }
    }

    private static func show(_ refusal: Refusal, of command: any TrustCommand, title: String, console: Console) -> CInt
    {
        for line in RefusalText.lines(refusal, subject: title, style: console.style) { console.alert(line) }
        if command.common.verbose, let cause = refusal.cause {
            console.detail("  cause:    \(SafeText.escaped("\(cause)"))")
        }
        if command.common.json {
            var object = RefusalText.json(refusal)
            object["command"] = .string(title)
            console.result(JSONValue.object(object).line)
        }
        return refusal.reason.exitCode
    }

    /// Shows what the argument parser threw: help, versions and completion scripts on standard output, mistakes on
    /// standard error.
    private static func explain(_ error: any Error, arguments: [String], console: Console) -> CInt {
        let status = Trustctl.exitCode(for: error)
        let message = Trustctl.fullMessage(for: error)
        guard !status.isSuccess else {
            if !message.isEmpty { console.result(message) }
            return Reason.trusted.exitCode
        }
        console.alert(safeLines(message))
        if arguments.prefix(while: { $0 != "--" }).contains("--json") {
            let refusal = Refusal(.usage, checked: "arguments", found: Trustctl.message(for: error))
            var object = RefusalText.json(refusal)
            object["command"] = .string("trustctl")
            console.result(JSONValue.object(object).line)
        }
        return Reason.usage.exitCode
    }

    /// The parser's message repeats arguments, and has several lines of its own.
    private static func safeLines(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { SafeText.escaped(String($0)) }
            .joined(separator: "\n")
    }
}
