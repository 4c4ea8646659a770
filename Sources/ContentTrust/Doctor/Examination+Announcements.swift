import OCI
import TUF
import TUFClient
import TrustCrypto

/// What publishers have announced and readers do not see yet.
extension Examination {
    mutating func checkAnnouncements(_ store: RegistryTrustStore, _ pin: Pin) async {
        guard origin == .store else { return }
        do {
            guard let pointer = try await store.head(try store.pointerTag) else { return }
            let tags = try (0..<RegistryTrustStore.slotCount).map { (slot) throws(TrustStoreError) in
                try store.slotTag(slot)
            }
            let heads = try await Concurrently.map(tags, width: 4) { (tag) throws(TrustStoreError) in
                try await store.head(tag)
            }
            guard let present = await lineage(of: pointer, store, pin).lineage else { return }
            var tagsBySet: [Descriptor: [TagName]] = [:]
            for (tag, head) in zip(tags, heads) {
                guard let head, head.digest != pointer.digest else { continue }
                tagsBySet[head, default: []].append(tag)
            }
            for (set, tags) in tagsBySet.sorted(by: { $0.value[0].string < $1.value[0].string }) {
                await check(set, tags, against: present, store, pin)
            }
        } catch {
            note(Refusal.store(error, store: storeName, subject: subject))
        }
    }

    private mutating func check(
        _ set: Descriptor,
        _ tags: [TagName],
        against present: Lineage,
        _ store: RegistryTrustStore,
        _ pin: Pin
    ) async {
        let checked = "announcements under \(tags.map(\.string).joined(separator: ", ")) of \(storeName)"
        let (announced, error) = await lineage(of: set, store, pin)
        if let error, error.isAboutTheWay {
            // Not finding out is not the same as finding nonsense.
            note(error)
            return
        }
        guard let announced else {
            findings.append(
                Finding(
                    .announcementUnreadable,
                    .note,
                    checked: checked,
                    found: "\(set.digest), which is no trust data of \(subject) that can be verified; publishers "
                        + "leave it alone" + (error.map { " (\($0.found))" } ?? ""),
                    remedy: Remedy(advice: "nothing: a later announcement takes its place")
                )
            )
            return
        }
        guard !present.covers(announced), !present.isPast(announced), !present.outran(announced) else { return }
        // The same set with a younger timestamp is in nobody's way: the next refresh is younger still.
        guard !present.contains(announced) else { return }
        findings.append(
            Finding(
                .announcementPending,
                .warning,
                reason: .conflict,
                checked: checked,
                found: "snapshot \(announced.own.snapshotVersion), which is not part of what readers see: a publisher "
                    + "is at work at this moment, or was stopped",
                remedy: Remedy(
                    commands.refresh,
                    advice: [
                        "if it is there a minute from now, this merges it",
                        place(of: [.targets, .snapshot, .timestamp]),
                    ].compactMap { $0 }.joined(separator: ", ")
                )
            )
        )
    }

    private func lineage(
        of root: Descriptor,
        _ store: RegistryTrustStore,
        _ pin: Pin
    ) async -> (lineage: Lineage?, error: Refusal?) {
        let updater = session.updater(pin, repository: repository)
        do {
            let data = try await store.open(root)
            return (try Lineage(try await updater.unsafeOutline(from: TrustDataSource(data: data), now: now)), nil)
        } catch let error as UpdateError<TrustStoreError> {
            return (nil, Refusal.update(error, subject: subject, store: storeName, pin: pin))
        } catch let error as TrustStoreError {
            return (nil, Refusal.store(error, store: storeName, subject: subject))
        } catch {
            return (nil, Refusal(.internalDefect, checked: "an announcement", found: "\(error)", cause: error))
        }
    }
}

extension Refusal {
    /// Whether it says that something could not be looked at, and nothing of what is there.
    fileprivate var isAboutTheWay: Bool {
        [.unreachable, .unauthorized, .storage, .internalDefect].contains(reason)
    }
}
