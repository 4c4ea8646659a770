import CanonicalJSON
import TUF
import TUFClient

/// The versions of the files that a publisher is about to sign.
///
/// Whoever verifies remembers the highest versions that they saw, as far as the newest root's keys vouch for them (TUF
/// 1.0.34 §5.3.11): the next ones must lie above those. They also lie above what older keys signed, so that no name of a
/// file is used twice, unless that leaves no room: a thief may have signed the highest version there is, and a publisher
/// who took the stolen key away begins anew below it (a fast-forward attack).
struct NextVersions: Sendable {
    private(set) var targets: Int64 = 1
    private(set) var snapshot: Int64 = 1
    private(set) var timestamp: Int64 = 1
    /// What a timestamp and snapshot that led to no set demand of the next one.
    private(set) var least: (targets: Int64, snapshot: Int64) = (0, 0)

    /// Up to here versions rise above what keys signed that are gone. Nobody gets there by publishing.
    static let plausible = Int64(1) << 40

    /// What of a set binds those who verify under a root.
    private struct Binding {
        let timestamp: Bool
        let snapshot: Bool

        init(_ candidate: Candidate, under root: Verified<Root>) {
            let set = candidate.set
            guard set.root.bytes != root.bytes else {
                (timestamp, snapshot) = (true, true)
                return
            }
            timestamp = set.isSigned(set.timestamp.envelope, as: .timestamp, under: root)
            snapshot = set.isSigned(set.snapshot.envelope, as: .snapshot, under: root)
        }
    }

    /// The versions after those of some sets.
    ///
    /// - Parameters:
    ///   - candidates: All sets that are known.
    ///   - root: The root under which the new set will be verified.
    init(after candidates: [Candidate], under root: Verified<Root>) {
        for candidate in candidates {
            let binding = Binding(candidate, under: root)
            let lineage = candidate.lineage
            timestamp = Self.next(timestamp, lineage.timestampVersion, binds: binding.timestamp)
            // A timestamp that was kept bounds the snapshot that the next one may name (§5.4.3).
            snapshot = Self.next(
                snapshot,
                lineage.own.snapshotVersion,
                binds: binding.snapshot || binding.timestamp
            )
            targets = Self.next(targets, lineage.own.targetsVersion, binds: binding.snapshot)
            rise(above: candidate, under: root)
        }
    }

    /// Whoever saw what came after a set, whether it led to another or not, remembers that.
    private mutating func rise(above candidate: Candidate, under root: Verified<Root>) {
        guard let later = candidate.later else { return }
        if let file: Verified<Timestamp> = candidate.set.binding(later.timestamp, as: .timestamp, under: root) {
            timestamp = Self.next(timestamp, file.payload.common.version, binds: true)
            least.snapshot = max(least.snapshot, file.payload.snapshot.version)
        }
        if let file: Verified<Snapshot> = candidate.set.binding(later.snapshot, as: .snapshot, under: root) {
            least.snapshot = max(least.snapshot, file.payload.common.version)
            least.targets = max(least.targets, file.payload.roles[.targets]?.version ?? 0)
        }
        snapshot = Self.next(snapshot, least.snapshot, binds: true)
        targets = Self.next(targets, least.targets, binds: true)
    }

    /// The version of a delegated role's next file: above all that were ever listed.
    func next(of role: RoleName, after candidates: [Candidate], under root: Verified<Root>) -> Int64 {
        var version: Int64 = 1
        for candidate in candidates {
            guard let listed = candidate.set.snapshot.payload.roles[role]?.version else { continue }
            version = Self.next(version, listed, binds: Binding(candidate, under: root).snapshot)
        }
        return version
    }

    private static func next(_ version: Int64, _ known: Int64, binds: Bool) -> Int64 {
        guard binds || known <= plausible else { return version }
        // One above the highest version that can be read is refused before it is signed.
        return max(version, min(known, CommonFields.maximumVersion) + 1)
    }

    /// Refuses to sign what nobody could read.
    ///
    /// - Parameters:
    ///   - draft: What is about to be signed.
    ///   - isSigner: Whether its role is a signer's. The snapshot lists the name in its highest version for ever, whatever keys
    ///     are rotated, so that the signer goes on under another one.
    ///   - subject: Whose trust data.
    /// - Throws: ``PublishError/refused(_:)`` when the version before was the highest there is.
    static func check(_ draft: RoleDraft, isSigner: Bool = false, of subject: Subject) throws(PublishError) {
        guard let version = draft.signed["version"]?.integer, version > CommonFields.maximumVersion else { return }
        guard !isSigner else {
            throw .refused(
                Refusal(
                    .rollback,
                    checked: "the next version of \(draft.role) for \(subject)",
                    found: "the version before is the highest there is",
                    expected:
                        "room for another; whoever signed that version has the keys of \(draft.role), or had them",
                    next: "after a look at its tags (trustctl list): trustctl signer remove \(subject.argument) "
                        + "\(ShellWord.quoted(draft.role.string)); the signer then asks under another name: "
                        + "trustctl signer request \(subject.argument) NAME --out FILE"
                )
            )
        }
        let roles: [RoleName] =
            switch draft.role {
            case .timestamp: [.timestamp]
            case .snapshot: [.snapshot, .timestamp]
            default: [.targets, .snapshot, .timestamp]
            }
        let options = roles.map(\.string).joined(separator: " --role ")
        throw .refused(
            Refusal(
                .rollback,
                checked: "the next version of \(draft.role) for \(subject)",
                found: "the version before is the highest there is",
                expected: "room for another; whoever signed that version has one of the keys, or had it",
                next: "trustctl key rotate \(subject.argument) --role \(options)"
            )
        )
    }
}
