import TUF
import TUFClient
import TrustCrypto

/// The trust data that an earlier run made.
extension NotaryImport {
    /// What is there by now.
    struct Begun: Sendable {
        /// What its readers see.
        let tags: [String: SignedTag]
        let root: Verified<Root>
        /// What its first root has said ever since.
        let handOver: HandOver
        let hasBins: Bool
        let signers: [SignerOverview.Signer]
        /// What others pin it by.
        let pin: Pin

        /// Tags that are trusted here, and not by Docker's readers of the collection.
        func unlisted(_ released: [TargetPath: FoundTarget]) -> [SignedTag] {
            let listed = Set(released.keys.map(\.string))
            return tags.values.filter { !listed.contains($0.tag) }
                .sorted { $0.tag.utf8.lexicographicallyPrecedes($1.tag.utf8) }
        }

        /// Signers here whom the collection does not trust, or not with all of their keys.
        func unlistedSigners(_ listed: [NotaryImportPlan.Signer]) -> [String] {
            signers.filter { present in
                let keys = listed.first { $0.name == present.role.name.string }?.keys.map(\.computedID) ?? []
                return !Set(present.keys.map(\.computedID)).isSubset(of: keys)
            }.map(\.role.name.string)
        }
    }

    /// The trust data that an earlier run began; nil when there is none.
    func begun() async throws(Refusal) -> Begun? {
        let store = try session.store(for: subject, at: target)
        let located = try await session.locate(subject, in: store)
        guard located.data != nil else { return nil }
        let pin = try await publisher.pin(of: located)
        let root = try await publisher.newestRoot(of: located, pin: pin, now: session.clock.now()).root
        guard let handOver = HandOver(in: root), handOver.gun.utf8.elementsEqual(gun.description.utf8) else {
            throw Refusal(
                .usage,
                checked: "trust data of \(subject) in \(store.name)",
                found: "there is trust data already, and it did not come from \(gun)",
                next: "trustctl inspect \(subject.argument)"
            )
        }
        let data = try await TrustVerifier(session: session).trustData(of: subject, at: target)
        let tags = Dictionary(try await data.signedTags().map { ($0.tag, $0) }) { first, _ in first }
        let keys = Set(root.payload.keys(of: .root).map(\.computedID))
        let threshold = min(root.payload.roleKeys(.root)?.threshold ?? keys.count, keys.count)
        return Begun(
            tags: tags,
            root: root,
            handOver: handOver,
            hasBins: data.hasBins,
            signers: try await publisher.signerOverview(of: subject, at: target).signers,
            pin: Pin(scope: .repository(located.repository), anchor: .keys(keys, threshold: threshold))
        )
    }

    /// The roles that a run would have to sign, and too few of whose keys are at hand.
    ///
    /// - Parameters:
    ///   - begun: The trust data that is there; nil when the root is signed, and the other keys are made where they are not there.
    ///   - rootKeys: The collection's root keys.
    ///   - threshold: How many of them must sign.
    ///   - signsTags: Whether there are tags to sign.
    /// - Returns: The roles.
    /// - Throws: ``Refusal`` when a key store cannot be read.
    func missingKeys(
        _ begun: Begun?,
        rootKeys: [TUFKey],
        threshold: Int,
        signsTags: Bool
    ) async throws(Refusal) -> [RoleName] {
        guard let begun else {
            let keys = rootKeys.compactMap(\.publicKey)
            return try await publisher.signers.canSign(for: .root, keys: keys, threshold: threshold) ? [] : [.root]
        }
        var missing: [RoleName] = []
        for role in signsTags ? [RoleName.targets, .snapshot, .timestamp] : [.timestamp] {
            let authority = begun.root.payload.authority(for: role)
            let keys = Array(authority.publicKeys.values)
            guard try await !publisher.signers.canSign(for: role, keys: keys, threshold: authority.threshold) else {
                continue
            }
            missing.append(role)
        }
        return missing
    }
}
