import OCI
public import TUF
import TUFClient
import TrustCrypto

/// What became of a change that a signer made.
public enum SignerReport: Sendable {
    /// It is published: verifiers see it.
    case published(PublishReport)
    /// It is signed and waits: for further signatures, or for a publisher who has the snapshot and timestamp keys.
    case waiting(WaitingChange)
}

extension Publisher {
    // MARK: Who may sign

    /// Lets a signer sign tags, or gives a present one other keys, another scope or place. Needs the targets key.
    ///
    /// - Parameters:
    ///   - signer: The signer.
    ///   - subject: Whose tags.
    ///   - location: Where the trust data lies, if not beside the images.
    /// - Returns: What was published.
    /// - Throws: ``Refusal``, as ``sign(_:of:at:)->PublishReport``; ``Reason/conflict`` when the signer is not the one that this one was made
    ///   from; ``Reason/keyUnavailable`` when the role has no file that its keys have signed and they are not at hand;
    ///   ``Reason/usage`` in a repository whose tags lie in hash bins.
    public func putSigner(
        _ signer: NewSigner,
        of subject: Subject,
        at location: StoreLocation? = nil
    ) async throws(Refusal) -> PublishReport {
        if let notary = try await notary(subject, at: location) { return try await notary.put(signer) }
        return try await change(.put(signer), of: subject, at: location)
    }

    /// What a signer has signed that would be published with the signer, or with other keys or a lower threshold of it: look
    /// at it before ``putSigner(_:of:at:)``.
    ///
    /// - Parameters:
    ///   - signer: The signer.
    ///   - subject: Whose tags.
    ///   - location: Where the trust data lies, if not beside the images.
    /// - Returns: The change; nil where none would come in, or it changes no tag.
    /// - Throws: ``Refusal``, as ``sign(_:of:at:)->PublishReport``.
    public func change(
        letInBy signer: NewSigner,
        of subject: Subject,
        at location: StoreLocation? = nil
    ) async throws(Refusal) -> AcceptedChange? {
        // On Notary servers nothing waits.
        if location?.dialect == .notary { return nil }
        return try await readWaiting(of: subject, at: location).change(letInBy: signer)
    }

    /// Takes a signer out. Needs the targets key.
    ///
    /// - Parameters:
    ///   - name: The signer.
    ///   - keepsTags: Whether the targets take over its tags, which are unsigned else.
    ///   - subject: Whose tags.
    ///   - location: Where the trust data lies, if not beside the images.
    /// - Returns: What was published.
    /// - Throws: ``Refusal``, as ``sign(_:of:at:)->PublishReport``.
    public func removeSigner(
        _ name: RoleName,
        keepingTags keepsTags: Bool,
        of subject: Subject,
        at location: StoreLocation? = nil
    ) async throws(Refusal) -> PublishReport {
        if let notary = try await notary(subject, at: location) {
            return try await notary.remove(name, keepingTags: keepsTags)
        }
        return try await change(.remove(name, keepsTags: keepsTags), of: subject, at: location)
    }

    /// A change of signers that another publisher's, made at the same moment, has hidden is made again.
    private func change(
        _ change: SignerChange,
        of subject: Subject,
        at location: StoreLocation?
    ) async throws(Refusal) -> PublishReport {
        var attempts = 0
        while true {
            let report = try await publish(.signers(change), subject: subject, location: location)
            attempts += 1
            let delegations: SignerDelegations
            do { delegations = try SignerDelegations(report.targets) } catch {
                throw Refusal.metadata(error, checked: "the signers of \(subject)", pin: nil)
            }
            if change.isMade(in: delegations) { return report }
            guard attempts < 4 else {
                throw Refusal(
                    .conflict,
                    checked: "the signers of \(subject)",
                    found: "other publishers change them at this moment",
                    next: "trustctl signer list \(subject.argument)"
                )
            }
        }
    }

    /// Begins a request to become a signer, or to get other keys: the file that the new keys then sign.
    ///
    /// - Parameters:
    ///   - name: The signer.
    ///   - subject: Whose tags.
    ///   - location: Where the trust data lies, if not beside the images.
    /// - Returns: The request, which no key has joined. For a signer who is there it carries the present tags, unless they are lost.
    /// - Throws: ``Refusal``, as ``sign(_:of:at:)->PublishReport``.
    public func requestSigner(
        _ name: RoleName,
        of subject: Subject,
        at location: StoreLocation? = nil
    ) async throws(Refusal) -> SignerRequest {
        let waiting = try await readWaiting(of: subject, at: location)
        let version = (waiting.versions[name] ?? waiting.candidate.set.snapshot.payload.roles[name]?.version ?? 0) + 1
        var draft: RoleDraft
        // One whose file is lost begins anew, without a tag.
        if case .file(let file) = try await waiting.present(name) {
            draft = RoleDraft(editing: file.targets, role: name)
            draft.setField(SignerFile.field, to: SignerFile.json(SignerFile.ancestors(of: [file])))
        } else {
            draft = RoleDraft(
                role: name,
                version: 1,
                expires: waiting.now,
                issued: waiting.now,
                repository: waiting.repository
            )
            draft.changeTargets([:])
        }
        let lifetime = lifetimes.seconds(of: .targets, present: nil)
        draft.setVersion(version, expires: waiting.now.advanced(bySeconds: lifetime), issued: waiting.now)
        do {
            return try SignerRequest(draft)
        } catch {
            throw Refusal.metadata(error, checked: "a request to sign for \(subject)", pin: waiting.pin)
        }
    }

    // MARK: Signing

    /// Signs images as a signer: lists their tags in its role. With the snapshot and timestamp keys at hand, and enough of the
    /// signer's, it is published at once; else it waits in the trust store.
    ///
    /// - Parameters:
    ///   - images: The images, each tag once.
    ///   - signer: The signer, whose key is at hand.
    ///   - subject: Whose tags.
    ///   - location: Where the trust data lies, if not beside the images.
    /// - Returns: What became of it.
    /// - Throws: ``Refusal``, as ``sign(_:of:at:)->PublishReport``; ``Reason/usage`` for a tag that the signer may not sign;
    ///   ``Reason/conflict`` for a tag on which somebody else has the last word, and when a change waits that this signer has
    ///   not signed.
    public func sign(
        _ images: [ImageToSign],
        as signer: RoleName,
        of subject: Subject,
        at location: StoreLocation? = nil
    ) async throws(Refusal) -> SignerReport {
        var changes: [TargetPath: TargetRecord?] = [:]
        for image in images {
            changes[try path(image.tag, subject)] = .some(SignedTag.record(for: image.descriptor))
        }
        return try await change(changes, as: signer, of: subject, at: location)
    }

    /// Takes tags out of a signer's role, as ``sign(_:as:of:at:)`` lists them.
    ///
    /// - Parameters:
    ///   - tags: The tags.
    ///   - signer: The signer, whose key is at hand.
    ///   - subject: Whose tags.
    ///   - location: Where the trust data lies, if not beside the images.
    /// - Returns: What became of it.
    /// - Throws: ``Refusal``, as ``sign(_:as:of:at:)``.
    public func revoke(
        _ tags: [String],
        as signer: RoleName,
        of subject: Subject,
        at location: StoreLocation? = nil
    ) async throws(Refusal) -> SignerReport {
        var changes: [TargetPath: TargetRecord?] = [:]
        for tag in tags { changes[try path(tag, subject)] = .some(nil) }
        return try await change(changes, as: signer, of: subject, at: location)
    }

    private func change(
        _ changes: [TargetPath: TargetRecord?],
        as signer: RoleName,
        of subject: Subject,
        at location: StoreLocation?
    ) async throws(Refusal) -> SignerReport {
        if let notary = try await notary(subject, at: location) {
            return .published(try await notary.publish(changes, as: try NotarySigner.role(named: signer.string)))
        }
        let waiting = try await readWaiting(of: subject, at: location)
        let authority = try waiting.authority(of: signer)
        if try await waiting.publishes(with: authority) {
            return .published(
                try await publish(.signerTags(signer, changes), subject: subject, location: location)
            )
        }
        if let change = try await waiting.submit(changes, authority) { return .waiting(change) }
        // Nothing is to be signed, so that no key is needed to say so.
        return .published(try await publish(.signerTags(signer, changes), subject: subject, location: location))
    }

    // MARK: Waiting changes

    /// The changes of signers that wait.
    ///
    /// - Parameters:
    ///   - subject: Whose tags.
    ///   - location: Where the trust data lies, if not beside the images.
    /// - Returns: The changes, by signer.
    /// - Throws: ``Refusal``, as ``sign(_:of:at:)->PublishReport``.
    public func waitingChanges(
        of subject: Subject,
        at location: StoreLocation? = nil
    ) async throws(Refusal) -> [WaitingChange] {
        if location?.dialect == .notary { return [] }
        return try await readWaiting(of: subject, at: location).changes()
    }

    /// Adds signatures to a waiting change, with those of the signer's keys that are at hand. With the snapshot and timestamp
    /// keys too it is published once it has enough.
    ///
    /// - Parameters:
    ///   - change: The change, as ``waitingChanges(of:at:)`` told it.
    ///   - subject: Whose tags.
    ///   - location: Where the trust data lies, if not beside the images.
    /// - Returns: What became of it.
    /// - Throws: ``Refusal``; ``Reason/keyUnavailable`` when no key that has not signed is at hand; ``Reason/conflict`` for a
    ///   change that no longer follows what counts.
    public func sign(
        _ change: WaitingChange,
        of subject: Subject,
        at location: StoreLocation? = nil
    ) async throws(Refusal) -> SignerReport {
        let waiting = try await readWaiting(of: subject, at: location)
        let signed = try await waiting.sign(change)
        if signed.isComplete, try await waiting.canPublish() {
            let report = try await publish(.refresh, subject: subject, location: location)
            // Another change of the signer, or another publisher, may have been faster.
            let waiting = try await readWaiting(of: subject, at: location)
            if case .file(let file) = try await waiting.present(change.role), file.includes(change.identity) {
                return .published(report)
            }
            guard let waiting = try await waiting.changes().first(where: { $0.identity == change.identity }) else {
                throw Refusal(
                    .conflict,
                    checked: "the change of \(change.role)",
                    found: "another change of the signer was published",
                    next: "look at trustctl signer list \(subject.argument), and sign its tags anew"
                )
            }
            return .waiting(waiting)
        }
        return .waiting(signed)
    }

    /// Takes away a change that waits. Whoever can write to the store can do that; it is nobody's decision on any tag.
    ///
    /// - Parameters:
    ///   - change: The change.
    ///   - subject: Whose tags.
    ///   - location: Where the trust data lies, if not beside the images.
    /// - Throws: ``Refusal``.
    public func discard(
        _ change: WaitingChange,
        of subject: Subject,
        at location: StoreLocation? = nil
    ) async throws(Refusal) {
        try await readWaiting(of: subject, at: location).discard(change)
    }

    func readWaiting(of subject: Subject, at location: StoreLocation?) async throws(Refusal) -> WaitingChanges {
        let store = try session.store(for: subject, at: location)
        let located = try await session.locate(subject, in: store)
        let pin = try await pin(of: located)
        let now = session.clock.now()
        let reader = CandidateReader(
            updater: session.updater(pin, repository: located.repository),
            cache: session.cache(pin, repository: located.repository),
            pin: pin,
            subject: subject,
            now: now
        )
        let signing = SetSigning(signers: signers, lifetimes: lifetimes, subject: subject, now: now)
        return try await WaitingChanges(located, pin: pin, reader: reader, signing: signing)
    }
}
