public import TrustCrypto

/// The keys and certificates under which signatures of images are checked.
public struct GivenSigners: Sendable, Hashable {
    /// A public key of cosign.
    public struct Key: Sendable, Hashable {
        /// What to call it: the name of its file.
        public let name: String
        /// The key.
        public let key: ArtifactKey

        /// A key and its name.
        public init(name: String, key: ArtifactKey) {
            self.name = name
            self.key = key
        }
    }

    /// Keys of cosign, of which any may have signed.
    public var keys: [Key]
    /// What notation's trust stores of type `ca` hold: authorities, or signing certificates themselves.
    public var authorities: [Certificate]
    /// What notation's trust stores of type `signingAuthority` hold: whose word on the time of signing is believed. Apart, because
    /// whoever has an expired certificate of an authority could otherwise name a time at which it was valid.
    public var signingAuthorities: [Certificate]

    /// Keys and certificates.
    public init(keys: [Key] = [], authorities: [Certificate] = [], signingAuthorities: [Certificate] = []) {
        self.keys = keys
        self.authorities = authorities
        self.signingAuthorities = signingAuthorities
    }

    /// Whether there is something under which signatures of a tool can be checked.
    public func isGiven(for tool: SignatureTool) -> Bool {
        switch tool {
        case .cosign: !keys.isEmpty
        case .notation: !authorities.isEmpty || !signingAuthorities.isEmpty
        }
    }
}
