import CanonicalJSON
public import TUF
import TrustCrypto

/// What a verifier knows beforehand of the repositories in a scope.
public struct Pin: Sendable, Hashable {
    /// Which repositories it is for.
    public let scope: PinScope
    /// The form of the metadata that it is for. Trust data of the other form is not checked by it, nor does it stand in for
    /// what is pinned.
    public let dialect: Dialect
    /// What it knows of their root.
    public let anchor: RootAnchor
    /// The name that the trust data carries, where that is not the repository's own: the original of a mirror. For the
    /// scope of one repository only.
    public let signedName: String?
    /// Whether trust data that carries no name is accepted, because another tool wrote it.
    public let allowsUnnamed: Bool
    /// The rule of a policy that it stands in, as messages name it; nil for a pin of this machine.
    private(set) var rule: String?

    /// A pin.
    ///
    /// - Parameters:
    ///   - scope: Which repositories it is for.
    ///   - dialect: The form of the metadata that it is for.
    ///   - anchor: What it knows of their root.
    ///   - signedName: The name that the trust data carries, if another than the repository's.
    ///   - allowsUnnamed: Whether trust data without a name is accepted.
    public init(
        scope: PinScope,
        dialect: Dialect = .tuf1,
        anchor: RootAnchor,
        signedName: String? = nil,
        allowsUnnamed: Bool = false
    ) {
        self.scope = scope
        self.dialect = dialect
        self.anchor = anchor
        self.signedName = signedName
        self.allowsUnnamed = allowsUnnamed
    }

    /// A pin that stands in a policy, where those of this machine do not count.
    ///
    /// - Parameters:
    ///   - repository: The repository that is asked for.
    ///   - pin: What the rule says.
    ///   - rule: The rule, as messages name it.
    init(repository: String, _ pin: TrustPolicy.RulePin, of rule: String) {
        self.init(scope: .repository(repository), dialect: pin.dialect, anchor: pin.anchor, signedName: pin.signedName)
        self.rule = rule
    }

    /// What to do about it, when other keys are to be pinned.
    ///
    /// - Parameters:
    ///   - repository: The repository.
    ///   - dialect: The form of its metadata.
    ///   - rule: The rule of a policy whose pins count for it; nil when those of this machine do.
    ///   - isReplacing: Whether something is pinned there now.
    /// - Returns: A command, or which file to edit.
    static func advice(for repository: String, _ dialect: Dialect, rule: String?, isReplacing: Bool) -> String {
        if let rule {
            let pin = #"{"rootKeys": ["ID"]\#(dialect == .notary ? #", "dialect": "notary""# : "")}"#
            return #"put \#(isReplacing ? "their ids" : "a pin") into "pins" of \#(rule): \#(pin)"#
        }
        return "trustctl pin add \(ShellWord.quoted(repository)) --root-key ID" + (isReplacing ? " --replace" : "")
            + (dialect == .notary ? " --notary" : "")
    }

    /// Whose trust data is accepted for `repository` under this pin.
    package func binding(for repository: String) -> RepositoryBinding {
        let name = signedName ?? repository
        switch dialect {
        case .tuf1: return allowsUnnamed ? .repositoryOrUnnamed(name) : .repository(name)
        case .notary: return .notary(gun: name)
        }
    }

    /// A name of the anchor that cannot be chosen by whoever serves trust data: what a machine has seen is kept under
    /// it.
    var anchorID: String {
        switch anchor {
        case .root(let bytes), .authorities(let bytes):
            return Digest.compute(.sha256, over: bytes.span).hex
        case .keys(let ids, let threshold):
            let text = ids.map(\.string).sorted().joined(separator: ",") + "/\(threshold)"
            return Digest.compute(.sha256, over: Array(text.utf8).span).hex
        }
    }
}

extension Pin {
    /// The command that adds this pin on another machine; for a file, with a name to put it under.
    public var command: String {
        var command = "trustctl pin add \(ShellWord.quoted(scope.description))"
        switch anchor {
        case .keys(let ids, let threshold):
            command += ids.sorted().map { " --root-key \($0)" }.joined()
            if threshold != ids.count { command += " --threshold \(threshold)" }
        case .root:
            command += " --root FILE"
        case .authorities:
            command += " --ca FILE"
        }
        if dialect == .notary { command += " --notary" }
        if let signedName { command += " --signed-as \(ShellWord.quoted(signedName))" }
        if allowsUnnamed { command += " --allow-unnamed" }
        return command
    }
}

/// The repositories that a pin is for.
public enum PinScope: Sendable, Hashable, CustomStringConvertible {
    /// One repository, by its full name, such as `registry.example.com/team/app`.
    case repository(String)
    /// All repositories whose names begin with this and a slash: `registry.example.com/team` is written
    /// `registry.example.com/team/*`.
    case prefix(String)

    /// As it is written in files and on the command line.
    public var description: String {
        switch self {
        case .repository(let name): name
        case .prefix(let prefix): "\(prefix)/*"
        }
    }

    /// How well the scope matches: longer is more specific, nil is not at all.
    func specificity(for repository: String) -> Int? {
        switch self {
        case .repository(let name): name.utf8.elementsEqual(repository.utf8) ? .max : nil
        case .prefix(let prefix): repository.utf8.starts(with: "\(prefix)/".utf8) ? prefix.utf8.count : nil
        }
    }
}
