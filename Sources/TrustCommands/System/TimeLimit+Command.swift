import ContentTrust

extension TimeLimit {
    /// What a command says when its time was up.
    ///
    /// - Parameter checked: What the command was about.
    /// - Returns: The refusal.
    func refusal(checked: String) -> Refusal {
        refusal(checked: checked, next: "run the same command with a longer --timeout")
    }
}
