public import TrustCrypto

/// What is known of a repository's root beforehand.
public enum RootAnchor: Sendable, Hashable {
    /// Root keys, by the ids that TUF 1.0.34 §4.2 computes from them, and how many of them must have signed the first
    /// root. A file's own key ids are not believed.
    case keys(Set<KeyID>, threshold: Int)
    /// A root file that was obtained in a trustworthy way (§5.2), of any version.
    case root([UInt8])
}

extension RootAnchor {
    /// Whether a root file is one that the anchor speaks for, so that a walk may begin with it.
    ///
    /// - Parameter bytes: The file.
    /// - Returns: Whether it is.
    package func accepts(_ bytes: [UInt8]) -> Bool {
        do throws(TUFError) {
            _ = try firstRoot(bytes, limits: TUFLimits())
            return true
        } catch {
            return false
        }
    }

    /// The root in `bytes` as the first one to trust.
    func firstRoot(_ bytes: [UInt8], limits: TUFLimits) throws(TUFError) -> Verified<Root> {
        let envelope = try Envelope(parsing: bytes, role: .root, maximumLength: limits.rootLength, limits: limits)
        switch self {
        case .root(let trusted):
            guard bytes == trusted else { throw .notPinned(required: 1, valid: 0) }
            return try envelope.verifiedRoot(by: nil)
        case .keys(let pinned, let threshold):
            let root = try Root(decoding: envelope.signed, role: .root)
            // Only the root role's own keys: a pinned key that has another role here must not make a root.
            let own = root.authority(for: .root).keys.filter { pinned.contains($0.value.computedID) }
            let authority = RoleAuthority(role: .root, keys: own, threshold: max(1, threshold))
            let valid = try authority.validSigners(of: envelope).count
            guard valid >= authority.threshold else { throw .notPinned(required: authority.threshold, valid: valid) }
            return try envelope.verifiedRoot(by: authority)
        }
    }
}
