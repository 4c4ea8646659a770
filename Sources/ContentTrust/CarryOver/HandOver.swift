import CanonicalJSON
import TUF
import TrustCrypto

/// The statement with which the root key holders of a Notary collection hand it over to trust data in a registry: a field of
/// the first root, which they sign like everything else in it.
///
/// It carries Notary's roots, so that whoever has pinned one of their keys, certificates or authorities can find out by
/// themselves whose signatures the new root needs.
struct HandOver: Sendable {
    /// The field of the root.
    static let field = "x-trustctl-notary"
    /// How many of Notary's roots it may carry.
    private static var maximumRoots: Int { 64 }

    /// The collection.
    let gun: String
    /// Notary's roots, by rising version, the newest last.
    let roots: [[UInt8]]

    /// A statement.
    ///
    /// - Parameters:
    ///   - gun: The collection.
    ///   - roots: Notary's roots, by rising version; of very many the last ones are taken.
    init(gun: String, roots: [[UInt8]]) {
        self.gun = gun
        self.roots = Array(roots.suffix(Self.maximumRoots))
    }

    /// The statement in a root; nil when the root has none, or none that can be read.
    ///
    /// - Parameter root: The root, which meets its own threshold.
    init?(in root: Verified<Root>) {
        guard let object = root.field(Self.field)?.object, let gun = object["gun"]?.string,
            let texts = object["roots"]?.array, (1...Self.maximumRoots).contains(texts.count)
        else { return nil }
        let roots = texts.compactMap { $0.string.map { Array($0.utf8) } }
        guard roots.count == texts.count else { return nil }
        self.gun = gun
        self.roots = roots
    }

    /// The field's value.
    var json: JSONValue {
        .object([
            "gun": .string(gun),
            "roots": .array(roots.map { .string(String(decoding: $0, as: UTF8.self)) }),
        ])
    }

    /// The versions of the first and of the last root, as they say: who has pinned one of these roots can follow.
    ///
    /// - Returns: The versions.
    /// - Throws: ``TUFError`` when a root cannot be read.
    func versions() throws(TUFError) -> ClosedRange<Int64> {
        guard let first = roots.first, let last = roots.last else { throw .malformed(role: .root, field: Self.field) }
        let versions = (try Self.claimedVersion(of: first), try Self.claimedVersion(of: last))
        return min(versions.0, versions.1)...versions.1
    }

    private static func claimedVersion(of bytes: [UInt8]) throws(TUFError) -> Int64 {
        let limits = TUFLimits()
        let envelope = try Envelope(
            parsing: bytes,
            role: .root,
            maximumLength: limits.rootLength,
            limits: limits,
            dialect: .notary
        )
        return try envelope.inspect(as: Root.self, role: .root).unverified.common.version
    }

    /// The newest of the roots, walked to from what was known of them beforehand.
    ///
    /// - Parameters:
    ///   - anchor: What is pinned of the collection.
    ///   - known: Roots of the collection that this machine has seen.
    ///   - now: When authorities that are pinned must be valid for what this machine has not seen.
    /// - Returns: The root. Its expiry was not looked at: it hands over, and nothing else.
    /// - Throws: ``TUFError``; ``TUFError/rollback(role:known:offered:)`` when the statement ends before what was seen.
    func newestRoot(from anchor: RootAnchor, known: [Int64: [UInt8]], at now: Instant) throws(TUFError) -> Verified<
        Root
    > {
        var chain: [Int64: [UInt8]] = [:]
        var last: Int64 = 0
        for bytes in roots {
            last = try Self.claimedVersion(of: bytes)
            chain[last] = bytes
        }
        if let seen = known.keys.max(), seen > last { throw .rollback(role: .root, known: seen, offered: last) }
        chain.merge(known) { _, known in known }
        var refusal = TUFError.notPinned(required: 1, valid: 0)
        for (version, first) in chain.sorted(by: { $0.key < $1.key }) {
            var stage: RootStage
            do {
                stage = try RootStage(
                    anchor: anchor,
                    firstRoot: first,
                    binding: .notary(gun: gun),
                    at: known[version] == nil ? now : nil
                )
            } catch {
                refusal = error
                continue
            }
            while let version = stage.next.version, let next = chain[version] {
                try stage.rotate(to: next, isKnown: true)
            }
            let newest = stage.root
            guard newest.bytes == roots.last else {
                throw .hashMismatch(role: .root, expected: Digest.compute(.sha256, over: newest.bytes.span))
            }
            return newest
        }
        throw refusal
    }
}

extension Root {
    /// The keys of this root of Notary's that speak for a collection, and how many of them must sign, as TUF 1.0 names them: by
    /// the rule that Notary's next root would be judged by.
    func handOverAnchor(of gun: String) throws(TUFError) -> RootAnchor {
        let authority = try rootAuthority(for: .notary(gun: gun))
        let ids = authority.publicKeys.values.map { TUFKey(publicKey: $0, scheme: $0.defaultScheme).computedID }
        return .keys(Set(ids), threshold: authority.threshold)
    }
}
