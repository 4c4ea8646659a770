import TUF
import TUFClient
import TrustCrypto

/// The roles that the targets delegate to, one by one or as hash bins, and the tags that all of them list.
extension Examination {
    /// A role that another one delegates to.
    private struct Delegated: Sendable {
        let authority: RoleAuthority
        let roleKeys: RoleKeys
        let keys: [KeyID: TUFKey]
        let isBin: Bool
    }

    /// What became of the file of a role.
    private enum Outcome: Sendable {
        case loaded(LoadedTargets)
        case notListed
        case refused(TUFError)
        case unreadable(TrustStoreError?)
    }

    /// How many files are asked for at once.
    private static let width = 8

    mutating func checkDelegations(_ set: TrustedSet, _ data: any TrustData, _ pin: Pin) async {
        var all = DelegatedRoles(of: set)
        var isComplete = true
        var visited: Set<RoleAuthority> = []
        var open = [set.targets]
        var names: Set<RoleName> = []
        let limit = TUFLimits().allRoles
        while let targets = open.popLast() {
            let delegated = Self.delegated(by: targets, atMost: limit).filter { visited.insert($0.authority).inserted }
            names.formUnion(delegated.map(\.authority.role))
            guard visited.count <= limit else {
                note(
                    Refusal.metadata(
                        .tooManyDelegations(limit: limit),
                        checked: "trust data of \(subject)",
                        pin: pin,
                        subject: subject
                    )
                )
                isComplete = false
                break
            }
            let outcomes = await load(delegated, of: set, data)
            files?.all += delegated.count
            var bins: [CommonFields] = []
            for (role, outcome) in zip(delegated, outcomes) {
                guard case .loaded(let file) = outcome else {
                    isComplete = false
                    await note(outcome, of: role, set, data, pin)
                    continue
                }
                files?.checked += 1
                if options.comparesTags { all.insert(file) }
                if file.targets.payload.delegations != nil { open.append(file.targets) }
                if role.isBin { bins.append(file.targets.payload.common) } else { add(role, file) }
            }
            if let first = delegated.first, first.isBin { add(bins: delegated, bins) }
        }
        noteAbandoned(set, delegated: names)
        guard options.comparesTags else { return }
        await checkTags(all, isComplete: isComplete, pin)
    }

    private static func delegated(by targets: TUF.Verified<Targets>, atMost limit: Int) -> [Delegated] {
        guard let delegations = targets.payload.delegations else { return [] }
        let authorities = delegations.authorities(atMost: limit)
        switch delegations.roles {
        case .succinct(let bins):
            return authorities.map {
                Delegated(authority: $0, roleKeys: bins.keys, keys: delegations.keys, isBin: true)
            }
        case .listed(let roles):
            return zip(authorities, roles).map {
                Delegated(authority: $0, roleKeys: $1.keys, keys: delegations.keys, isBin: false)
            }
        }
    }

    private func load(_ roles: [Delegated], of set: TrustedSet, _ data: any TrustData) async -> [Outcome] {
        let progress = progress
        return await Concurrently.map(
            roles,
            width: Self.width,
            progress: { progress(.files, $0, roles.count) },
            { role in
                let listed: ListedTargets
                do { listed = try set.listed(role.authority) } catch { return Outcome.notListed }
                do throws(TrustStoreError) {
                    let bytes = try await data.bytes(ofFile: listed.file.name, maximumLength: listed.maximumLength)
                    guard let bytes else { return Outcome.unreadable(nil) }
                    return Self.verified(bytes, as: listed)
                } catch {
                    return Outcome.unreadable(error)
                }
            }
        )
    }

    private static func verified(_ bytes: [UInt8], as listed: ListedTargets) -> Outcome {
        do { return .loaded(try listed.load(bytes)) } catch { return .refused(error) }
    }

    private mutating func note(
        _ outcome: Outcome,
        of role: Delegated,
        _ set: TrustedSet,
        _ data: any TrustData,
        _ pin: Pin
    ) async {
        let name = role.authority.role
        switch outcome {
        case .loaded: return
        case .notListed:
            findings.append(
                Finding(
                    .roleNotListed,
                    .error,
                    reason: .badSignature,
                    checked: "the role \(name) of \(subject)",
                    found: "the targets delegate to it, and the snapshot does not list it",
                    role: name,
                    remedy: Remedy(commands.signers, advice: "its signer has yet to sign it; who that is")
                )
            )
        case .refused(let error):
            note(
                Refusal.metadata(error, checked: "the role \(name) of \(subject)", pin: pin, subject: subject),
                role: name
            )
        case .unreadable(let error):
            guard let listed = try? set.listed(role.authority) else { return }
            let cache = session.cache(pin, repository: repository)
            let kept = try? await cache.delegated(name).flatMap { try listed.loadStored($0) }
            var bins: Int?
            if case .succinct(let roles) = set.targets.payload.delegations?.roles, role.isBin { bins = roles.count }
            noteUnreadable(listed.file.name, error, role: name, bins: bins, isRemembered: kept != nil)
        }
    }

    private mutating func add(_ role: Delegated, _ file: LoadedTargets) {
        add(forecast(role.authority.role, role.roleKeys, role.keys, file.targets.payload.common))
        checkListedTwice(role.authority.role, role.roleKeys, role.keys)
    }

    /// All bins are one line: they have the same keys, and what expires first decides.
    private mutating func add(bins: [Delegated], _ loaded: [CommonFields]) {
        guard let first = bins.first, let last = bins.last else { return }
        let earliest = loaded.min { $0.expires < $1.expires }
        add(
            RoleForecast(
                role: first.authority.role,
                count: bins.count,
                name: "\(first.authority.role) to \(last.authority.role)",
                version: nil,
                expires: earliest?.expires,
                issued: earliest?.issued,
                threshold: first.roleKeys.threshold,
                keys: inventory.keys(first.roleKeys, first.keys)
            )
        )
    }

    /// A role that a snapshot once listed stays listed (TUF 1.0.34 §5.5.5), as the bins of an earlier `rebin`; others are
    /// worth a look.
    private mutating func noteAbandoned(_ set: TrustedSet, delegated: Set<RoleName>) {
        let names = set.snapshot.payload.roles.keys.filter { role in
            !RoleName.topLevel.contains(role) && !delegated.contains(role)
                && !role.isBinName
        }
        guard !names.isEmpty else { return }
        findings.append(
            Finding(
                .roleAbandoned,
                .note,
                checked: "roles that the snapshot of \(subject) lists",
                found: "nobody delegates to \(names.sorted().prefix(10).map(\.string).joined(separator: ", "))"
                    + (names.count > 10 ? " and \(names.count - 10) more" : "")
            )
        )
    }
}
