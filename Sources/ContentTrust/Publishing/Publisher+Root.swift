import OCI
public import TUF
import TUFClient
public import TrustCrypto

/// What a new root is to change.
public struct RootEdit: Sendable, Hashable {
    /// Keys that may speak for a role from now on.
    public var addedKeys: [RoleName: [TUFKey]] = [:]
    /// Keys that may not any more, by their computed ids.
    public var removedKeys: [RoleName: Set<KeyID>] = [:]
    /// How many keys of a role must sign.
    public var thresholds: [RoleName: Int] = [:]

    /// Nothing but a new expiry.
    public init() {}
}

extension Publisher {
    /// Prepares a root that follows the present one, to be signed by a threshold of the root keys so far and of those that
    /// are to be.
    ///
    /// - Parameters:
    ///   - edit: What changes.
    ///   - subject: Whose root.
    ///   - location: Where the trust data lies, if not beside the images.
    /// - Returns: The proposal, which nobody has signed.
    /// - Throws: ``Refusal``: ``Reason/usage`` for a change that cannot be made, and what reading the present set can find
    ///   (as ``sign(_:of:at:)->PublishReport``).
    public func proposeRoot(
        _ edit: RootEdit,
        of subject: Subject,
        at location: StoreLocation? = nil
    ) async throws(Refusal) -> RootProposal {
        let store = try session.store(for: subject, at: location)
        let located = try await session.locate(subject, in: store)
        let pin = try await pin(of: located)
        let now = session.clock.now()
        let root = try await newestRoot(of: located, pin: pin, now: now).root
        var roles: [RoleName: (keys: [TUFKey], threshold: Int)] = [:]
        for role in RoleName.topLevel { roles[role] = try Self.keys(of: role, after: edit, root.payload) }
        var draft = RoleDraft(editing: root, role: .root)
        draft.setRoles(roles)
        let lifetime = lifetimes.seconds(of: .root, present: root.payload.common)
        draft.setVersion(root.payload.common.version + 1, expires: now.advanced(bySeconds: lifetime), issued: now)
        do {
            return try RootProposal(draft, after: root)
        } catch {
            throw Refusal.metadata(error, checked: "a new root of \(subject)", pin: pin)
        }
    }

    /// Publishes a root that enough keys signed. Roles whose keys it changes are signed anew in the same publish.
    ///
    /// - Parameters:
    ///   - proposal: The root.
    ///   - subject: Whose root.
    ///   - location: Where the trust data lies, if not beside the images.
    ///   - file: What the file of the proposal is called, for advice.
    /// - Returns: What was published.
    /// - Throws: ``Refusal``: ``Reason/keyUnavailable`` when signatures are missing, or the key of a role that has to be
    ///   signed anew; ``Reason/conflict`` when another root was published meanwhile; and as ``sign(_:of:at:)->PublishReport``.
    public func applyRoot(
        _ proposal: RootProposal,
        of subject: Subject,
        at location: StoreLocation? = nil,
        file: String? = nil
    ) async throws(Refusal) -> PublishReport {
        try Self.checkSigned(proposal, subject: subject, file: file)
        return try await publish(.root(proposal), subject: subject, location: location)
    }

    /// Signs a proposal with root keys, as far as they are at hand.
    ///
    /// - Parameter proposal: The proposal.
    /// - Returns: The proposal with the signatures that could be made, which are perhaps not enough.
    /// - Throws: ``Refusal`` when a key store cannot be read or a passphrase is wrong.
    public func sign(_ proposal: RootProposal) async throws(Refusal) -> RootProposal {
        let unsigned: [TUFKey]
        do { unsigned = try proposal.unsignedKeys() } catch {
            throw Refusal.metadata(error, checked: "signing of the new root", pin: nil)
        }
        var proposal = proposal
        for key in unsigned {
            guard let publicKey = key.publicKey,
                try await signers.canSign(for: .root, keys: [publicKey], threshold: 1)
            else { continue }
            proposal = try await proposal.signed(with: publicKey, from: signers)
        }
        return proposal
    }

    private static func keys(
        of role: RoleName,
        after edit: RootEdit,
        _ root: Root
    ) throws(Refusal) -> (keys: [TUFKey], threshold: Int) {
        let roleKeys = root.roleKeys(role)
        var keys = (roleKeys?.keyIDs ?? []).compactMap { root.keys[$0] }
        let removed = edit.removedKeys[role] ?? []
        if let unknown = removed.subtracting(keys.map(\.computedID)).sorted().first {
            throw Refusal(.usage, checked: "the \(role) keys", found: "\(unknown) is not among them")
        }
        keys.removeAll { removed.contains($0.computedID) }
        for key in edit.addedKeys[role] ?? [] where !keys.contains(where: { $0.publicKey == key.publicKey }) {
            keys.append(key)
        }
        let threshold = edit.thresholds[role] ?? roleKeys?.threshold ?? 1
        guard (1...max(1, keys.count)).contains(threshold), !keys.isEmpty else {
            throw Refusal(
                .usage,
                checked: "the threshold of the \(role) role",
                found: "\(threshold) of \(keys.count) keys",
                expected: "at least one key, and no more signatures than keys"
            )
        }
        return (keys, threshold)
    }

    /// Refuses a proposal that too few keys have signed.
    ///
    /// - Parameters:
    ///   - proposal: The proposal.
    ///   - subject: Whose root it is.
    ///   - file: What the file of the proposal is called, for whoever is to sign it next.
    /// - Throws: ``Refusal`` with ``Reason/keyUnavailable``, and for a proposal that cannot be read.
    static func checkSigned(_ proposal: RootProposal, subject: Subject, file: String? = nil) throws(Refusal) {
        let demands: [RootProposal.Demand]
        do { demands = try proposal.demands() } catch {
            throw Refusal.metadata(error, checked: "the proposed root of \(subject)", pin: nil)
        }
        guard let open = demands.first(where: { !$0.isMet }) else { return }
        let whose = open.keys == .previous ? "the root keys so far" : "the root keys that are proposed"
        throw Refusal(
            .keyUnavailable,
            checked: "signatures of the proposed root of \(subject)",
            found: "\(open.signed.count) of \(whose)",
            expected: "\(open.threshold); these have not signed: "
                + open.unsigned.sorted().map(\.string).joined(separator: ", "),
            next: "where such a key is: trustctl root sign \(file.map { ShellWord.quoted($0) } ?? "FILE")"
        )
    }
}

extension RootProposal {
    /// The proposal with the signature of one root key.
    ///
    /// - Parameters:
    ///   - key: A root key of the proposed root, or of the root before it.
    ///   - signers: Have its private half.
    /// - Returns: The proposal, signed.
    /// - Throws: ``Refusal`` with ``Reason/keyUnavailable`` when the key is not there or stays locked, with
    ///   ``Reason/storage`` when a key store cannot be read.
    public func signed(with key: PublicKey, from signers: some SignerSource) async throws(Refusal) -> RootProposal {
        var proposal = self
        for signer in try await signers.signers(for: .root, keys: [key], threshold: 1) {
            do throws(TUFError) {
                proposal = try await proposal.signed(by: signer)
            } catch {
                throw Refusal.metadata(error, checked: "signing of the new root", pin: nil)
            }
        }
        return proposal
    }
}
