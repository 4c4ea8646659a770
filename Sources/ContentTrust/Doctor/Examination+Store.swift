import TUF
import TUFClient
import TrustCrypto

/// Whether there is trust data, what it is to be checked by, and what this machine remembers of it.
extension Examination {
    /// What readers see now. The pin is looked for later, so that neither hides what is wrong with the other.
    func locate(_ store: any TrustStore) async throws(Refusal) -> LocatedTrustData {
        let signedName = options.signedName
        let subject = subject
        let found = try await session.reading(store, of: subject) {
            (data) throws(UpdateError<TrustStoreError>) -> (data: any TrustData, claims: UnverifiedTrustData?) in
            guard signedName == nil, case .layout = subject else { return (data, nil) }
            return (data, try await UnverifiedTrustData(reading: data, dialect: store.dialect))
        }
        return LocatedTrustData(
            subject: subject,
            store: store,
            data: found?.data,
            claims: found?.claims,
            repository: signedName ?? found?.claims?.root.common.repository ?? subject.description,
            pin: nil
        )
    }

    mutating func findPin() {
        do throws(Refusal) { pin = try session.pin(for: repository, dialect: .tuf1) } catch {
            pinsAreReadable = false
            note(error)
        }
    }

    /// What this machine has seen, as a publisher looks at it; nil when it has seen nothing complete.
    mutating func recall() async -> Verified? {
        guard let pin else { return nil }
        let cache = session.cache(pin, repository: repository)
        do {
            let known = try await cache.load()
            noteClock(known)
            let seen = try await session.updater(pin, repository: repository).unsafeEditableSeen(now: now)
            return seen.map { Verified(set: $0.set, files: $0.files) }
        } catch let error as TrustCacheError {
            note(Refusal.update(UpdateError<Never>.cache(error), subject: subject, store: Self.memory, pin: pin))
        } catch let error as UpdateError<Never> {
            note(Refusal.update(error, subject: subject, store: Self.memory, pin: pin))
        } catch {
            note(Refusal(.internalDefect, checked: Self.memory, found: "\(error)", cause: error))
        }
        return nil
    }

    static let memory = "this machine's cache"

    /// Clocks are adjusted: a verification tolerates as much.
    static let clockTolerance: Int64 = 300

    private mutating func noteClock(_ known: CachedMetadata) {
        guard let last = known.lastCheck, now.seconds(since: last) < -Self.clockTolerance else { return }
        findings.append(
            Finding(
                .clockBehind,
                .error,
                reason: .expired,
                checked: "this machine's clock",
                found: "\(now)",
                expected: "not before the last successful check at \(last)",
                at: last,
                remedy: Remedy(
                    advice: "set the clock right; if it is right, and was ahead at that check, remove what was seen "
                        + "then, in \(session.home.trust)/seen"
                )
            )
        )
    }

    /// Nothing there is only "unsigned" where nothing was ever known.
    mutating func reportAbsence(_ seen: Verified?) {
        let known: Bool
        do throws(FileError) {
            known = pin != nil ? true : try session.home.everSeen(signedName: repository, dialect: .tuf1)
        } catch {
            return note(Refusal.file(error, checked: "what was seen of \(repository)"))
        }
        let checked = "trust data of \(subject) in \(storeName)"
        guard known else {
            // Without the pins nobody can tell whether it was known.
            guard pinsAreReadable else { return }
            findings.append(
                Finding(
                    FindingCode(.unsignedRepository),
                    .error,
                    reason: .unsignedRepository,
                    checked: checked,
                    found: "none, and none was ever pinned or seen",
                    remedy: Remedy(commands.initialize, advice: "if you publish it")
                )
            )
            return
        }
        verdict = .trustDataMissing
        let canPutBack = seen.map { inventory.canSign(.timestamp, of: $0.set) } ?? false
        findings.append(
            Finding(
                FindingCode(.trustDataMissing),
                .error,
                reason: .trustDataMissing,
                checked: checked,
                found: "none",
                expected: pin.map { "trust data, because \($0.scope) is pinned" }
                    ?? "trust data, because it was seen before",
                remedy: Remedy(
                    commands.refresh,
                    advice: canPutBack
                        ? "this machine has seen all of it, and puts it back with"
                        : "on a machine of the publisher, which puts it back"
                )
            )
        )
    }

    /// What is there claims something, and there is nothing to check it by: it is shown, and nothing else is said of it.
    mutating func reportUnpinned(_ located: LocatedTrustData) async {
        verdict = .noPin
        do throws(Refusal) {
            guard let claims = try await session.claims(of: located) else { return }
            forecast(unverified: claims.root)
            findings.append(
                Finding(
                    FindingCode(.noPin),
                    .error,
                    reason: .noPin,
                    checked: "pins for \(repository)",
                    found: "none; the trust data claims \(claims.rootDescription), which nobody verified",
                    expected: "a pin that you compared with what the publisher tells",
                    remedy: Remedy(commands.add(claims.pin(for: repository)))
                )
            )
        } catch {
            note(error)
        }
    }
}

extension KeyInventory {
    /// Whether enough keys of a top-level role are here.
    func canSign(_ role: RoleName, of set: TrustedSet) -> Bool {
        guard let roleKeys = set.root.payload.roleKeys(role) else { return false }
        return keys(roleKeys, set.root.payload.keys).count { $0.place != nil } >= roleKeys.threshold
    }
}
