import CTrustShims

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the process was started with. Nothing below the commands reads it for itself.
struct Environment: Sendable {
    /// The environment variables.
    var variables: [String: String]
    /// Whether standard input is a terminal.
    var inputIsTerminal: Bool
    /// Whether standard error is a terminal.
    var errorIsTerminal: Bool
    /// Whether standard output is a terminal.
    var outputIsTerminal: Bool
    /// Columns of the terminal at standard error; 80 when it does not say.
    var terminalWidth: Int

    /// An environment.
    ///
    /// - Parameters:
    ///   - variables: The environment variables.
    ///   - inputIsTerminal: Whether standard input is a terminal.
    ///   - errorIsTerminal: Whether standard error is a terminal.
    ///   - outputIsTerminal: Whether standard output is a terminal.
    ///   - terminalWidth: Columns of the terminal.
    init(
        variables: [String: String] = [:],
        inputIsTerminal: Bool = false,
        errorIsTerminal: Bool = false,
        outputIsTerminal: Bool = false,
        terminalWidth: Int = 80
    ) {
        self.variables = variables
        self.inputIsTerminal = inputIsTerminal
        self.errorIsTerminal = errorIsTerminal
        self.outputIsTerminal = outputIsTerminal
        self.terminalWidth = terminalWidth
    }

    /// The environment of this process.
    static var current: Environment {
        Environment(
            variables: currentVariables,
            inputIsTerminal: isatty(STDIN_FILENO) == 1,
            errorIsTerminal: isatty(STDERR_FILENO) == 1,
            outputIsTerminal: isatty(STDOUT_FILENO) == 1,
            terminalWidth: currentWidth
        )
    }

    /// The value of a variable; nil also when it is empty, which is how shells unset one for a single command.
    subscript(_ name: String) -> String? {
        variables[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The variables for programs that are started, such as credential helpers: without passphrases, which are not theirs.
    var forPrograms: [String: String] {
        let owners = ["TRUSTCTL_", "DOCKER_CONTENT_TRUST_", "NOTARY_"]
        return variables.filter { variable in
            !variable.key.hasSuffix("_PASSPHRASE")
                || !owners.contains { variable.key.utf8.starts(with: $0.utf8) }
        }
    }

    /// A path with the user's directory in the place of a tilde: no shell expands one that stands behind something.
    func expandingTilde(_ path: String) -> String {
        guard path == "~" || path.hasPrefix("~/"), let home = self["HOME"] else { return path }
        return home + path.dropFirst()
    }

    /// Whether colours may be used on a terminal: no `NO_COLOR` (no-color.org), and one that understands them.
    var allowsColor: Bool { self["NO_COLOR"] == nil && self["TERM"] != "dumb" }

    private static var currentVariables: [String: String] {
        var variables: [String: String] = [:]
        guard var entry = trustctl_environment() else { return [:] }
        while let pointer = entry.pointee {
            let text = String(cString: pointer)
            if let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) {
                let name = String(text[..<equals])
                // The first of two counts, as with getenv.
                if variables[name] == nil { variables[name] = String(text[text.utf8.index(after: equals)...]) }
            }
            entry += 1
        }
        return variables
    }

    private static var currentWidth: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
