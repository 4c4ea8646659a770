/// What a finding is about: a stable code, the same on the command line, in `--json` and in the library.
///
/// What verifiers or publishers are refused for has the code of its ``Reason``. The list can grow.
public struct FindingCode: Sendable, Hashable, CustomStringConvertible {
    /// The code, such as `role-expired`.
    public let string: String

    private init(_ string: String) { self.string = string }

    /// The code of a reason.
    ///
    /// - Parameter reason: Why verifiers or publishers are refused.
    public init(_ reason: Reason) { string = reason.code }

    /// The code.
    public var description: String { string }

    // Expiry and clocks
    /// A role is past its expiry.
    public static let roleExpired = FindingCode("role-expired")
    /// A role expires before long.
    public static let roleExpiresSoon = FindingCode("role-expires-soon")
    /// The timestamp says that it was signed in the future.
    public static let issuedInFuture = FindingCode("issued-in-future")
    /// This machine's clock is behind its own last check.
    public static let clockBehind = FindingCode("clock-behind")

    // Thresholds and keys
    /// A role has no key more than must sign: losing one breaks it.
    public static let noSpareKey = FindingCode("no-spare-key")
    /// A role has fewer keys that can be used than must sign.
    public static let thresholdUnreachable = FindingCode("threshold-unreachable")
    /// A key of a kind that is not known here, which counts for nothing.
    public static let keyUnknown = FindingCode("key-unknown")
    /// A role lists one key under two ids; it counts once.
    public static let keyListedTwice = FindingCode("key-listed-twice")
    /// One key speaks for several roles.
    public static let keyShared = FindingCode("key-shared")
    /// A key that is only just strong enough.
    public static let keyWeak = FindingCode("key-weak")

    // This machine
    /// This machine publishes, and lacks a key for it.
    public static let keyMissing = FindingCode("key-missing")
    /// This machine has no key of the repository: it verifies.
    public static let noKeysHere = FindingCode("no-keys-here")
    /// A key file or store that cannot be used as it is.
    public static let keyFileUnusable = FindingCode("key-file-unusable")
    /// A key lies here without a passphrase.
    public static let keyUnencrypted = FindingCode("key-unencrypted")
    /// The root key lies beside the timestamp key.
    public static let rootKeyOnline = FindingCode("root-key-online")
    /// A key of the repository that no role lists.
    public static let keyUnused = FindingCode("key-unused")
    /// What is pinned is no longer in the present root.
    public static let pinOutdated = FindingCode("pin-outdated")

    // The store
    /// A file of the trust data is listed and the store does not have it.
    public static let fileLost = FindingCode("file-lost")
    /// The store hands out other bytes than those that it lists.
    public static let fileDamaged = FindingCode("file-damaged")
    /// What this machine has seen did not go into what the store serves.
    public static let diverged = FindingCode("diverged")
    /// A set was announced and is not part of what readers see.
    public static let announcementPending = FindingCode("announcement-pending")
    /// What an announcement tag names is no trust data of the repository.
    public static let announcementUnreadable = FindingCode("announcement-unreadable")
    /// A signer's change waits for further signatures, or for somebody who lets it in.
    public static let changeWaiting = FindingCode("change-waiting")
    /// A signer's change that waits does not follow what is published.
    public static let changeOutdated = FindingCode("change-outdated")
    /// The targets delegate to a role that the snapshot does not list.
    public static let roleNotListed = FindingCode("role-not-listed")
    /// The snapshot lists roles that nobody delegates to.
    public static let roleAbandoned = FindingCode("role-abandoned")

    // Tags
    /// A tag is signed, and the registry does not have it.
    public static let tagMissing = FindingCode(.tagMissing)
    /// The registry serves another digest than the signed one.
    public static let tagMoved = FindingCode(.tagMoved)
    /// Not all signed tags were compared.
    public static let tagsUnchecked = FindingCode("tags-unchecked")

    // Container runtimes
    /// A container runtime pulls without asking, or may.
    public static let verifierNotAsked = FindingCode("verifier-not-asked")
    /// The door is not where a container runtime looks for it.
    public static let verifierMissing = FindingCode("verifier-missing")
    /// Something in a policy that is allowed and probably not meant.
    public static let policyWarning = FindingCode("policy-warning")

    /// All codes that are not those of reasons, in the order of the documentation.
    public static let own: [FindingCode] = [
        .roleExpired, .roleExpiresSoon, .issuedInFuture, .clockBehind, .noSpareKey, .thresholdUnreachable,
        .keyUnknown, .keyListedTwice, .keyShared, .keyWeak, .keyMissing, .noKeysHere, .keyFileUnusable,
        .keyUnencrypted, .rootKeyOnline, .keyUnused, .pinOutdated, .fileLost, .fileDamaged, .diverged,
        .announcementPending, .announcementUnreadable, .changeWaiting, .changeOutdated, .roleNotListed, .roleAbandoned,
        .tagsUnchecked, .verifierNotAsked, .verifierMissing, .policyWarning,
    ]

    /// All codes that a finding may have.
    public static let all = own + Reason.all.filter { $0 != .trusted && $0 != .warning }.map(FindingCode.init)
}
