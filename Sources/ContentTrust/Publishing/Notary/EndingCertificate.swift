import NotaryAPI
public import TUF
public import TrustCrypto

/// The certificate of a root key of a collection on a Notary server, which ends soon. The same key can have a new one:
/// ``Publisher/rotate(_:of:at:whenPublished:)`` with the present key as the new one.
public struct EndingCertificate: Sendable, Hashable {
    /// The key, by the id that it has in TUF 1.0 and in trustctl's key stores.
    public let keyID: KeyID
    /// The key, by the id that docker's and notary's key stores know it by.
    public let notaryKeyID: KeyID
    /// The last moment at which it is valid.
    public let end: Instant

    /// Those of a root that end before a time, the first one first.
    static func all(of root: Root, before limit: Instant) -> [EndingCertificate] {
        let ending = root.keys(of: .root).compactMap { key -> EndingCertificate? in
            guard let leaf = key.certificates?.leaf, let publicKey = key.publicKey else { return nil }
            let end = Instant(secondsSinceEpoch: leaf.notAfter)
            guard end < limit else { return nil }
            return EndingCertificate(
                keyID: TUFKey(publicKey: publicKey, scheme: publicKey.defaultScheme).computedID,
                notaryKeyID: key.notaryCanonicalID,
                end: end
            )
        }
        return ending.sorted { ($0.end, $0.keyID) < ($1.end, $1.keyID) }
    }
}

extension NotaryPublishing {
    /// Refuses to publish under a root whose certificates are past their time: no server takes such a root, and no reader
    /// anything under it.
    func requireCertificates(_ state: NotaryState, _ new: NotaryEdit.NewRoot?) throws(Refusal) {
        guard let own = new?.roles[.root] ?? state.root.roleKeys(.root),
            let end = pastEnd(of: own, new?.keys ?? state.root.keys)
        else { return }
        throw refused(.certificatesExpired(at: end), .root)
    }

    /// Why a server does not take an update. Notary's own takes none any more, and says nothing of it, once the certificates
    /// of the root that it has are past their time: it cannot read that root then.
    func refused(_ error: NotaryError, _ state: NotaryState) -> Refusal {
        let refusal = Refusal.notary(error, checked: "publishing of \(subject) to \(store.name)")
        guard case .invalidUpdate("", _) = error, let own = state.root.roleKeys(.root),
            let end = pastEnd(of: own, state.root.keys)
        else { return refusal }
        return Refusal(
            .certificateExpired,
            checked: refusal.checked,
            found: "the certificates of the root that the server has ended at \(end): Notary's server takes no update "
                + "after that, not even one with new certificates",
            next: "carry the tags over to the registry, where keys have no certificates: trustctl notary import "
                + "\(subject.argument) --accept-expired",
            cause: error
        )
    }

    /// When the certificates ended, if too few are left.
    private func pastEnd(of own: RoleKeys, _ keys: [KeyID: TUFKey]) -> Instant? {
        let ends = own.keyIDs.compactMap { keys[$0]?.certificates?.leaf.notAfter }
        let past = ends.map { Instant(secondsSinceEpoch: $0) }.filter { $0 < now }
        return ends.count - past.count < own.threshold ? past.max() : nil
    }
}
