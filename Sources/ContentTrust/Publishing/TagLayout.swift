import CanonicalJSON
package import TUF
import TrustCrypto

/// How many hash bins a publisher wants the tags spread over.
public enum BinChoice: Sendable, Hashable {
    /// So many; 0 for none. A power of two up to ``maximumCount``.
    case count(Int)
    /// None for a few tags, and more as they become many.
    case automatic

    /// The most bins. The snapshot lists each of them, and everybody who verifies reads that.
    public static let maximumCount = 4096

    /// A number of bins.
    ///
    /// - Parameter count: 0, or a power of two from 2 to ``maximumCount``.
    /// - Returns: The choice, or nil for any other number.
    public static func bins(_ count: Int) -> BinChoice? {
        guard count == 0 || (2...maximumCount).contains(count) && count & (count - 1) == 0 else { return nil }
        return .count(count)
    }

    /// How many bins there are to be for so many tags.
    func count(forTags tags: Int) -> Int {
        switch self {
        case .count(let count): return count
        case .automatic:
            guard tags > Self.comfortable else { return 0 }
            var count = 4
            while tags / count > Self.comfortable / 2, count < Self.maximumCount { count *= 4 }
            return count
        }
    }

    /// The most tags of one file before there are to be more files.
    static let comfortable = 512
}

/// Which roles list the tags of a repository, as its top-level targets say: the targets themselves, or hash bins.
struct TagLayout: Sendable {
    /// The bins; nil where the targets list the tags themselves.
    let bins: SuccinctRoles?
    /// What the publisher wants.
    let choice: BinChoice
    /// The targets version at which that was chosen, 0 for never.
    let chosen: Int64
    /// Whether roles are delegated to one by one. Bins would take their place: metadata cannot have both.
    let hasListedRoles: Bool
    /// When the first of the bins expires, or earlier.
    var earliestExpiry: Instant?

    /// The signed field of the targets.
    static let field = "x-trustctl-bins"
    /// What the names of bins begin with.
    static let namePrefix = "bins"

    /// The layout of verified targets.
    init(_ targets: Verified<Targets>) throws(TUFError) {
        switch targets.payload.delegations?.roles {
        case .succinct(let bins):
            self.bins = bins
            hasListedRoles = false
        case .listed(let roles):
            bins = nil
            hasListedRoles = !roles.isEmpty
        case nil:
            bins = nil
            hasListedRoles = false
        }
        let count = bins?.count ?? 0
        guard let value = targets.field(Self.field) else {
            choice = .count(count)
            chosen = 0
            return
        }
        let malformed = TUFError.malformed(role: .targets, field: "signed.\(Self.field)")
        guard let chosen = value["chosen"]?.integer, chosen >= 1, let automatic = value["automatic"]?.boolean else {
            throw malformed
        }
        self.chosen = chosen
        choice = automatic ? .automatic : .count(count)
        guard let expiry = value["expires"] else { return }
        guard let instant = expiry.string.flatMap(Instant.init(rfc3339:)) else { throw malformed }
        earliestExpiry = instant
    }

    /// A layout to change to.
    ///
    /// - Parameters:
    ///   - count: The number of bins, 0 for none.
    ///   - choice: What the publisher wants.
    ///   - chosen: The targets version at which that was chosen.
    ///   - keys: Keys and threshold of the bins.
    /// - Throws: ``TUFError/invalidName(_:)`` never, for the names are ours.
    init(count: Int, choice: BinChoice, chosen: Int64, keys: RoleKeys) throws(TUFError) {
        self.choice = choice
        self.chosen = chosen
        hasListedRoles = false
        bins =
            count == 0
            ? nil
            : try SuccinctRoles(keys: keys, bitLength: count.trailingZeroBitCount, namePrefix: Self.namePrefix)
    }

    /// How many bins there are, 0 for none.
    var count: Int { bins?.count ?? 0 }

    /// The role that lists a tag.
    func role(of path: TargetPath) -> RoleName {
        guard let bins else { return .targets }
        return bins.roleName(ofBin: bins.bin(of: path))
    }

    /// The delegated roles that list tags.
    var binRoles: [RoleName] { bins.map { bins in (0..<bins.count).map { bins.roleName(ofBin: $0) } } ?? [] }

    /// Whether tags lie in the same roles, signed by the same keys, as under another layout.
    func isSpread(as other: TagLayout) -> Bool { bins == other.bins }

    /// The signed form; nil where nothing was ever chosen.
    var json: JSONValue? {
        guard chosen > 0 else { return nil }
        var object: JSONObject = ["automatic": .boolean(choice == .automatic), "chosen": .integer(chosen)]
        object["expires"] = bins == nil ? nil : earliestExpiry.map { .string($0.description) }
        return .object(object)
    }
}

extension RoleName {
    /// Whether it is called as the hash bins that this program makes, which no signer may be.
    package var isBinName: Bool { string.utf8.starts(with: "\(TagLayout.namePrefix)-".utf8) }
}
