import ContentTrust

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A question that only a person can answer.
enum Confirmation {
    /// Asks, and takes anything but `y` or `yes` for a no.
    ///
    /// - Parameters:
    ///   - question: The question, escaped.
    ///   - context: Says whether there is a terminal.
    /// - Returns: Whether the answer is yes.
    /// - Throws: ``Refusal`` with ``Reason/usage`` when there is nobody to ask.
    static func isGiven(_ question: String, _ context: CommandContext) throws(Refusal) -> Bool {
        guard context.environment.inputIsTerminal, context.environment.errorIsTerminal else {
            throw Refusal(
                .usage,
                checked: "the wish to do this",
                found: "no terminal to ask at",
                next: "run the same command with --yes"
            )
        }
        let answer = line("\(question) [y/N] ", context)
        return answer == "y\n" || answer == "yes\n"
    }

    /// Asks for a line.
    ///
    /// - Parameters:
    ///   - question: The question, escaped.
    ///   - context: Says whether there is a terminal.
    /// - Returns: The line, in small letters and without its end; nil when there is nobody to ask.
    static func answer(_ question: String, _ context: CommandContext) -> String? {
        guard context.environment.inputIsTerminal, context.environment.errorIsTerminal else { return nil }
        let answer = line("\(question) ", context)
        return answer.hasSuffix("\n") ? String(answer.dropLast()) : answer
    }

    private static func line(_ question: String, _ context: CommandContext) -> String {
        context.console.ask(question)
        // A terminal gives a line at a time.
        var buffer = [UInt8](repeating: 0, count: 4096)
        var count: Int
        repeat { count = InputFile.systemRead(STDIN_FILENO, into: &buffer) } while count < 0 && errno == EINTR
        return String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self).lowercased()
    }
}
