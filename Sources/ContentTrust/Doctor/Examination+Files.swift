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
    ///
    /// - Parameters:
    ///   - data: The set.
    ///   - seen: What this machine could put back.
    ///   - newestRoot: The version of the root that was verified; nil when none was.
    mutating func checkTopLevelFiles(_ data: any TrustData, _ seen: Verified?, newestRoot: Int64?) async {
        var extent = Diagnosis.Extent(checked: 0, all: 0)
        for (name, limit) in await topLevelFiles(data, newestRoot: newestRoot) {
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

    private mutating func topLevelFiles(
        _ data: any TrustData,
        newestRoot: Int64?
    ) async -> [(name: String, limit: Int)] {
        let limits = TUFLimits()
        var files: [(name: String, limit: Int)] = []
        do {
            let versions = try await data.rootFileNames().compactMap(UnverifiedTrustData.rootVersion)
            // Whoever has pinned the first root walks along all of them. Which there should be, only a verified one tells.
            // A verifier walks no more roots than that, whatever version the newest one says it has.
            let wanted: [Int64]
            if let newestRoot {
                let first = max(1, newestRoot - Int64(limits.rootRotations))
                wanted = Array(first...newestRoot)
            } else {
                wanted = versions.sorted().suffix(limits.rootRotations)
            }
            files = wanted.map { (MetadataFile.root($0).name, limits.rootLength) }
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
        guard let seen else { return false }
        var known = [MetadataFile.timestamp.name: seen.set.timestamp.bytes]
        known[MetadataFile(role: .snapshot, version: seen.set.snapshot.payload.common.version).name] =
            seen.set.snapshot.bytes
        known[MetadataFile(role: .targets, version: seen.set.targets.payload.common.version).name] =
            seen.set.targets.bytes
        for (version, bytes) in seen.files.roots { known[MetadataFile.root(version).name] = bytes }
        guard let bytes = known[name] else { return false }
        // Stores that keep files by name alone do not say what a file was that they have lost.
        guard let digest = try? await data.file(named: name)?.blob?.digest else { return true }
        return Digest.compute(digest.algorithm, over: bytes.span) == digest
    }

    // MARK: Findings

    /// Notes a file that could not be read; `error` is nil when the set does not have it at all.
    mutating func noteUnreadable(
        _ name: String,
        _ error: TrustStoreError?,
        role: RoleName?,
        bins: Int? = nil,
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
                remedy: role == nil
                    ? isLost ? putBack(isRemembered) : replaceDamaged(name, isRemembered)
                    : isLost ? putBackDelegated(isRemembered) : writeAgain(bins: bins, isRemembered)
            )
        )
    }

    private func putBackDelegated(_ isRemembered: Bool) -> Remedy {
        guard case .registry = location else { return putBack(false) }
        return putBack(isRemembered)
    }

    /// A refresh leaves delegated roles that are there as they are. Bins are all written anew when their number changes, also
    /// those that only this machine has; other roles their signers have to sign.
    private func writeAgain(bins: Int?, _ isRemembered: Bool) -> Remedy {
        guard case .registry = location else { return putBack(false) }
        guard let bins else { return Remedy(commands.signers, advice: "its signer signs it anew; who that is") }
        let number = bins < BinChoice.maximumCount ? bins * 2 : bins / 2
        return Remedy(
            commands.rebin(number),
            advice: "have the operator of the registry remove the damaged blob from its storage; then, "
                + (isRemembered
                    ? place(of: [.targets, .snapshot, .timestamp]).map { "\($0), " } ?? ""
                    : "on a machine of the publisher that has signed or seen it, ")
                + "to write all bins anew, in another number"
        )
    }

    private func putBack(_ isRemembered: Bool) -> Remedy {
        let elsewhere = isRemembered ? nil : "on a machine that has published or seen it"
        switch location {
        case .registry, .notary, .notaryOfRegistry: return Remedy(commands.refresh, advice: elsewhere)
        case .notaryFiles: return Remedy(advice: "copy it again, from the Notary server or from where it was made")
        case .layout: return Remedy(advice: "copy the layout again, from where its trust data was published")
        case .directory(let path):
            // The name of a layout's trust data is known from there alone.
            guard case .registry = subject else {
                return Remedy(advice: "copy the directory again, from where it was published")
            }
            // A publisher does not build upon what it cannot verify; where nothing is, it puts all back.
            let timestamp = ShellWord.quoted("\(path)/\(MetadataFile.timestamp.name)")
            return Remedy(
                "mv \(timestamp) \(ShellWord.quoted("\(path)/old-timestamp")) && \(commands.refresh)",
                advice: elsewhere ?? "copy the directory again, from where it was published, or put it back"
            )
        }
    }

    /// A registry that has a blob takes no other bytes for it, so uploading it again mends nothing: another version of the
    /// role does, which is another blob. Roots, and roles of others, cannot be signed anew for that.
    private func replaceDamaged(_ name: String, _ isRemembered: Bool) -> Remedy {
        guard case .registry = location else { return putBack(isRemembered) }
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
        case .file, .notTrustData, .notary, .rootNotCopied: return false
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
