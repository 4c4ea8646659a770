import KeyStorage
import TUF

/// What signers have signed and no verifier sees yet.
extension Examination {
    mutating func checkWaitingChanges(_ located: LocatedTrustData, _ pin: Pin) async {
        // What refuses the set refuses this, too, and was said.
        guard origin == .store, !findings.contains(where: { $0.severity == .error }) else { return }
        let reader = CandidateReader(
            updater: session.updater(pin, repository: repository),
            cache: session.cache(pin, repository: repository),
            pin: pin,
            subject: subject,
            now: now
        )
        // Reads alone: no key is opened.
        let signing = SetSigning(
            signers: KeyStoreSigners(stores: keys, passphrases: PassphraseChain([])),
            lifetimes: LifetimeChoices(),
            subject: subject,
            now: now
        )
        do throws(Refusal) {
            let waiting = try await WaitingChanges(located, pin: pin, reader: reader, signing: signing)
            for change in try await waiting.changes() { note(change) }
        } catch {
            note(error)
        }
    }

    private mutating func note(_ change: WaitingChange) {
        let tags = change.tags.keys.sorted().prefix(5).joined(separator: ", ")
        let checked = "what waits for the signer \(change.role) of \(subject)"
        let what =
            "version \(change.version), \(change.tags.count) tags: \(tags)\(change.tags.count > 5 ? ", ..." : "")"
        guard change.isCurrent else {
            findings.append(
                Finding(
                    .changeOutdated,
                    .note,
                    checked: checked,
                    found: "\(what); it does not follow what is published now, and never comes in",
                    role: change.role,
                    remedy: Remedy(commands.discard(change.role))
                )
            )
            return
        }
        guard change.isComplete else {
            findings.append(
                Finding(
                    .changeWaiting,
                    .note,
                    checked: checked,
                    found: "\(what); signed by \(change.signers.count) keys, \(change.threshold) needed",
                    role: change.role,
                    remedy: Remedy(commands.signWaiting(change.role), advice: "where another of its keys is")
                )
            )
            return
        }
        findings.append(
            Finding(
                .changeWaiting,
                .warning,
                reason: .unsignedTag,
                checked: checked,
                found: "\(what); signed by enough keys, and nobody has let it in",
                role: change.role,
                remedy: Remedy(commands.refresh, advice: "where the snapshot and timestamp keys are")
            )
        )
    }
}
