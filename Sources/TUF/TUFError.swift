public import CanonicalJSON
public import TrustCrypto

/// Why metadata was refused. Each case is a fact, without prose.
public enum TUFError: Error, Sendable, Equatable {
    /// The bytes are not JSON that this module reads.
    case notJSON(role: RoleName, JSONError)
    /// A field is missing, or does not have the form that TUF 1.0.34 §4 gives it. `field` is its path from the
    /// envelope, such as `signed.roles.root.threshold`; `envelope` when that itself is not an object.
    case malformed(role: RoleName, field: String)
    /// A role name or target path is empty, too long, or has control characters.
    case invalidName(String)
    /// `_type` names another role than the one that was asked for (§5.3 to §5.6).
    case wrongType(role: RoleName, found: String)
    /// `spec_version` has another major version than 1 (§4.3).
    case unsupportedSpecVersion(role: RoleName, found: String)
    /// The file is longer than the limit for its role, or than its parent lists (§5.1 to §5.6).
    case lengthExceeded(role: RoleName, limit: Int)
    /// Two signatures carry one key id (§4.2.1: key ids in `signatures` must be unique).
    case duplicateSignature(role: RoleName, KeyID)
    /// Fewer keys of the role signed than its threshold asks for (§5.3.4, §5.4.2, §5.5.3, §5.6.3).
    case thresholdNotMet(role: RoleName, required: Int, valid: Int)
    /// The first root is not signed by enough of the keys that were known beforehand.
    case notPinned(required: Int, valid: Int)
    /// A root of this version was trusted before, and now another one stands in its place that meets the pin, too: its keys
    /// have begun the repository anew.
    case rootReplaced(version: Int64)
    /// The version in the file is not the one that was asked for (§5.3.5, §5.5.4, §5.6.4).
    case versionMismatch(role: RoleName, expected: Int64, found: Int64)
    /// The version is lower than what was trusted before (§5.4.3, §5.5.5).
    case rollback(role: RoleName, known: Int64, offered: Int64)
    /// The snapshot no longer lists a role that it listed before (§5.5.5).
    case roleRemoved(RoleName)
    /// The snapshot does not list the role (§5.6).
    case roleNotListed(RoleName)
    /// The role's `expires` is not later than the time of this verification (§5.3.10, §5.4.4, §5.5.6, §5.6.5).
    case expired(role: RoleName, at: Instant)
    /// Too few root keys have a certificate that is valid at the time of this verification (Notary's dialect). The root itself
    /// is signed as it must be: until when its certificates were valid, or from when they are.
    case certificatesExpired(at: Instant)
    /// The file has another length than its parent lists (§5.5.2, §5.6.2).
    case lengthMismatch(role: RoleName, expected: Int64, found: Int64)
    /// The file has another hash than its parent lists (§5.5.2, §5.6.2).
    case hashMismatch(role: RoleName, expected: Digest)
    /// The role is bound to another repository than the one that was asked for, or to none.
    case wrongRepository(role: RoleName, expected: String, found: String?)
    /// The file says that it is another role's.
    case wrongRole(role: RoleName, found: String)
    /// More roots than an update may walk (§5.3.3, the limit Y).
    case tooManyRoots(limit: Int)
    /// More delegated roles than one search may look at (§5.6.7).
    case tooManyDelegations(limit: Int)
    /// A signer failed while metadata was written.
    case signingFailed(role: RoleName, CryptoError)
}
