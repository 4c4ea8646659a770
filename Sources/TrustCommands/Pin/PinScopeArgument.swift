import ContentTrust
import OCI

/// The scope of a pin as users write it: `REPO`, `PREFIX/*`, or the generated name of a layout's trust data.
enum PinScopeArgument {
    /// The scope, with names completed as docker does it.
    ///
    /// - Parameter text: What was written.
    /// - Returns: The scope.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    static func scope(parsing text: String) throws(Refusal) -> PinScope {
        if isGenerated(text) { return .repository(text) }
        guard text.utf8.suffix(2).elementsEqual("/*".utf8) else {
            switch try ImageReference.subject(parsing: text) {
            case .registry(let name): return .repository(name.description)
            case .layout:
                throw Refusal(
                    .usage,
                    checked: "scope \(ReferenceText.shortened(text))",
                    found: "a path",
                    expected: "the name that the layout's trust data was signed with; trustctl inspect shows it"
                )
            }
        }
        return .prefix(try prefix(String(text.dropLast(2)), text: text))
    }

    /// `REGISTRY` or `REGISTRY/PATH`, completed: what a repository below the prefix is called, less the part below.
    private static func prefix(_ prefix: String, text: String) throws(Refusal) -> String {
        let isRegistry =
            !prefix.contains("/") && (prefix == "localhost" || prefix.contains(".") || prefix.contains(":"))
        let below = isRegistry ? "/a/a" : "/a"
        do throws(OCIError) {
            let name = try RepositoryName(parsing: prefix + below).description
            return String(name.dropLast(below.utf8.count))
        } catch {
            throw ReferenceText.refusal(error, text: text, option: "scope")
        }
    }

    /// Whether it is a name that `init` makes for a layout without `--name`: `local/` and a UUID. docker would complete it
    /// to a repository of Docker Hub.
    private static func isGenerated(_ text: String) -> Bool {
        let prefix = "local/"
        guard text.utf8.starts(with: prefix.utf8) else { return false }
        let groups = text.utf8.dropFirst(prefix.utf8.count)
            .split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return groups.map(\.count) == [8, 4, 4, 4, 12]
            && groups.allSatisfy { $0.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) } }
    }
}
