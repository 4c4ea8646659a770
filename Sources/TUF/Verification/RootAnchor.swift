public import TrustCrypto

/// What is known of a repository's root beforehand.
public enum RootAnchor: Sendable, Hashable {
    /// Root keys, by the ids that TUF 1.0.34 §4.2 computes from them, and how many of them must have signed the first
    /// root. A file's own key ids are not believed. In Notary's dialect also by Notary's ids, of certificate or key.
    case keys(Set<KeyID>, threshold: Int)
    /// A root file that was obtained in a trustworthy way (§5.2), of any version.
    case root([UInt8])
    /// Certificate authorities, in PEM, one of which must have certified the first root's keys. For Notary's dialect alone: a
    /// root of TUF 1.0 has no certificates.
    case authorities(pem: [UInt8])
}

extension RootAnchor {
    /// Whether a root file is one that the anchor speaks for, so that a walk may begin with it.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - binding: Whose metadata is accepted.
    /// - Returns: Whether it is.
    package func accepts(_ bytes: [UInt8], binding: RepositoryBinding = .unbound) -> Bool {
        do throws(TUFError) {
            _ = try firstRoot(bytes, binding: binding, limits: TUFLimits())
            return true
        } catch {
            return false
        }
    }

    /// The root in `bytes` as the first one to trust. `now` is when authorities must be valid; a root that was accepted before
    /// is judged by the time at which its certificates became valid.
    func firstRoot(
        _ bytes: [UInt8],
        binding: RepositoryBinding,
        at now: Instant? = nil,
        limits: TUFLimits
    ) throws(TUFError) -> Verified<Root> {
        let envelope = try Envelope(
            parsing: bytes,
            role: .root,
            maximumLength: limits.rootLength,
            limits: limits,
            dialect: binding.dialect
        )
        switch self {
        case .root(let trusted):
            guard bytes == trusted else { throw .notPinned(required: 1, valid: 0) }
            return try envelope.verifiedRoot(by: nil, for: binding)
        case .keys(let pinned, let threshold):
            let root = try Root(decoding: envelope.signed, role: .root, dialect: binding.dialect)
            // Only the root role's own keys: a pinned key that has another role here must not make a root.
            let own = try root.rootAuthority(for: binding).keys.filter { _, key in
                switch binding.dialect {
                case .tuf1: pinned.contains(key.computedID)
                case .notary: !pinned.isDisjoint(with: key.pinnableIDs)
                }
            }
            let authority = RoleAuthority(role: .root, keys: own, threshold: max(1, threshold))
            let valid = try authority.validSigners(of: envelope).count
            guard valid >= authority.threshold else { throw .notPinned(required: authority.threshold, valid: valid) }
            return try envelope.verifiedRoot(by: authority, for: binding)
        case .authorities(let pem):
            let root = try Root(decoding: envelope.signed, role: .root, dialect: binding.dialect)
            let own = try root.rootAuthority(for: binding)
            let authorities = (try? Certificate.all(inPEM: pem)) ?? []
            func certified(at time: Instant?) -> RoleAuthority {
                let keys = own.keys.filter { _, key in
                    key.certificates?.isCertified(by: authorities, at: time) ?? false
                }
                return RoleAuthority(role: .root, keys: keys, threshold: own.threshold)
            }
            let authority = certified(at: now)
            let valid = try authority.validSigners(of: envelope).count
            guard valid >= authority.threshold else {
                // They were good, and time has passed: nobody else has signed.
                let former = certified(at: nil)
                if now != nil, try former.validSigners(of: envelope).count >= former.threshold {
                    let ends = (former.keys.values.compactMap { $0.certificates?.leaf } + authorities).map(\.notAfter)
                    throw .certificatesExpired(at: Instant(secondsSinceEpoch: ends.min() ?? 0))
                }
                throw .notPinned(required: authority.threshold, valid: valid)
            }
            return try envelope.verifiedRoot(by: authority, for: binding)
        }
    }
}

extension CertificateBundle {
    fileprivate func isCertified(by authorities: [Certificate], at now: Instant?) -> Bool {
        do throws(CertificateError) {
            try requireChain(to: authorities, at: now?.secondsSinceEpoch ?? leaf.notBefore)
            return true
        } catch {
            return false
        }
    }
}
