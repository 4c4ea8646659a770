import ArgumentParser

/// How servers are reached.
struct HTTPOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("PEM file of certificate authorities to trust in addition.", valueName: "file"),
        completion: .file()
    )
    var caCert: String?

    @Flag(help: "Allow plain HTTP to servers that are not on this machine.")
    var plainHttp = false

    @Option(
        help: ArgumentHelp("The longest that the whole command may take, such as 90s or 15m.", valueName: "time"),
        transform: DurationArgument.parsing
    )
    var timeout: DurationArgument?

    /// `--timeout` as the limit of the whole command.
    var limit: Duration? { timeout.map { .seconds($0.seconds) } }
}

/// How the registry is reached, and as whom.
struct NetworkOptions: ParsableArguments {
    @OptionGroup var http: HTTPOptions

    @Option(help: ArgumentHelp("User name at the registry, with --password-stdin.", valueName: "name"))
    var username: String?

    @Flag(help: "Read the password, or access token, from the first line of standard input.")
    var passwordStdin = false

    /// `--timeout` as the limit of the whole command.
    var limit: Duration? { http.limit }

    mutating func validate() throws {
        guard (username == nil) == !passwordStdin else {
            throw ValidationError("--username and --password-stdin belong together.")
        }
        if let username, username.isEmpty || username.utf8.contains(UInt8(ascii: ":")) {
            throw ValidationError("--username needs a name without a colon.")
        }
    }
}
