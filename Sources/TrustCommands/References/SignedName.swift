import ContentTrust

/// The name that trust data is bound to, as users write it.
enum SignedName {
    /// The name, completed as docker does it.
    ///
    /// - Parameter text: A repository, or a generated name of a layout.
    /// - Returns: The name in full.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    static func name(parsing text: String) throws(Refusal) -> String {
        guard case .repository(let name) = try PinScopeArgument.scope(parsing: text) else {
            throw Refusal(
                .usage,
                checked: "name \(ReferenceText.shortened(text))",
                found: "a prefix",
                expected: "the name of one repository"
            )
        }
        return name
    }
}
