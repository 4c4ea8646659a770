import TUF
import TrustCrypto

/// Compares content that comes piece by piece with what metadata says of a target. Used by one task at a time.
final class TargetCheck {
    private let record: TargetRecord
    private let digests: [RunningDigest]
    private var length: Int64 = 0

    init(_ record: TargetRecord) {
        self.record = record
        digests = record.hashes.map(RunningDigest.init)
    }

    /// Takes a piece.
    ///
    /// - Returns: Whether more may come: false when there is more than there may be.
    func add(_ bytes: [UInt8]) -> Bool {
        length += Int64(bytes.count)
        guard length <= record.length else { return false }
        for digest in digests { digest.update(bytes) }
        return true
    }

    /// What is wrong with all that came; nil when it is the target. Asked once.
    var problem: String? {
        guard length == record.length else {
            return length > record.length ? "more than \(record.length) bytes" : "\(length) bytes"
        }
        return digests.allSatisfy(\.matches) ? nil : "content with another digest"
    }
}

/// A digest of what comes piece by piece.
private final class RunningDigest {
    private let expected: Digest
    private var hasher: DigestHasher?

    init(_ expected: Digest) {
        self.expected = expected
        hasher = DigestHasher(expected.algorithm)
    }

    func update(_ bytes: [UInt8]) { hasher?.update(bytes.span) }

    /// Whether all that came has the digest; it ends the computation.
    var matches: Bool {
        guard let hasher = hasher.take() else { return false }
        return hasher.finalize() == expected
    }
}
