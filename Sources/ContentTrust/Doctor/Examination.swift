import KeyStorage
import TUF
import TUFClient
import TrustCrypto

/// One examination of one repository: what is known so far, and what was found.
struct Examination: Sendable {
    let session: TrustSession
    let subject: Subject
    let options: TrustDoctor.Options
    let commands: SuggestedCommands
    let keys: KeyStoreSet
    let inventory: KeyInventory
    let now: Instant
    let progress: TrustDoctor.Progress
    let location: StoreLocation

    /// The name that pins and memory know the repository by.
    var repository = ""
    var storeName = ""
    var pin: Pin?
    /// False when nothing can be said of what is pinned.
    var pinsAreReadable = true
    var origin = Diagnosis.Origin.nowhere
    var roles: [RoleForecast] = []
    var findings: [Finding] = []
    var files: Diagnosis.Extent?
    var tags: Diagnosis.Extent?
    /// What a verification on this machine ends with; nil when it was not come so far.
    var verdict: Reason?

    /// A set that was verified from the pin upwards, but for expiry.
    struct Verified: Sendable {
        let set: TrustedSet
        let files: CachedMetadata
    }

    mutating func run() async {
        repository = options.signedName ?? subject.description
        let store: any TrustStore
        do throws(Refusal) {
            // What was downloaded before would hide what the store has lost.
            store = try session.store(for: subject, at: location, blobs: SmallBlobCache.none)
        } catch {
            note(error)
            checkKeyFiles()
            return
        }
        storeName = store.name
        var located: LocatedTrustData?
        do throws(Refusal) { located = try await locate(store) } catch { note(error) }
        if let located { repository = located.repository }
        findPin()
        let seen = await recall()
        if let located, let data = located.data {
            await examine(located, ReadOnceTrustData(data), seen)
        } else if located != nil {
            reportAbsence(seen)
        }
        if origin == .nowhere, let seen { forecast(seen.set, from: .memory) }
        if let store = store as? RegistryTrustStore, let pin { await checkAnnouncements(store, pin) }
        if let located, let pin { await checkWaitingChanges(located, pin) }
        checkHome()
        checkKeys()
    }

    /// The findings in order.
    var diagnosis: Diagnosis {
        let ordered = findings.enumerated().sorted { left, right in
            func rank(_ finding: Finding) -> (Int, Int) {
                (-finding.severity.rawValue, finding.severity == .error && finding.reason == verdict ? 0 : 1)
            }
            return (rank(left.element).0, rank(left.element).1, left.offset)
                < (rank(right.element).0, rank(right.element).1, right.offset)
        }
        return Diagnosis(
            subject: subject,
            repository: repository,
            store: storeName,
            pin: pin,
            examinedAt: now,
            origin: origin,
            roles: roles,
            findings: ordered.map(\.element),
            files: files,
            tags: tags
        )
    }

    // MARK: Findings

    /// Notes what refuses verifiers or publishers, once.
    mutating func note(_ refusal: Refusal, code: FindingCode? = nil, role: RoleName? = nil) {
        let finding = Finding(
            code ?? FindingCode(refusal.reason),
            .error,
            reason: refusal.reason,
            checked: refusal.checked,
            found: refusal.found,
            expected: refusal.expected,
            role: role,
            remedy: commands.completed(refusal.next).map { Remedy(advice: $0) }
        )
        if !findings.contains(finding) { findings.append(finding) }
    }

    /// Whether an error says already what a reason says.
    func isExplained(_ reason: Reason) -> Bool {
        findings.contains { $0.severity == .error && $0.reason == reason }
    }
}
