public import TUF
import TrustCrypto

/// A target that enough repositories of a mapping say the same of (TAP 4).
public struct AgreedTarget: Sendable {
    /// A repository that agrees.
    public struct Voucher: Sendable {
        /// The repository.
        public let repository: RepositoryLabel
        /// What it says of the target, and which of its roles.
        public let target: FoundTarget
    }

    /// Those that agree, in the order of the mapping: as many as its threshold demands, or more.
    public let vouchers: [Voucher]
    /// The length, and the digests that any of ``vouchers`` has: a file that holds to it is the target of each of them. It has
    /// no `custom`, about which they need not agree.
    public let record: TargetRecord

    /// Nil for nobody, or those of whom two do not agree.
    init?(_ vouchers: [Voucher]) {
        guard let first = vouchers.first else { return nil }
        for (index, voucher) in vouchers.enumerated() {
            // Also with itself: a record without a digest says nothing.
            guard vouchers[...index].allSatisfy({ voucher.target.record.agrees(with: $0.target.record) }) else {
                return nil
            }
        }
        var digests: [Digest] = []
        for digest in vouchers.flatMap(\.target.record.hashes) where !digests.contains(digest) {
            digests.append(digest)
        }
        digests.sort { $0.algorithm.rawValue < $1.algorithm.rawValue }
        self.vouchers = vouchers
        record = TargetRecord(length: first.target.record.length, hashes: digests)
    }

    /// The most of those that list a target who agree, each with each of the others.
    ///
    /// Where they have different algorithms, agreement does not carry over from one pair to the next. Then more may agree than
    /// are found here, never fewer.
    ///
    /// - Parameter all: Those that list the target.
    /// - Returns: Nil when none has a usable digest.
    static func largest(of all: [Voucher]) -> AgreedTarget? {
        var best: AgreedTarget?
        for first in all {
            var group = AgreedTarget([first])
            for other in all where other.repository != first.repository {
                guard let members = group?.vouchers, let larger = AgreedTarget(members + [other]) else { continue }
                group = larger
            }
            if let group, group.vouchers.count > best?.vouchers.count ?? 0 { best = group }
        }
        guard let best else { return nil }
        let members = Set(best.vouchers.map(\.repository))
        return AgreedTarget(all.filter { members.contains($0.repository) })
    }
}

extension TargetRecord {
    /// Whether both have the same length, at least one digest algorithm in common, and the same digest for each of those.
    /// All algorithms that this program knows are strong; others are not looked at.
    func agrees(with other: TargetRecord) -> Bool {
        let shared = hashes.filter { other.digest($0.algorithm) != nil }
        return length == other.length && !shared.isEmpty
            && shared.allSatisfy { other.digest($0.algorithm) == $0 }
    }
}
