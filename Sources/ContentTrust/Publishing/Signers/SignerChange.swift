public import TUF
import TrustCrypto

/// A signer as a publisher wants it: a delegated targets role with keys of its own (TUF 1.0.34 §4.5).
public struct NewSigner: Sendable {
    /// Name, scope, threshold, and whether a search in its scope ends with it. Its key ids are the computed ones of ``keys``.
    public let role: DelegatedRole
    /// The keys.
    public let keys: [TUFKey]
    /// The first file of the role, which the new keys have signed; nil where they are at hand, or the role has one already.
    public let first: Verified<Targets>?
    /// The signer that is to come after this one when both may sign a tag; nil leaves a new one last, and a present one where
    /// it is.
    public let before: RoleName?
    /// The signer that this one was made from; nil where there was none of its name. Somebody may have changed it since.
    public let replaced: DelegatedRole?

    /// A signer.
    ///
    /// - Parameters:
    ///   - name: The name of the role.
    ///   - keys: Its keys, at least one.
    ///   - threshold: How many of them must sign; nil for all of them.
    ///   - scope: Which tags it may sign.
    ///   - isTerminating: Whether nobody after it may sign these.
    ///   - first: The first file of the role.
    ///   - before: The signer that is to come after it.
    ///   - replaced: The present signer of that name, as it was when this one was made from it. Where the trust data has
    ///     another one, or one although there was none, the change is refused.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    public init(
        name: RoleName,
        keys: [TUFKey],
        threshold: Int? = nil,
        scope: DelegatedRole.Scope,
        isTerminating: Bool = false,
        first: Verified<Targets>? = nil,
        before: RoleName? = nil,
        replacing replaced: DelegatedRole? = nil
    ) throws(Refusal) {
        let ids = keys.map(\.computedID)
        let distinct = Set(keys.compactMap(\.publicKey)).count
        let threshold = threshold ?? max(1, keys.count)
        guard !keys.isEmpty, distinct == keys.count, (1...keys.count).contains(threshold) else {
            throw Refusal(
                .usage,
                checked: "the keys of the signer \(name)",
                found: "\(distinct) different keys that can be used, and a threshold of \(threshold)",
                expected: "at least one key, and no more signatures than keys"
            )
        }
        do {
            role = try DelegatedRole(
                name: name,
                keys: RoleKeys(keyIDs: ids, threshold: threshold),
                isTerminating: isTerminating,
                scope: scope
            )
        } catch {
            throw Refusal(
                .usage,
                checked: "the signer \(name)",
                found: "the name of a top-level role",
                cause: error
            )
        }
        self.keys = keys
        self.first = first
        self.before = before
        self.replaced = replaced
    }

    var keysByID: [KeyID: TUFKey] { Dictionary(keys.map { ($0.computedID, $0) }) { first, _ in first } }
}

/// A change of who may sign.
enum SignerChange: Sendable {
    /// Adds a signer, or gives a present one other keys, another scope or place.
    case put(NewSigner)
    /// Takes a signer out; its tags with it, unless the targets take them over.
    case remove(RoleName, keepsTags: Bool)

    /// Whether delegations are as wished.
    func isMade(in delegations: SignerDelegations) -> Bool {
        switch self {
        case .put(let signer):
            delegations.role(signer.role.name) == signer.role
                && delegations.authority(of: signer.role.name)
                    == RoleAuthority(unsafeProposing: signer.role, keys: signer.keysByID)
        case .remove(let name, _):
            delegations.role(name) == nil
        }
    }

    var name: RoleName {
        switch self {
        case .put(let signer): signer.role.name
        case .remove(let name, _): name
        }
    }
}
