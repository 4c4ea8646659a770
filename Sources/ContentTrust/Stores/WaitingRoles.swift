import TUF
import TrustCrypto

/// The signers whose changes are looked for among what waits.
struct WaitingRoles: Sendable {
    let delegations: SignerDelegations
    /// The newest listed version of each signer's role; 0 where none is.
    let versions: [RoleName: Int64]
    let binding: RepositoryBinding

    /// The role and version that a file name says, if it is one of these roles in a version that is not published.
    ///
    /// - Parameter name: The file name.
    /// - Returns: Role and version, or nil.
    func parse(_ name: String) -> (role: RoleName, version: Int64)? {
        guard let version = Int64(name.prefix { $0 != "." }) else { return nil }
        return versions.first { role, listed in
            version > listed && MetadataFile(role: role, version: version).name.utf8.elementsEqual(name.utf8)
        }.map { ($0.key, version) }
    }

    /// The change in a file.
    ///
    /// - Parameters:
    ///   - bytes: The file, of which nothing is believed.
    ///   - name: Its name.
    /// - Returns: The change; nil for what is no metadata of the role and version that the name says, or what none of the
    ///   signer's keys has signed: it is nobody's change.
    func change(in bytes: [UInt8], named name: String) -> TargetsProposal? {
        guard let (role, version) = parse(name), let authority = delegations.authority(of: role),
            let change = try? TargetsProposal(parsing: bytes, authority: authority, binding: binding),
            change.proposed.common.version == version, let signers = try? change.signers(), !signers.isEmpty
        else { return nil }
        return change
    }
}
