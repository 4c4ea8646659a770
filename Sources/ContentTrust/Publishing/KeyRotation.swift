public import TUF
public import TrustCrypto

/// Which keys are to be replaced, and by what.
public struct KeyRotation: Sendable {
    /// The top-level roles.
    public let roles: [RoleName]
    /// The keys that are to go, by their computed ids. A role none of whose keys is named must have one key only, which is
    /// then replaced.
    public var replaced: Set<KeyID> = []
    /// A key that is there already, to take the place of the old one. Other roles get keys that are made now.
    public var newKeys: [RoleName: TUFKey] = [:]
    /// On Notary servers, whether the server is to have the snapshot key; nil leaves it where it is.
    public var serverManaged: Bool?
    /// The algorithm of keys that are made; nil is that of the keys that they replace.
    public var algorithm: KeyAlgorithm?

    /// New keys for some roles.
    ///
    /// - Parameter roles: Top-level roles.
    public init(roles: [RoleName]) {
        self.roles = RoleName.topLevel.filter(roles.contains)
    }
}

/// What became of a rotation of keys.
public struct RotationReport: Sendable {
    /// One role's keys.
    public struct Role: Sendable, Hashable {
        /// The role.
        public let role: RoleName
        /// Keys that may no more speak for it.
        public let replaced: [TUFKey]
        /// Keys that may from now on.
        public let added: [TUFKey]
    }

    /// What was replaced, role by role.
    public let roles: [Role]
    /// Whether an earlier run had published it, was interrupted then, and this one only came to its end.
    public let finishesEarlierRun: Bool
    /// The pin for those who pin the repository from now on. Whoever has pinned an earlier root follows by itself.
    public let pin: Pin
    /// The keys that the new root lists, for any role.
    public let listedKeys: Set<KeyID>
    /// What was published, and read back.
    public let published: PublishReport
    /// Whether an authority had certified the root keys so far, on a Notary server. The certificates of the new ones, which
    /// the keys sign themselves, are not good for those who have pinned that authority.
    public var endsCertification: Bool {
        roles.contains { role in
            role.role == .root && role.replaced.contains { $0.certificates.map { !$0.leaf.isSelfIssued } ?? false }
                && role.added.contains { $0.certificates?.leaf.isSelfIssued ?? false }
        }
    }
}
