import OCI
import TUF
import TrustCrypto

/// The keys and signers of a collection, as TUF 1.0 has them.
extension NotaryImport {
    static func tufKeys(_ keys: [TUFKey]) throws(Refusal) -> [TUFKey] {
        var found: [TUFKey] = []
        for key in keys {
            guard let publicKey = key.publicKey else {
                throw Refusal(
                    .usage,
                    checked: "the key \(key.computedID)",
                    found: "of a kind that TUF 1.0 does not have"
                )
            }
            let tuf = TUFKey(publicKey: publicKey, scheme: publicKey.defaultScheme)
            if !found.contains(tuf) { found.append(tuf) }
        }
        return found
    }

    func signers(_ state: NotaryState) async throws(Refusal) -> [NotaryImportPlan.Signer] {
        var signers: [NotaryImportPlan.Signer] = []
        let listed = state.set.targets.payload.delegations?.keys ?? [:]
        for role in state.signers where role.name != Dialect.releases {
            guard case .prefixes(let prefixes) = role.scope else { continue }
            let keys = try Self.tufKeys(role.keys.keyIDs.compactMap { listed[$0] })
            // In a prefix these stand for themselves, which no tag has, and in a pattern for others.
            let meant = prefixes.filter { prefix in !prefix.utf8.contains { "*?[]\\".utf8.contains($0) } }
            let why: String? =
                if keys.count < role.keys.threshold {
                    "\(role.keys.threshold) of its keys have to sign, and it has \(keys.count)"
                } else if meant.isEmpty {
                    "no tag begins as what it may sign"
                } else {
                    nil
                }
            signers.append(
                NotaryImportPlan.Signer(
                    name: String(role.name.string.dropFirst("\(RoleName.targets)/".count)),
                    threshold: role.keys.threshold,
                    keys: keys,
                    prefixes: meant,
                    leftBecause: why,
                    isHere: try await publisher.signers.canSign(
                        for: role.name,
                        keys: keys.compactMap(\.publicKey),
                        threshold: role.keys.threshold
                    )
                )
            )
        }
        return signers
    }

    /// Leaves tags to the signers who come along. A tag of the releases is the one signer's own whose role signs it too, and who
    /// else could not change it without the targets key; what several have signed stays with the targets.
    func assign(
        _ tags: inout [NotaryImportPlan.Tag],
        to signers: [NotaryImportPlan.Signer],
        _ state: NotaryState,
        _ notary: NotaryReader,
        begun: Begun?
    ) throws(Refusal) {
        guard begun?.hasBins != true else { return }
        var names: [String: [Digest: [String]]] = [:]
        for signer in signers {
            guard let role = try? RoleName("\(RoleName.targets)/\(signer.name)"), let file = state.delegated[role]
            else { continue }
            do throws(TUFError) {
                try file.payload.forEach { (path, record) throws(TUFError) in
                    guard let digest = record.digest(.sha256) else { return }
                    names[path.string, default: [:]][digest, default: []].append(signer.name)
                }
            } catch {
                throw notary.refused(error, role)
            }
        }
        for index in tags.indices where tags[index].fate == .carried && tags[index].role == Dialect.releases {
            let tag = tags[index]
            guard let digest = tag.digest, let own = names[tag.name]?[digest], own.count == 1,
                let signer = signers.first(where: { $0.name == own[0] }), signer.isCarried,
                signer.prefixes.contains(where: { tag.name.utf8.starts(with: $0.utf8) }), isAsPlanned(signer, begun)
            else { continue }
            tags[index].signer = signer.name
        }
    }

    /// Whether the trust data has no other signer of this name by now.
    private func isAsPlanned(_ signer: NotaryImportPlan.Signer, _ begun: Begun?) -> Bool {
        guard let present = begun?.signers.first(where: { $0.role.name.string == signer.name }) else { return true }
        return Set(present.keys.map(\.computedID)) == Set(signer.keys.map(\.computedID))
            && present.role.scope == .paths(signer.prefixes.map { PathPattern("\($0)*") })
    }
}
