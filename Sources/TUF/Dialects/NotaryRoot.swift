import TrustCrypto

/// Whose certificates count in a root of Notary's dialect.
extension Root {
    /// The keys and threshold by which this root may speak for itself: in Notary's dialect those of its keys that have a
    /// certificate for the name that is asked for.
    ///
    /// - Parameters:
    ///   - binding: Whose root it must be.
    ///   - now: When the certificates must be valid; nil does not look at their time: former roots are judged so.
    /// - Returns: The keys and threshold.
    /// - Throws: ``TUFError/wrongRepository(role:expected:found:)`` when all certificates are for another name.
    package func rootAuthority(
        for binding: RepositoryBinding,
        at now: Instant? = nil
    ) throws(TUFError) -> RoleAuthority {
        let authority = authority(for: .root)
        guard case .notary(let gun) = binding else { return authority }
        let certified = authority.keys.filter { $0.value.certificates != nil }
        let own = certified.filter { $0.value.certificates?.leaf.covers(gun) == true }
        if own.isEmpty, let other = certified.min(by: { $0.key < $1.key })?.value.certificates?.leaf.commonName {
            throw .wrongRepository(role: .root, expected: gun, found: other)
        }
        let valid = own.filter { _, key in
            guard let leaf = key.certificates?.leaf, leaf.isSound else { return false }
            // Go's clients accept a certificate a day before it becomes valid, since clocks differ.
            return now.map { leaf.isValid(at: $0.secondsSinceEpoch, tolerance: 86_400) } ?? true
        }
        return RoleAuthority(role: .root, keys: valid, threshold: authority.threshold)
    }
}

extension Verified where Payload == Root {
    /// Refuses a root too few of whose signers have a certificate that is valid now.
    ///
    /// - Parameters:
    ///   - binding: Whose root it is; only those of Notary's have certificates.
    ///   - now: When they must be valid.
    /// - Throws: ``TUFError/certificatesExpired(at:)``, also for those that are not valid yet.
    package func checkCertificates(for binding: RepositoryBinding, at now: Instant) throws(TUFError) {
        guard binding.dialect == .notary else { return }
        let valid = try payload.rootAuthority(for: binding, at: now)
        guard try valid.validSigners(of: envelope).count < valid.threshold else { return }
        let leaves = try payload.rootAuthority(for: binding).keys.values.compactMap { $0.certificates?.leaf }
        let ends = leaves.map { Instant(secondsSinceEpoch: $0.notAfter) }
        guard let end = ends.max() else { return }
        let beginning = leaves.map { Instant(secondsSinceEpoch: $0.notBefore) }.max() ?? end
        throw .certificatesExpired(at: end < now ? end : beginning)
    }
}
