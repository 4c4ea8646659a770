public import TUF
import TrustCrypto

/// A change that a signer had signed, and that a publisher let in or is about to.
public struct AcceptedChange: Sendable {
    /// The signer's role.
    public let role: RoleName
    /// The version of the role's new file.
    public let version: Int64
    /// What it does, by tag; without the tags that the signer may not sign, of which its word counts for nothing.
    public let tags: [String: WaitingChange.TagChange]

    /// A change.
    ///
    /// - Parameters:
    ///   - file: The role's new file.
    ///   - role: The role.
    ///   - present: The file before it; nil for none.
    ///   - delegations: Who may sign what.
    /// - Throws: ``TUFError`` for fields of trust data that have no form.
    init(
        _ file: SignerFile,
        role: RoleName,
        after present: SignerFile?,
        _ delegations: SignerDelegations
    ) throws(TUFError) {
        self.role = role
        version = file.own.version
        let table = try present.map { present throws(TUFError) in try TagTable(present.targets, role: role) }
        tags = try (table ?? TagTable()).changes(to: file.targets.payload)
            .filter { tag, _ in delegations.mayList(role, tag) }
    }
}
