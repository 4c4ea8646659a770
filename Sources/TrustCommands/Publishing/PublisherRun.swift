import CanonicalJSON
import ContentTrust

extension CommandContext {
    /// Runs work with a publisher.
    ///
    /// - Parameters:
    ///   - common: Where state is kept, and how much is said.
    ///   - network: How registries are reached, and as whom.
    ///   - keys: Where private keys are, and what opens them.
    ///   - lifetimes: Lifetimes that are chosen anew.
    ///   - unencryptedUnsafe: Whether new keys are stored without encryption.
    ///   - isNotary: Whether new keys are for a Notary server.
    ///   - subjects: What the command is about.
    ///   - body: The work; it gets the session, too.
    /// - Returns: What `body` returns.
    /// - Throws: ``Refusal``; what `body` throws.
    func withPublisher<Value: Sendable>(
        _ common: CommonOptions,
        _ network: NetworkOptions,
        _ keys: KeyOptions,
        lifetimes: LifetimeChoices = LifetimeChoices(),
        unencryptedUnsafe: Bool = false,
        isNotary: Bool = false,
        for subjects: [Subject],
        _ body: @Sendable (Publisher, TrustSession) async throws(Refusal) -> Value
    ) async throws(Refusal) -> Value {
        try await withSession(common, network, for: subjects) { session async throws(Refusal) in
            let signers = keys.signers(
                session.home,
                self,
                unencryptedUnsafe: unencryptedUnsafe,
                isNotary: isNotary
            )
            return try await body(Publisher(session: session, signers: signers, lifetimes: lifetimes), session)
        }
    }
}

/// What became of several repositories, one after the other.
struct PublishOutcomes: Sendable {
    private(set) var reason = Reason.trusted
    private let title: String
    private let json: Bool
    private let console: Console
    private let suggested: SuggestedOptions

    /// Nothing yet.
    ///
    /// - Parameters:
    ///   - title: The command.
    ///   - json: Whether programs read what is shown.
    ///   - console: Where to write.
    ///   - suggested: The options that suggested commands need again.
    init(title: String, json: Bool, console: Console, suggested: SuggestedOptions) {
        self.title = title
        self.json = json
        self.console = console
        self.suggested = suggested
    }

    /// Shows what was published.
    ///
    /// - Parameters:
    ///   - text: What was published.
    ///   - results: The lines for standard output without `--json`.
    ///   - refused: The reason, if a part of what was asked could not be done.
    mutating func add(_ text: PublishText, results: [String], refused: Reason? = nil) {
        for line in text.lines(console.style) {
            if refused == nil { console.note(line) } else { console.alert(line) }
        }
        if json {
            var object = text.json
            if let refused {
                object["reason"] = .string(refused.code)
                object["exitCode"] = .integer(Int64(refused.exitCode))
            }
            console.result(JSONValue.object(object).line)
        } else {
            console.result(lines: results)
        }
        if let refused, reason == .trusted { reason = refused }
    }

    /// Shows a change that waits; of one that was shown already only what is new.
    func add(_ text: WaitingText, after shown: WaitingText?) {
        let lines: [String]
        if let shown {
            lines = shown.state == text.state ? [] : [SafeText.escaped(text.state)]
        } else {
            lines = text.lines
        }
        for line in lines { console.note(line) }
        if json { console.result(text.result.line) }
    }

    /// Shows a refusal of one repository, or of one of several stores; the others go on.
    mutating func add(_ refusal: Refusal, subject: Subject, in choice: StoreChoices.Choice) {
        var options = suggested
        options.store = choice.arguments
        add(refusal.completed(by: options), subject: subject, store: choice.name)
    }

    /// As above, of the store that the command is about.
    mutating func add(_ refusal: Refusal, subject: Subject, store: String? = nil) {
        let refusal = refusal.completed(by: suggested)
        let what = "\(title) \(subject)" + (store.map { " in \($0)" } ?? "")
        for line in RefusalText.lines(refusal, subject: what, style: console.style) {
            console.alert(line)
        }
        if json {
            var object = RefusalText.json(refusal)
            object["repository"] = .string(subject.description)
            object["store"] = store.map(JSONValue.string)
            console.result(JSONValue.object(object).line)
        }
        if reason == .trusted { reason = refusal.reason }
    }
}
