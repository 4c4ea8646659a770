import TUF
import TUFClient

/// What a publication changes of the signers, and takes from them.
extension Publication {
    /// Applies a change of who may sign, unless somebody changed the same signer since it was first looked at.
    func changeSigners(_ edit: inout TagEdit) async throws(PublishError) {
        guard case .signers(let change) = intent else { return }
        guard edit.layout.bins == nil else {
            throw .refused(
                Refusal(
                    .usage,
                    checked: "signers of \(subject)",
                    found: "its tags lie in hash bins, and metadata cannot delegate to both",
                    next: "trustctl rebin \(subject.argument) --bins 0"
                )
            )
        }
        let present = edit.delegations.role(change.name)
        let first: DelegatedRole?
        var wished = edit.delegations
        switch change {
        case .put(let signer):
            first = signer.replaced
            if let next = signer.before, wished.role(next) == nil { throw noSigner(next) }
            wished.put(signer.role, keys: signer.keysByID, before: signer.before)
        case .remove(let name, _):
            first = firstSigner ?? present
            firstSigner = .some(first)
            guard first != nil else { throw noSigner(name) }
            wished.remove(name)
        }
        guard !wished.delegatesAs(edit.delegations) else { return }
        guard present == first else {
            throw .refused(
                Refusal(
                    .conflict,
                    checked: "the signer \(change.name) of \(subject)",
                    found: "another publisher changed it since it was read, or the store serves an old set",
                    next:
                        "trustctl refresh \(subject.argument); then look at trustctl signer list \(subject.argument) and "
                        + "run the command again"
                )
            )
        }
        if case .remove(let name, keepsTags: true) = change { try await takeOver(name, &edit) }
        wished.changed = edit.plan.targetsVersion
        edit.delegations = wished
    }

    func noSigner(_ name: RoleName) -> PublishError {
        .refused(
            Refusal(
                .usage,
                checked: "the signer \(name) of \(subject)",
                found: "there is no such signer",
                next: "trustctl signer list \(subject.argument)"
            )
        )
    }

    /// Lists the tags for which a signer's word counts in the targets.
    private func takeOver(_ name: RoleName, _ edit: inout TagEdit) async throws(PublishError) {
        var roles = SignerRoles(edit, reader: reader, signing: signing)
        try await roles.settle(waiting: [], touching: [name])
        let records = roles.roles[name]?.after.records ?? [:]
        try await roles.settle(
            waiting: [],
            touching: Set(records.keys.flatMap { edit.delegations.roles(for: $0).map(\.name) })
        )
        for (path, record) in records {
            guard edit.record(for: path) == nil, roles.counting(for: path) == name else { continue }
            edit.set(record, for: path)
        }
    }

    /// The changes that wait: of all signers, or of the one who publishes.
    func waiting(_ roles: SignerRoles) async throws(PublishError) -> [TargetsProposal] {
        let names: [RoleName]
        switch intent {
        case .tags, .initialize, .replace: return []
        case .signerTags(let signer, _): names = roles.delegations.names.filter { $0 == signer }
        case .signers, .refresh, .bins, .root: names = roles.delegations.names
        }
        let versions = Dictionary(uniqueKeysWithValues: names.map { ($0, roles.listedVersion(of: $0)) })
        do {
            return try await waiting.read(
                WaitingRoles(delegations: roles.delegations, versions: versions, binding: binding)
            )
        } catch {
            throw .store(error)
        }
    }

    /// The file of the request by which a signer is added.
    func first(_ roles: SignerRoles) throws(PublishError) -> TargetsProposal? {
        guard case .signers(.put(let signer)) = intent, let first = signer.first,
            let authority = roles.delegations.authority(of: signer.role.name)
        else { return nil }
        do {
            return try TargetsProposal(parsing: first.bytes, authority: authority, binding: binding)
        } catch {
            throw .refused(Refusal.metadata(error, checked: "the request of \(signer.role.name)", pin: nil))
        }
    }
}
