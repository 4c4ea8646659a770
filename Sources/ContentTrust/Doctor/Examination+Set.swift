import TUF
import TUFClient
import TrustCrypto

/// What readers see now: whether a verification accepts it, and how it stands to what this machine has seen.
extension Examination {
    mutating func examine(_ located: LocatedTrustData, _ data: ReadOnceTrustData, _ seen: Verified?) async {
        guard let pin else {
            if pinsAreReadable { await reportUnpinned(located) }
            return
        }
        let (refusal, judged) = await judge(located, data, pin)
        verdict = refusal?.reason ?? .trusted
        var stored = await unexpired(data, pin)
        // With a root that the store has lost, only those who have seen it go on; what they verify holds all the same.
        if case .failure(let error) = stored, let judged {
            explain(error)
            stored = .success(Verified(set: judged, files: CachedMetadata()))
        }
        switch stored {
        case .success(let stored):
            forecast(stored.set, from: .store)
            checkPin(pin, stored.set)
            if let seen { compare(stored, with: seen, refusal) }
            await checkTopLevelFiles(data, seen, newestRoot: stored.set.root.payload.common.version)
            await checkDelegations(stored.set, data, pin)
        case .failure(let error):
            if refusal == nil || refusal != error { explain(error) }
            if let seen { forecast(seen.set, from: .memory) }
            await checkTopLevelFiles(data, seen, newestRoot: nil)
        }
        // Whatever it is, what refuses a verification is said.
        if let refusal, !isExplained(refusal.reason) { note(refusal) }
    }

    /// What a verification on this machine ends with, without anything being noted down.
    private func judge(
        _ located: LocatedTrustData,
        _ data: ReadOnceTrustData,
        _ pin: Pin
    ) async -> (refusal: Refusal?, set: TrustedSet?) {
        let updater = Updater(
            anchor: pin.anchor,
            binding: pin.binding(for: repository),
            cache: UnwritingTrustCache(seen: session.cache(pin, repository: repository))
        )
        do throws(Refusal) {
            return (nil, try await session.refresh(located.reading(data, pin), by: updater, pin: pin, now: now)?.set)
        } catch {
            return (error, nil)
        }
    }

    /// The set verified from the pin, but for expiry and for what this machine has seen.
    private func unexpired(_ data: ReadOnceTrustData, _ pin: Pin) async -> Result<Verified, Refusal> {
        let updater = session.updater(pin, repository: repository)
        do {
            let result = try await updater.unsafeEditable(from: TrustDataSource(data: data), now: now)
            return .success(Verified(set: result.set, files: result.files))
        } catch {
            return .failure(Refusal.update(error, subject: subject, store: storeName, pin: pin))
        }
    }

    /// A file that is lost or damaged is named by itself, later.
    private mutating func explain(_ refusal: Refusal) {
        guard ![.badResponse, .badSignature].contains(refusal.reason) || refusal.cause is TUFError else { return }
        note(refusal)
    }

    // MARK: Memory

    private mutating func compare(_ stored: Verified, with seen: Verified, _ refusal: Refusal?) {
        let older = Self.versions(seen).filter { role, version in
            (Self.versions(stored)[role] ?? 0) < version
        }
        // Under an older root, the keys of the newer one have signed nothing.
        if let reason = refusal?.reason, reason == .rollback || reason == .badSignature && older[.root] != nil {
            noteRollback(stored, seen, reason, roles: older.keys.sorted())
            return
        }
        do throws(TUFError) {
            let (left, right) = (try Lineage(stored.set), try Lineage(seen.set))
            guard refusal == nil, !left.contains(right), !right.contains(left), !left.isForeign else { return }
            findings.append(
                Finding(
                    .diverged,
                    .warning,
                    reason: .conflict,
                    checked: "what this machine has seen, against \(storeName)",
                    found: "snapshot \(right.own.snapshotVersion), which this machine has seen, did not go into "
                        + "snapshot \(left.own.snapshotVersion), which readers see: changes may be lost",
                    remedy: Remedy(commands.refresh, advice: place(of: [.targets, .snapshot, .timestamp]))
                )
            )
        } catch {
            note(Refusal.metadata(error, checked: "trust data of \(subject)", pin: pin, subject: subject))
        }
    }

    private mutating func noteRollback(_ stored: Verified, _ seen: Verified, _ reason: Reason, roles: [RoleName]) {
        guard !roles.isEmpty else { return }
        func words(_ versions: [RoleName: Int64]) -> String {
            roles.map { "\($0) \(versions[$0].map(String.init) ?? "none")" }.joined(separator: ", ")
        }
        findings.append(
            Finding(
                FindingCode(.rollback),
                .error,
                reason: reason,
                checked: "what this machine has seen, against \(storeName)",
                found: words(Self.versions(stored)),
                expected: "\(words(Self.versions(seen))) or higher, which this machine has seen",
                remedy: Remedy(
                    commands.refresh,
                    advice: inventory.canSign(.timestamp, of: seen.set)
                        ? "if the registry was restored from a backup, which this puts right"
                        : "tell the publisher, who runs, if the registry was restored from a backup"
                )
            )
        )
    }

    private static func versions(_ verified: Verified) -> [RoleName: Int64] {
        var versions = verified.set.snapshot.payload.roles.mapValues(\.version)
        for (role, common) in verified.set.common { versions[role] = common.version }
        return versions
    }

    // MARK: Pin

    /// Whoever is pinned by keys that were all replaced depends on the store keeping every root from then on.
    private mutating func checkPin(_ pin: Pin, _ set: TrustedSet) {
        guard case .keys = pin.anchor, !pin.anchor.accepts(set.root.bytes) else { return }
        let root = set.root.payload
        let keys = Set((root.roleKeys(.root)?.keyIDs ?? []).compactMap { root.keys[$0]?.computedID })
        guard let threshold = root.roleKeys(.root)?.threshold, (1...keys.count).contains(threshold) else { return }
        let new = Pin(
            scope: pin.scope,
            anchor: .keys(keys, threshold: threshold),
            signedName: pin.signedName,
            allowsUnnamed: pin.allowsUnnamed
        )
        findings.append(
            Finding(
                .pinOutdated,
                .note,
                checked: "the pin for \(pin.scope)",
                found: "its keys are too few of those in root \(root.common.version), to which the chain of roots "
                    + "leads",
                // A prefix stands for other repositories too, whose roots may be others.
                remedy: pin.scope == .repository(repository)
                    ? Remedy(commands.add(new, replacing: true), advice: "to pin the keys that it has now") : nil
            )
        )
    }
}

extension LocatedTrustData {
    /// The same, read through a set that reads its files once.
    fileprivate func reading(_ data: any TrustData, _ pin: Pin) -> LocatedTrustData {
        LocatedTrustData(
            subject: subject,
            store: store,
            data: data,
            claims: claims,
            repository: repository,
            pin: pin
        )
    }
}
