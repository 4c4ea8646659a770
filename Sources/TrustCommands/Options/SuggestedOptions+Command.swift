import ContentTrust

extension SuggestedOptions {
    /// What was given to a command, as the commands that it suggests need it again.
    ///
    /// - Parameters:
    ///   - common: Has `--home`.
    ///   - network: How servers are reached; nil for commands that ask none.
    ///   - store: The options that lead to the store, with a space before them.
    ///   - keys: Further key stores.
    init(_ common: CommonOptions, _ network: NetworkOptions?, store: String = "", keys: KeyStoreOptions? = nil) {
        self.init()
        home = common.home.map { " --home \(ShellWord.quoted($0))" } ?? ""
        keyStores = keys?.directories.map { " --key-store \(ShellWord.quoted($0))" }.joined() ?? ""
        self.store = store
        guard let http = network?.http else { return }
        self.network =
            (http.plainHttp ? " --plain-http" : "") + (http.caCert.map { " --ca-cert \(ShellWord.quoted($0))" } ?? "")
    }
}
