import TUF
import TrustCrypto

extension TrustPolicy.RequiredSigners {
    /// Refuses what too few of them have signed. One key counts once, also where several of them have it.
    ///
    /// - Parameters:
    ///   - image: What they must have signed, for messages.
    ///   - digest: The digest that they must have signed it as.
    ///   - reference: It as a word of a command.
    ///   - keys: The keys with which one of them signed it; nil when it was not signed.
    /// - Throws: ``Refusal`` with ``Reason/policy``; what `keys` throws.
    func check<Key: Hashable>(
        _ image: String,
        digest: Digest?,
        reference: String,
        keys: (String) async throws(Refusal) -> Set<Key>?
    ) async throws(Refusal) {
        var used: Set<Key> = []
        var signed: [String] = []
        var missing: [String] = []
        for name in names {
            if let keys = try await keys(name), !keys.isSubset(of: used) {
                used.formUnion(keys)
                signed.append(name)
            } else {
                missing.append(name)
            }
        }
        guard signed.count < threshold else { return }
        throw Refusal(
            .policy,
            checked: "the signers of \(image)",
            found: (signed.isEmpty ? "none of them" : signed.joined(separator: ", "))
                + " signed \(digest.map(\.description) ?? "it"), and not \(missing.joined(separator: ", "))",
            expected: "\(threshold) of \(names.joined(separator: ", "))",
            next: "each of them: trustctl sign image "
                + "\(reference) --digest \(digest.map(\.description) ?? "DIGEST") --signer NAME"
        )
    }
}

extension VerifiedTrustData {
    /// Refuses a digest that too few of the required signers have signed for a tag.
    ///
    /// One key counts once, also where several signers have it. What cannot be verified of a signer's file counts as not
    /// signed; whether it could be asked for is another matter.
    ///
    /// - Parameters:
    ///   - required: The signers.
    ///   - tag: The tag.
    ///   - digest: The digest that it is about to be trusted to mean.
    /// - Returns: When the first of the roles of those who signed it expires.
    /// - Throws: ``Refusal`` with ``Reason/policy``; another when a store could not be asked.
    func require(
        _ required: TrustPolicy.RequiredSigners,
        for tag: String,
        digest: Digest
    ) async throws(Refusal) -> Instant {
        var end = evidence.firstExpiry.at
        try await required.check(
            "\(repository):\(tag)",
            digest: digest,
            reference: search.subject.argument(tag: tag)
        ) { (name) async throws(Refusal) -> Set<KeyID>? in
            guard let (keys, expires) = try await self.keys(ofSigner: name, for: tag, digest: digest) else {
                return nil
            }
            end = min(end, expires)
            return keys
        }
        return end
    }

    /// The keys with which a signer said that a tag means a digest, and when the signer's role expires; nil when that was not
    /// said.
    private func keys(
        ofSigner name: String,
        for tag: String,
        digest: Digest
    ) async throws(Refusal) -> (keys: Set<KeyID>, expires: Instant)? {
        do {
            let role = try RoleName(pin.dialect == .notary ? "\(RoleName.targets)/\(name)" : name)
            let path = try TargetPath(tag)
            guard let (scope, targets) = try await search.file(of: role, in: DelegatedRoles(of: set)),
                scope.contains(path), try targets.payload.record(for: path)?.digest(.sha256) == digest
            else { return nil }
            return (targets.signers, targets.payload.common.expires)
        } catch let refusal as Refusal {
            // A signer whose word is no good has not signed.
            guard [.badSignature, .expired, .rollback].contains(refusal.reason) else { throw refusal }
            return nil
        } catch is TUFError {
            return nil
        } catch {
            throw Refusal(.internalDefect, checked: "the signer \(name)", found: "\(error)", cause: error)
        }
    }
}
