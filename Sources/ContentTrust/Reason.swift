/// Why an operation ended as it did: a stable code, the same on the command line, in `--json`, in the library and in C.
///
/// The list can grow; compare codes you know and treat all others as refusals.
public struct Reason: Sendable, Hashable, CustomStringConvertible {
    /// The stable code, such as `tag-moved`.
    public let code: String
    /// The exit status of the command line, 0 to 125.
    public let exitCode: Int32
    /// What it means, in one short clause.
    public let meaning: String

    private init(_ code: String, _ exitCode: Int32, _ meaning: String) {
        self.code = code
        self.exitCode = exitCode
        self.meaning = meaning
    }

    /// The stable code.
    public var description: String { code }

    /// Whether the codes are the same.
    public static func == (lhs: Reason, rhs: Reason) -> Bool { lhs.code == rhs.code }

    /// Feeds the code.
    public func hash(into hasher: inout Hasher) { hasher.combine(code) }

    /// The tag is signed, fresh, and served as signed.
    public static let trusted = Reason("trusted", 0, "signed, fresh, and served as signed")
    /// A defect of trustctl.
    public static let internalDefect = Reason("internal", 1, "a defect of trustctl")
    /// What was asked is not something that can be asked.
    public static let usage = Reason("usage", 64, "wrong usage, or a reference that is not one")
    /// Looked, and there is no trust data, and none was ever seen or pinned.
    public static let unsignedRepository = Reason("unsigned-repository", 10, "the repository has no trust data")
    /// The trust data is good and does not list the tag.
    public static let unsignedTag = Reason("unsigned-tag", 11, "the trust data does not list the tag")
    /// Malformed, wrong or too few signatures, or a hash or length that does not match.
    public static let badSignature = Reason("bad-signature", 12, "a signature, hash or length does not hold")
    /// Some role is past its expiry, or the trust data is staler than allowed.
    public static let expired = Reason("expired", 13, "expired, or staler than allowed")
    /// Older than what this machine has seen.
    public static let rollback = Reason("rollback", 14, "older than what this machine has seen")
    /// Nothing is known beforehand of whom to trust.
    public static let noPin = Reason("no-pin", 15, "nothing is pinned for the repository")
    /// The registry serves another digest for the tag than the signed one.
    public static let tagMoved = Reason("tag-moved", 16, "the registry serves another digest than the signed one")
    /// The policy refuses.
    public static let policy = Reason("policy", 17, "the policy refuses")
    /// The root is not what was pinned.
    public static let wrongRoot = Reason("wrong-root", 18, "the root is not what was pinned")
    /// The trust data belongs to another repository.
    public static let wrongRepository = Reason("wrong-repository", 19, "trust data of another repository")
    /// Could not look.
    public static let unreachable = Reason("unreachable", 20, "could not look")
    /// Credentials are missing or refused.
    public static let unauthorized = Reason("unauthorized", 21, "credentials are missing or refused")
    /// The registry or server answers what it may not.
    public static let badResponse = Reason("bad-response", 22, "the other side answers what it may not")
    /// Trust data was pinned or seen before, and is gone.
    public static let trustDataMissing = Reason("trust-data-missing", 23, "trust data was known and is gone")
    /// The tag is signed but the registry has no such tag; when signing: there is no such image.
    public static let tagMissing = Reason("tag-missing", 24, "the registry has no such tag")
    /// The signed index has no such platform.
    public static let platformMissing = Reason("platform-missing", 25, "the signed index has no such platform")
    /// The root is signed as it must be, but the certificates of its keys are past their time (Notary's dialect).
    public static let certificateExpired = Reason(
        "certificate-expired",
        26,
        "the certificates of the root keys are not valid now"
    )
    /// A key is missing, locked, or its passphrase wrong.
    public static let keyUnavailable = Reason("key-unavailable", 30, "a key is missing or stays locked")
    /// Another publisher won and the change could not be merged.
    public static let conflict = Reason("conflict", 31, "another publisher's change cannot be merged with this one")
    /// Disk full, read-only, no permission, locked.
    public static let storage = Reason("storage", 32, "files cannot be read or written")
    /// Nothing is wrong today, and ``TrustDoctor`` found what will be, or what one lost key breaks; or ``NotaryImport`` was done,
    /// and left tags as they were that the collection has revoked or moved since.
    public static let warning = Reason("warning", 40, "something will be wrong, or one lost key away from it")

    /// All reasons, in the order of the documentation.
    public static let all: [Reason] = [
        .trusted, .internalDefect, .usage, .unsignedRepository, .unsignedTag, .badSignature, .expired, .rollback,
        .noPin,
        .tagMoved, .policy, .wrongRoot, .wrongRepository, .unreachable, .unauthorized, .badResponse, .trustDataMissing,
        .tagMissing, .platformMissing, .certificateExpired, .keyUnavailable, .conflict, .storage, .warning,
    ]
}
