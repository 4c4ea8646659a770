import OCI
import OCIRegistry
import TUF
import TUFClient
import TrustCrypto

/// Whether the store still has every file of the set, as it was written. What readers have seen before they do not ask for
/// again, so nobody else notices.
extension Examination {
    /// Reads the roots and the other top-level files. Their names may come from files that nobody verified: whatever is
    /// there is compared with what the store itself says of it.
    mutating func checkTopLevelFiles(_ data: any TrustData, _ seen: Verified?) async {
        var extent = Diagnosis.Extent(checked: 0, all: 0)
        for (name, limit) in await topLevelFiles(data) {
            guard !Task.isCancelled else { break }
            extent.all += 1
            do {
                guard try await data.bytes(ofFile: name, maximumLength: limit) != nil else {
                    noteUnreadable(name, nil, role: nil, isRemembered: await isRemembered(name, data, seen))
                    continue
                }
                extent.checked += 1
            } catch {
                noteUnreadable(name, error, role: nil, isRemembered: await isRemembered(name, data, seen))
            }
        }
        files = extent
    }

    private mutating func topLevelFiles(_ data: any TrustData) async -> [(name: String, limit: Int)] {
        let limits = TUFLimits()
        var files: [(name: String, limit: Int)] = []
        do {
            let versions = try await data.rootFileNames().compactMap(UnverifiedTrustData.rootVersion)
            // Whoever has pinned the first root walks along all of them.
            let newest = min(versions.max() ?? 1, Int64(limits.rootRotations) * 16)
            files = (1...max(1, newest)).map { (MetadataFile.root($0).name, limits.rootLength) }
        } catch {
            note(Refusal.store(error, store: storeName, subject: subject))
        }
        let timestamp = MetadataFile.timestamp.name
        files.append((timestamp, limits.timestampLength))
        guard
            let claimed: Timestamp = await claim(.timestamp, timestamp, limits.timestampLength, data),
            let snapshot = await present(.snapshot, claimed.snapshot.version, data)
        else { return files }
        files.append((snapshot, limits.snapshotLength))
        guard
            let listed: Snapshot = await claim(.snapshot, snapshot, limits.snapshotLength, data),
            let record = listed.roles[.targets], let targets = await present(.targets, record.version, data)
        else { return files }
        files.append((targets, limits.listedLength))
        return files
    }

    /// The name of a role's file: with its version, or without where the set has none with it.
    private func present(_ role: RoleName, _ version: Int64, _ data: any TrustData) async -> String? {
        let versioned = MetadataFile(role: role, version: version).name
        let bare = MetadataFile(role: role, version: nil).name
        guard (try? await data.file(named: versioned)) == nil, (try? await data.file(named: bare)) != nil else {
            return versioned
        }
        return bare
    }

    /// What a file says that nobody verified: where to look further, and nothing else. One that cannot be read is told by
    /// whoever asks for it next.
    private func claim<Payload: RolePayload>(
        _ role: RoleName,
        _ name: String,
        _ limit: Int,
        _ data: any TrustData
    ) async -> Payload? {
        guard let bytes = try? await data.bytes(ofFile: name, maximumLength: limit),
            let envelope = try? Envelope(parsing: bytes, role: role, maximumLength: limit)
        else { return nil }
        return try? envelope.inspect(as: Payload.self, role: role).unverified
    }

    /// Whether this machine has the very file, so that it can put it back.
    private func isRemembered(_ name: String, _ data: any TrustData, _ seen: Verified?) async -> Bool {
        guard let seen, let digest = try? await data.file(named: name)?.blob?.digest else { return false }
        let known =
            [seen.set.timestamp.bytes, seen.set.snapshot.bytes, seen.set.targets.bytes] + seen.files.roots.values
        return known.contains { Digest.compute(digest.algorithm, over: $0.span) == digest }
    }

    // MARK: Findings

    /// Notes a file that could not be read; `error` is nil when the set does not have it at all.
    mutating func noteUnreadable(
        _ name: String,
        _ error: TrustStoreError?,
        role: RoleName?,
        isRemembered: Bool
    ) {
        let checked = "\(name) of the trust data of \(subject) in \(storeName)"
        guard error.map(\.isAboutContent) ?? true else {
            if let error { note(Refusal.store(error, store: storeName, subject: subject), role: role) }
            return
        }
        let isLost = error.map(\.saysThatItIsLost) ?? true
        let found: String
        if let error, !isLost {
            let refusal = Refusal.store(error, store: storeName, subject: subject)
            found = refusal.found + (refusal.expected.map { " instead of \($0)" } ?? "")
        } else {
            found = error == nil ? "the set does not have it" : "it is listed, and the store does not have it"
        }
        findings.append(
            Finding(
                isLost ? .fileLost : .fileDamaged,
                .error,
                reason: isLost ? .badResponse : .badSignature,
                checked: checked,
                found: found,
                role: role,
                remedy: isLost ? putBack(isRemembered) : replaceDamaged(name, isRemembered)
            )
        )
    }

    private func putBack(_ isRemembered: Bool) -> Remedy {
        Remedy(commands.refresh, advice: isRemembered ? nil : "on a machine that has published or seen it")
    }

    /// A registry that has a blob takes no other bytes for it, so uploading it again mends nothing: another version of the
    /// role does, which is another blob. Roots, and roles of others, cannot be signed anew for that.
    private func replaceDamaged(_ name: String, _ isRemembered: Bool) -> Remedy {
        let elsewhere = isRemembered ? nil : "on a machine that has published or seen it"
        let resigned: [RoleName]
        switch TrustDataDocument.roleKey(ofFile: name) {
        case "timestamp.json": return Remedy(commands.refresh, advice: place(of: [.timestamp]))
        case "snapshot.json": resigned = [.snapshot, .timestamp]
        case "targets.json": resigned = [.targets, .snapshot, .timestamp]
        default:
            return Remedy(
                commands.refresh,
                advice: "have the operator of the registry remove the damaged blob from its storage, then "
                    + (elsewhere ?? "on this machine")
            )
        }
        let role = roles.first { $0.role == resigned[0] }
        let lifetime = role.flatMap { role in role.issued.flatMap { role.expires?.seconds(since: $0) } } ?? 0
        return Remedy(
            commands.refresh(
                resigning: resigned[0],
                lifetime: lifetime > 0 ? lifetime : DefaultLifetime.seconds(of: resigned[0])
            ),
            advice: elsewhere ?? place(of: resigned)
        )
    }
}

extension TrustStoreError {
    /// Whether the store was asked and answered: what is wrong is the file.
    fileprivate var isAboutContent: Bool {
        switch self {
        case .vanished, .tooLarge: return true
        case .registry(let error):
            switch error {
            case .digestMismatch, .sizeMismatch: return true
            default: return false
            }
        case .layout(let error):
            switch error {
            case .digestMismatch, .sizeMismatch, .blobMissing: return true
            default: return false
            }
        case .file, .notTrustData: return false
        }
    }

    fileprivate var saysThatItIsLost: Bool {
        switch self {
        case .vanished: return true
        case .layout(let error):
            if case .blobMissing = error { return true }
            return false
        default: return false
        }
    }
}
