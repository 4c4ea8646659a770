/// The options of the command line that a suggested command needs again, each list with a space before it, or empty.
public struct SuggestedOptions: Sendable, Hashable {
    /// `--home`.
    public var home = ""
    /// `--key-store`.
    public var keyStores = ""
    /// `--store` or `--trust-repository`.
    public var store = ""
    /// `--plain-http` and `--ca-cert`.
    public var network = ""

    /// None.
    public init() {}

    /// A text with these options in its commands.
    ///
    /// - Parameter text: The text.
    /// - Returns: The same text, where each command has those of the options that it takes and lacks.
    package func completing(_ text: String) -> String { SuggestedText(options: self).completing(text) }
}

extension Refusal {
    /// The refusal with options in the commands that it suggests: what makes it knows the repository, and only the command
    /// line how that was reached. Without them the next command would look, or even begin anew, in another store.
    ///
    /// - Parameter options: The options of this run.
    /// - Returns: The same refusal, with commands that can be run as they stand.
    public func completed(by options: SuggestedOptions) -> Refusal { with(next: next.map(options.completing)) }
}

/// Puts options into the commands of a text.
struct SuggestedText: Sendable {
    let options: SuggestedOptions

    private static let program = "trustctl "

    /// The options that a command takes; nil for one that needs none of them again.
    private enum Need: Sendable { case verifying, publishing, keys, state }

    private static let needs: [(name: String, need: Need)] = [
        ("list", .verifying), ("verify", .verifying), ("inspect", .verifying), ("signer list", .verifying),
        ("notary mirror", .verifying), ("notary delete", .verifying), ("init", .publishing), ("refresh", .publishing),
        ("revoke", .publishing), ("rebin", .publishing), ("sign image", .publishing), ("signer add", .publishing),
        ("signer remove", .publishing), ("signer request", .publishing), ("signer sign", .publishing),
        ("root propose", .publishing), ("root apply", .publishing), ("key rotate", .publishing),
        ("notary witness", .publishing), ("key remove", .keys), ("key list", .keys), ("pin add", .state),
        ("pin remove", .state),
    ]

    /// The text with the options that its commands leave out.
    func completing(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let found = rest.firstRange(of: Self.program) {
            let before = rest[..<found.lowerBound]
            result += rest[..<found.upperBound]
            rest = rest[found.upperBound...]
            // What somebody else is to run has files and keys of other names.
            let sentence = before.split(separator: ";").last ?? ""
            let isOwn = sentence.firstRange(of: "publisher") == nil && sentence.firstRange(of: "signer ") == nil
            let next = rest.firstRange(of: Self.program)?.lowerBound ?? rest.endIndex
            let end = rest[..<next].firstIndex(of: ";") ?? next
            guard let (place, need) = Self.place(in: rest[..<end]) else { continue }
            result += rest[..<place] + missing(need, in: rest[..<end], isOwn: isOwn)
            rest = rest[place...]
        }
        return result + rest
    }

    /// Where options go into a command: behind the repository, or the key, that it is about.
    private static func place(in command: Substring) -> (place: String.Index, need: Need)? {
        guard let (name, need) = needs.first(where: { command.hasPrefix($0.name) }) else { return nil }
        var rest = command.dropFirst(name.count)
        guard rest.first.map({ !$0.isLetter && $0 != "-" }) ?? true else { return nil }
        if name == "key list" { return (rest.startIndex, need) }
        while rest.first == " " {
            let word = self.word(in: rest.dropFirst())
            // A repository or reference has one of these; sentences go on without.
            let isNamed = word == "REPO" || word.contains { $0 == "/" || $0 == ":" }
            if isNamed || name == "key remove" && !word.hasPrefix("-") { return (word.endIndex, need) }
            rest = rest[word.endIndex...]
        }
        return nil
    }

    /// The first word, quoted or not, without the punctuation of the sentence that it may end.
    private static func word(in text: Substring) -> Substring {
        if text.first == "'" {
            var end = text.startIndex
            while let quote = text[end...].dropFirst().firstIndex(of: "'") {
                end = text.index(after: quote)
                // A quote inside is written as '\'': the last of these opens again.
                guard text[end...].hasPrefix("\\''") else { break }
                end = text.index(end, offsetBy: 2)
            }
            return text[..<end]
        }
        var word = text.prefix { $0 != " " }
        while let last = word.last, ",.)".contains(last) { word = word.dropLast() }
        return word
    }

    private func missing(_ need: Need, in command: Substring, isOwn: Bool) -> String {
        func unless(_ names: String..., add text: String) -> String {
            names.contains { command.firstRange(of: $0) != nil } ? "" : text
        }
        let place = unless("--store ", "--trust-repository ", add: options.store)
        let network = unless("--ca-cert ", "--plain-http", add: options.network)
        let keys = unless("--key-store ", add: options.keyStores)
        let home = unless("--home ", add: options.home)
        switch need {
        case .verifying: return isOwn ? place + network + home : place
        case .publishing: return isOwn ? keys + place + network + home : place
        case .keys: return isOwn ? keys + home : ""
        case .state: return isOwn ? home : ""
        }
    }
}
