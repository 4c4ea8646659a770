/// What refusals advise in the words of the command line, in one place: a door that is set up otherwise puts its own there.
package enum CommandLineAdvice {
    /// How to give credentials.
    static let login = "docker login, or --username with --password-stdin"
    /// How to allow plain HTTP.
    static let plainHTTP = "--plain-http"
    /// How to give a private authority.
    static let authority = "--ca-cert FILE"
    /// How to choose where state is kept.
    static let home = "TRUSTCTL_HOME"

    /// A refusal with the words of a door.
    ///
    /// - Parameters:
    ///   - refusal: The refusal, in the words of the command line.
    ///   - login: How the door is given credentials.
    ///   - plainHTTP: How it is allowed plain HTTP.
    ///   - authority: How it is given a private authority.
    ///   - home: How it is told where to keep state.
    /// - Returns: The same refusal with other advice.
    package static func replaced(
        in refusal: Refusal,
        login: String,
        plainHTTP: String,
        authority: String,
        home: String
    ) -> Refusal {
        guard var next = refusal.next else { return refusal }
        for (words, others) in [
            (Self.login, login), (Self.plainHTTP, plainHTTP), (Self.authority, authority), (Self.home, home),
        ] { next.replace(words, with: others) }
        return refusal.with(next: next)
    }
}
