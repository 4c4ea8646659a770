import OCI
import OCIRegistry
import TUF
import TrustCrypto

/// Drives ``PublishingProtocol`` against a registry.
struct RegistryPublishing {
    private let store: RegistryTrustStore
    private let publication: Publication
    private var publishing = PublishingProtocol<Digest>(
        slotCount: RegistryTrustStore.slotCount,
        maximumRounds: RegistryTrustStore.maximumRounds,
        choose: { $0.randomElement() ?? 0 }
    )
    /// Documents that tags were found to name.
    private var descriptors: [Digest: Descriptor] = [:]
    /// Sets that were read.
    private var sets: [Digest: RegistryTrustData] = [:]
    /// The documents of the sets that were made.
    private var made: [Digest: TrustDataDocument.Documents] = [:]
    /// What the slots named when they were looked at last.
    private var seenSlots: [Descriptor?] = []
    private var rounds = 1

    init(store: RegistryTrustStore, publication: Publication) {
        self.store = store
        self.publication = publication
    }

    mutating func run() async throws(PublishError) -> PublishedSet {
        var answer = PublishingProtocol<Digest>.Answer.none
        while true {
            switch publishing.next(answer) {
            case .finish(let identity, let changed):
                return PublishedSet(identity: identity, changed: changed, rounds: rounds)
            case .giveUp:
                throw .conflict("\(rounds) times in a row other publishers were in the way")
            case .backOff(let round):
                rounds = round
                answer = try await wait(round)
            case .readPointer:
                answer = .names(try await look(at: pointer))
            case .readSlot(let slot):
                answer = .names(try await look(at: slot))
            case .examine(let ids):
                answer = .lineages(try await examine(ids))
            case .prepare(let present, let announced):
                answer = try await prepare(present: present, announced: announced)
            case .announce(let slot, let id):
                answer = try await put(id, as: tag(of: slot))
            case .movePointer(let id):
                answer = try await put(id, as: pointer)
            }
        }
    }

    // MARK: Operations

    private var pointer: TagName {
        get throws(PublishError) {
            do { return try store.pointerTag } catch { throw .store(error) }
        }
    }

    private func tag(of slot: Int) throws(PublishError) -> TagName {
        do { return try store.slotTag(slot) } catch { throw .store(error) }
    }

    private mutating func look(at tag: TagName) async throws(PublishError) -> Digest? {
        do {
            guard let descriptor = try await store.head(tag) else { return nil }
            descriptors[descriptor.digest] = descriptor
            return descriptor.digest
        } catch {
            throw .store(error)
        }
    }

    /// What a slot names. The slots are asked for in order, and together: their order among themselves does not matter.
    private mutating func look(at slot: Int) async throws(PublishError) -> Digest? {
        if slot == 0 {
            seenSlots = []
            let store = store
            var tags: [TagName] = []
            for slot in 0..<RegistryTrustStore.slotCount { tags.append(try tag(of: slot)) }
            let results = await withTaskGroup(of: (Int, Result<Descriptor?, TrustStoreError>).self) { group in
                for (index, tag) in tags.enumerated() {
                    group.addTask {
                        do throws(TrustStoreError) {
                            return (index, .success(try await store.head(tag)))
                        } catch {
                            return (index, .failure(error))
                        }
                    }
                }
                return await group.reduce(into: [(Int, Result<Descriptor?, TrustStoreError>)]()) { $0.append($1) }
            }
            for (_, result) in results.sorted(by: { $0.0 < $1.0 }) {
                do { seenSlots.append(try result.get()) } catch { throw .store(error) }
            }
        }
        guard let descriptor = seenSlots[slot] else { return nil }
        descriptors[descriptor.digest] = descriptor
        return descriptor.digest
    }

    /// Verifies sets. The pointer's must be good, or there is nothing to build upon; an announcement that is not is left
    /// alone, so that nobody can keep a publisher from its work by writing nonsense into a slot.
    private mutating func examine(_ ids: [Digest]) async throws(PublishError) -> [Digest: Lineage?] {
        var lineages: [Digest: Lineage?] = [:]
        for id in ids {
            do {
                lineages.updateValue(try await publication.lineage(of: try await set(id)), forKey: id)
            } catch {
                guard Self.saysThatTheSetIsBad(error) else { throw error }
                lineages.updateValue(nil, forKey: id)
            }
        }
        return lineages
    }

    /// Whether an error says something of the set, and not of the network or this machine.
    private static func saysThatTheSetIsBad(_ error: PublishError) -> Bool {
        switch error {
        case .store(.notTrustData), .store(.tooLarge), .store(.vanished): true
        case .store(.registry), .store(.file), .store(.layout), .conflict, .cannotMerge: false
        case .refused(let refusal):
            [.badSignature, .wrongRoot, .wrongRepository, .rollback, .expired].contains(refusal.reason)
        }
    }

    private mutating func set(_ id: Digest) async throws(PublishError) -> RegistryTrustData {
        if let set = sets[id] { return set }
        guard let descriptor = descriptors[id] else { throw .store(.vanished(id.description)) }
        do {
            let set = try await store.open(descriptor)
            sets[id] = set
            return set
        } catch {
            throw .store(error)
        }
    }

    private mutating func prepare(
        present: Digest?,
        announced: [Digest]
    ) async throws(PublishError) -> PublishingProtocol<Digest>.Answer {
        var presentSet: RegistryTrustData?
        if let present { presentSet = try await set(present) }
        var announcedSets: [RegistryTrustData] = []
        for id in announced { announcedSets.append(try await set(id)) }
        let new: NewTrustData?
        do {
            new = try await publication.next(after: presentSet, merging: announcedSets)
        } catch .cannotMerge {
            return .cannotMerge
        }
        guard let new else { return .nothingToDo }
        let documents: TrustDataDocument.Documents
        do {
            documents = try TrustDataDocument.documents(
                for: new.files.map { TrustDataDocument.File(name: $0.name, bytes: $0.bytes) }
            )
            try await upload(new, documents, present: ([presentSet].compactMap { $0 } + announcedSets))
        } catch {
            throw .store(error)
        }
        let id = documents.root.descriptor.digest
        made[id] = documents
        descriptors[id] = documents.root.descriptor
        let lineage = try await publication.lineage(of: new.data)
        return .prepared(id, lineage)
    }

    /// Uploads everything that the set needs but its root document. What another set in the registry has is there.
    private func upload(
        _ new: NewTrustData,
        _ documents: TrustDataDocument.Documents,
        present: [RegistryTrustData]
    ) async throws(TrustStoreError) {
        let there = Set(present.flatMap { $0.files.values.map(\.digest) })
        do {
            try await store.client.pushBlob(
                VerifiedContent(describing: Descriptor.emptyJSONBytes, mediaType: .ociEmpty)
            )
            for file in new.files {
                let content = VerifiedContent(describing: file.bytes, mediaType: .tufMetadata)
                if !there.contains(content.descriptor.digest) { try await store.client.pushBlob(content) }
            }
        } catch {
            throw .registry(error)
        }
        for child in documents.children {
            // A garbage collector deletes what no tag names.
            let tag = try store.childTag(child.descriptor.digest)
            do { try await store.client.pushManifest(child, tag: tag) } catch { throw .registry(error) }
        }
    }

    private func put(_ id: Digest, as tag: TagName) async throws(PublishError) -> PublishingProtocol<Digest>.Answer {
        guard let documents = made[id] else { throw .store(.vanished(id.description)) }
        do {
            try await store.client.pushManifest(documents.root, tag: tag)
        } catch {
            throw .store(.registry(error))
        }
        return .written
    }

    private func wait(_ round: Int) async throws(PublishError) -> PublishingProtocol<Digest>.Answer {
        let longest = min(50 * (1 << min(round, 7)), 4000)
        do {
            try await Task.sleep(for: .milliseconds(Int.random(in: 10...longest)))
        } catch {
            throw .store(.registry(.cancelled))
        }
        return .none
    }
}
