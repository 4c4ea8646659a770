import CanonicalJSON
public import TrustCrypto

/// A new root on its way between the people who sign it, as a file that travels (TUF 1.0.34 §6.1).
///
/// It carries the root that it follows, so that whoever signs sees what changes, and the proposed root with the
/// signatures that it has so far. It is nobody's proof of anything: what is published is checked like any root.
public struct RootProposal: Sendable {
    /// The root that is to be replaced.
    public let previous: Verified<Root>
    /// The root that is proposed. Nobody vouches for it before it is signed.
    public let proposed: Root
    let envelope: Envelope
    private let signatures: [KeyID: [UInt8]]

    /// The most bytes that a proposal may have: two roots, as text in JSON.
    public static let maximumLength = 2 << 20

    private static let typeName = "trustctl-root-proposal"

    /// A proposal that nobody has signed.
    ///
    /// - Parameters:
    ///   - draft: The new root, one version above the previous one.
    ///   - previous: The root that it follows.
    /// - Throws: ``TUFError`` when the draft is no root that can follow.
    public init(_ draft: RoleDraft, after previous: Verified<Root>) throws(TUFError) {
        try self.init(proposed: .object(draft.signed), signatures: [:], previous: previous)
    }

    /// Reads a proposal.
    ///
    /// - Parameter bytes: The file.
    /// - Throws: ``TUFError`` when it is not a proposal, or its roots do not follow each other.
    public init(parsing bytes: [UInt8]) throws(TUFError) {
        guard bytes.count <= Self.maximumLength else {
            throw .lengthExceeded(role: .root, limit: Self.maximumLength)
        }
        let document: JSONDocument
        do { document = try JSONDocument(parsing: bytes) } catch { throw .notJSON(role: .root, error) }
        let reader = try ObjectReader(document.root, role: .root, path: "")
        let type = try reader.string("_type")
        guard type.hasSameBytes(as: Self.typeName) else { throw .wrongType(role: .root, found: type) }
        let limits = TUFLimits()
        func root(_ field: String) throws(TUFError) -> Envelope {
            try Envelope(
                parsing: Array(try reader.string(field).utf8),
                role: .root,
                maximumLength: limits.rootLength,
                limits: limits
            )
        }
        let previous = try root("previous").verifiedRoot(by: nil, for: .unbound)
        let proposed = try root("proposed")
        var signatures: [KeyID: [UInt8]] = [:]
        for signature in proposed.signatures { signatures[signature.keyID] = signature.bytes }
        try self.init(proposed: proposed.signedValue, signatures: signatures, previous: previous)
    }

    private init(
        proposed value: JSONValue,
        signatures: [KeyID: [UInt8]],
        previous: Verified<Root>
    ) throws(TUFError) {
        self.previous = previous
        self.signatures = signatures
        let file = SignableFile(role: .root, signed: value, signatures: signatures)
        envelope = try Envelope(parsing: file.bytes, role: .root, maximumLength: TUFLimits().rootLength)
        proposed = try Root(decoding: envelope.signed, role: .root, dialect: .tuf1)
        let expected = previous.payload.common.version + 1
        guard proposed.common.version == expected else {
            throw .versionMismatch(role: .root, expected: expected, found: proposed.common.version)
        }
        if let bound = previous.payload.common.repository {
            try RepositoryBinding.repository(bound).check(proposed.common, role: .root)
        }
    }

    // MARK: Signatures

    /// Signatures that one of the two roots demands.
    public struct Demand: Sendable, Hashable {
        /// Whose root keys: those of the previous root, or of the proposed one.
        public enum Keys: Sendable, Hashable {
            case previous, proposed
        }

        /// Whose root keys.
        public let keys: Keys
        /// How many of them must sign.
        public let threshold: Int
        /// Which of them have signed, by the ids of that root.
        public let signed: Set<KeyID>
        /// Which may still sign.
        public let unsigned: Set<KeyID>

        /// Whether they are enough.
        public var isMet: Bool { signed.count >= threshold }
    }

    /// What has to sign: a threshold of the root keys so far, and one of those that are proposed (§5.3.4).
    ///
    /// - Returns: Both demands.
    /// - Throws: ``TUFError/notJSON(role:_:)`` for a number that canonical JSON cannot hold.
    public func demands() throws(TUFError) -> [Demand] {
        [try demand(.previous, previous.payload), try demand(.proposed, proposed)]
    }

    private func demand(_ keys: Demand.Keys, _ root: Root) throws(TUFError) -> Demand {
        let authority = root.authority(for: .root)
        let signed = try authority.validSigners(of: envelope)
        return Demand(
            keys: keys,
            threshold: authority.threshold,
            signed: signed,
            unsigned: Set(authority.keys.keys).subtracting(signed)
        )
    }

    /// The root keys that may sign and have not, of either root, each once.
    ///
    /// - Returns: The keys.
    /// - Throws: ``TUFError/notJSON(role:_:)`` for a number that canonical JSON cannot hold.
    public func unsignedKeys() throws(TUFError) -> [TUFKey] {
        var keys: [TUFKey] = []
        for demand in try demands() {
            let root = demand.keys == .previous ? previous.payload : proposed
            for key in demand.unsigned.sorted().compactMap({ root.keys[$0] }) where !keys.contains(key) {
                keys.append(key)
            }
        }
        return keys
    }

    /// The proposal with one more signature.
    ///
    /// - Parameter signer: A root key of either root.
    /// - Returns: The proposal, signed.
    /// - Throws: ``TUFError/signingFailed(role:_:)``, ``TUFError/notJSON(role:_:)``.
    public func signed(by signer: some Signer) async throws(TUFError) -> RootProposal {
        // The two roots may know the key by different ids.
        var ids: [KeyID] = []
        for root in [previous.payload, proposed] {
            ids += (root.roleKeys(.root)?.keyIDs ?? []).filter { root.keys[$0]?.publicKey == signer.publicKey }
        }
        var file = SignableFile(role: .root, signed: envelope.signedValue, signatures: signatures)
        try await file.sign(with: signer, as: ids)
        return try RootProposal(proposed: file.signed, signatures: file.signatures, previous: previous)
    }

    // MARK: Files

    /// The new root as it is published, with the signatures that it has.
    public var root: SignedFile {
        SignedFile(role: .root, version: proposed.common.version, bytes: envelope.bytes)
    }

    /// The file that travels.
    public var bytes: [UInt8] {
        JSONValue.object([
            "_type": .string(Self.typeName),
            "previous": .string(String(decoding: previous.bytes, as: UTF8.self)),
            "proposed": .string(String(decoding: envelope.bytes, as: UTF8.self)),
        ]).jsonBytes(pretty: true)
    }
}
