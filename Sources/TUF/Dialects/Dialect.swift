/// The forms in which metadata is written. Verification is the same for both: signatures of a threshold of keys, versions that
/// never fall, expiry, and files that belong together.
public enum Dialect: Sendable, Hashable {
    /// TUF 1.0, by specification 1.0.34.
    case tuf1
    /// Notary v1, as Docker Content Trust has it: an older TUF, with X.509 certificates for root keys, base64 instead of
    /// hexadecimal, no versions in its lists of files, and delegations by prefix.
    case notary

    /// The role to which Docker's publishers delegate the tags that count. What it says of a tag comes before what the
    /// targets say, and nothing is asked of any other role.
    package static let releases: RoleName = {
        do { return try RoleName("targets/releases") } catch { preconditionFailure("\(error)") }
    }()
}
