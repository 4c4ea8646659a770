import KeyStorage
import TUF
import TrustCrypto

/// What the key stores of this machine hold of the repository's keys, and in which state.
extension Examination {
    mutating func checkKeys() {
        checkKeyFiles()
        // Whose keys a root claims that nobody verified says nothing of this machine.
        guard origin == .store || origin == .memory else { return }
        guard roles.contains(where: { $0.keysHere > 0 }) else {
            // A store that cannot be read may have them.
            guard inventory.problems.isEmpty else { return }
            findings.append(
                Finding(
                    .noKeysHere,
                    .note,
                    checked: "the key stores of this machine",
                    found: "no key of \(subject): this machine verifies, and publishes nothing of it"
                )
            )
            return
        }
        checkMissing()
        checkProtection()
        checkUnused()
    }

    private func role(_ name: RoleName) -> RoleForecast? { roles.first { $0.role == name } }

    // MARK: Missing

    /// Whoever has targets keys signs tags, and needs snapshot and timestamp keys for it; whoever has snapshot keys refreshes,
    /// and needs the timestamp's. One with the timestamp key alone, or a root key, lacks nothing.
    private mutating func checkMissing() {
        func isHere(_ name: RoleName) -> Bool { role(name)?.keysHere ?? 0 > 0 }
        var needed: [RoleName] = []
        if isHere(.targets) { needed = [.targets, .snapshot, .timestamp] }
        if isHere(.snapshot), needed.isEmpty { needed = [.snapshot, .timestamp] }
        if isHere(.timestamp), needed.isEmpty { needed = [.timestamp] }
        for name in needed {
            guard let role = role(name), !role.canBeSignedHere else { continue }
            let ids = role.keys.filter { $0.place == nil }.map(\.keyID.string).joined(separator: ", ")
            findings.append(
                Finding(
                    .keyMissing,
                    .error,
                    reason: .keyUnavailable,
                    checked: "the \(name) key of \(subject) on this machine, which has its \(needed[0]) key",
                    found: "\(role.keysHere) of the \(role.threshold) that must sign; not here: \(ids)",
                    role: name,
                    remedy: Remedy(
                        commands.rotate(name),
                        advice: "if it is on another medium, name that with --key-store DIR; if it is lost"
                    )
                )
            )
        }
    }

    // MARK: Files

    /// Files and stores that cannot be used. Whether they matter today depends on what they hold.
    mutating func checkKeyFiles() {
        for problem in inventory.problems {
            let refusal = Refusal.keys(problem.error, checked: "the key store file \(problem.path)")
            let name = problem.path.split(separator: "/").last.map(String.init) ?? ""
            let role = roles.first { $0.keys.contains { "\($0.keyID).key" == name } }
            findings.append(
                Finding(
                    .keyFileUnusable,
                    stopsPublishing(problem.error, role: role, isFile: name.hasSuffix(".key")) ? .error : .warning,
                    reason: refusal.reason,
                    checked: role.map { "the \($0.name) key \(problem.path)" } ?? problem.path,
                    found: refusal.found,
                    expected: refusal.expected,
                    role: role?.role,
                    remedy: remedy(problem.error) ?? refusal.next.map { Remedy(advice: $0) }
                )
            )
        }
    }

    /// Whether a publisher cannot work with it. A directory hides all that is in it; a medium that is not there may hold
    /// what nobody needs today, as the file of a root key does.
    private func stopsPublishing(_ error: KeyStorageError, role: RoleForecast?, isFile: Bool) -> Bool {
        if case .storeMissing = error { return false }
        guard isFile else { return true }
        return role.map { [.targets, .snapshot, .timestamp].contains($0.role) } ?? false
    }

    private func remedy(_ error: KeyStorageError) -> Remedy? {
        guard case .permissionsTooWide(let path, _) = error else { return nil }
        return Remedy("chmod go= \(ShellWord.quoted(path))")
    }

    // MARK: Protection

    private mutating func checkProtection() {
        for role in roles where role.role == .root || role.role == .targets {
            for key in role.keys where key.isEncrypted == false {
                findings.append(
                    Finding(
                        .keyUnencrypted,
                        role.role == .root ? .warning : .note,
                        checked: "the \(role.name) key \(key.place ?? "")",
                        found: "not encrypted: whoever can read the file can sign",
                        role: role.role,
                        remedy: Remedy(commands.protect(key.keyID))
                    )
                )
            }
        }
        guard let root = role(.root)?.keys.first(where: { $0.place != nil }), role(.timestamp)?.keysHere ?? 0 > 0 else {
            return
        }
        findings.append(
            Finding(
                .rootKeyOnline,
                .note,
                checked: "the root key \(root.place ?? "")",
                found: "on the same machine as the timestamp key, which is on line",
                expected: "a medium that is kept off line; nothing but a new root needs it",
                role: .root,
                remedy: Remedy(
                    commands.export(root.keyID),
                    advice: "copy it to such a medium",
                    then: commands.remove(root.keyID)
                )
            )
        )
    }

    /// What a rotation left behind.
    private mutating func checkUnused() {
        guard origin == .store else { return }
        let listed = Set(roles.flatMap(\.keys).compactMap(\.publicKey))
        let signedName = pin?.signedName ?? repository
        for record in inventory.records {
            guard RoleName.topLevel.contains(record.role), !listed.contains(where: record.isKey),
                record.repository?.utf8.elementsEqual(signedName.utf8) == true
            else { continue }
            findings.append(
                Finding(
                    .keyUnused,
                    .note,
                    checked: "the \(record.role) key \(record.location)",
                    found: "no role of \(subject) lists it",
                    role: record.role,
                    remedy: Remedy(
                        commands.remove(record.keyID),
                        advice: "if it is the old one of a key that was replaced, and not for a root to come"
                    )
                )
            )
        }
    }
}
