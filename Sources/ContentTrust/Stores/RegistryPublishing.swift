import OCI
import OCIRegistry
import TUF
import TrustCrypto

/// Drives ``PublishingProtocol`` against a registry.
struct RegistryPublishing {
    private let store: RegistryTrustStore
    private let publication: Publication
    private var publishing: PublishingProtocol<Digest>
    /// Documents that tags were found to name.
    private var descriptors: [Digest: Descriptor] = [:]
    /// Sets that were read.
    private var sets: [Digest: RegistryTrustData] = [:]
    /// The sets that were made.
    private var made: [Digest: (data: any TrustData, documents: TrustDataDocument.Documents)] = [:]
    /// What the slots named when they were looked at last.
    private var seenSlots: [Descriptor?] = []
    private var rounds = 1

    init(store: RegistryTrustStore, publication: Publication) {
        self.store = store
        self.publication = publication
        publishing = PublishingProtocol(
            slotCount: RegistryTrustStore.slotCount,
            copies: RegistryTrustStore.copies,
            creates: publication.creates,
            replacesRoot: publication.replacesRoot,
            maximumRounds: RegistryTrustStore.maximumRounds,
            choose: { $0.randomElement() ?? 0 }
        )
    }

    mutating func run() async throws(PublishError) -> PublishedSet {
        var answer = PublishingProtocol<Digest>.Answer.none
        while true {
            switch publishing.next(answer) {
            case .finish(let identity, let changed):
                return PublishedSet(identity: identity, changed: changed, rounds: rounds)
            case .giveUp:
                guard !publication.creates else {
                    throw .conflict("another publisher creates the trust data of this repository at this moment")
                }
                throw .conflict(
                    "\(rounds) times in a row other publishers were in the way; what was announced here may come in "
                        + "with their next change"
                )
            case .backOff(let round):
                rounds = round
                answer = try await wait(round)
            case .readPointer:
                answer = .names(try await look(at: pointer))
            case .readSlot(let slot):
                answer = .names(try await look(at: slot))
            case .confirmSlot(let slot):
                answer = .names(try await look(at: try tag(of: slot)))
            case .examine(let ids):
                answer = .lineages(try await examine(ids))
            case .prepare(let present, let announced):
                answer = try await prepare(present: present, announced: announced)
            case .announce(let slot, let id):
                answer = try await announce(id, in: slot)
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
            var results: [(Int, Result<Descriptor?, TrustStoreError>)] = []
            // A few at a time: more connections than that at once are no kindness to a registry.
            for first in stride(from: 0, to: tags.count, by: 4) {
                results += await withTaskGroup(of: (Int, Result<Descriptor?, TrustStoreError>).self) { group in
                    for index in first..<min(first + 4, tags.count) {
                        let tag = tags[index]
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
                guard error.saysThatTheSetIsBad else { throw error }
                lineages.updateValue(nil, forKey: id)
            }
        }
        return lineages
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
        var announcedSets: [any TrustData] = []
        for id in announced {
            if let own = made[id] { announcedSets.append(own.data) } else { announcedSets.append(try await set(id)) }
        }
        let new: NewTrustData?
        do {
            new = try await publication.next(after: presentSet, merging: announcedSets)
        } catch .cannotMerge {
            return .cannotMerge
        }
        guard let new else { return .nothingToDo }
        let documents: TrustDataDocument.Documents
        do {
            documents = try TrustDataDocument.documents(for: try new.blobs(of: store.name))
            try await upload(new)
        } catch {
            throw .store(error)
        }
        let id = documents.root.descriptor.digest
        made[id] = (new.data, documents)
        descriptors[id] = documents.root.descriptor
        let lineage = try await publication.lineage(of: new.data)
        return .prepared(id, lineage)
    }

    /// How many files or tags are written at once.
    private static let width = 8

    /// Uploads the files of a set, those top-level ones that did not change included: a registry may have lost them.
    private func upload(_ new: NewTrustData) async throws(TrustStoreError) {
        let client = store.client
        do throws(RegistryError) {
            try await client.pushBlob(VerifiedContent(describing: Descriptor.emptyJSONBytes, mediaType: .ociEmpty))
            _ = try await Concurrently.map(new.newFiles, width: Self.width) { (bytes) throws(RegistryError) in
                try await client.pushBlob(VerifiedContent(describing: bytes, mediaType: .tufMetadata))
            }
        } catch {
            throw .registry(error)
        }
    }

    private mutating func announce(_ id: Digest, in slot: Int) async throws(PublishError)
        -> PublishingProtocol<Digest>.Answer
    {
        let children = Array((made[id]?.documents.children ?? []).enumerated())
        guard !children.isEmpty else { return try await put(id, as: tag(of: slot)) }
        let tagged = try await taggedChildren(ofSlot: slot)
        let store = store
        do throws(TrustStoreError) {
            _ = try await Concurrently.map(children, width: Self.width) { (index, child) throws(TrustStoreError) in
                let tag = try store.childTag(index, ofSlot: slot)
                let present: Digest?
                if let tagged { present = tagged[index] } else { present = try await store.head(tag)?.digest }
                guard present != child.descriptor.digest else { return }
                try await store.push(child, as: tag)
            }
        } catch {
            throw .store(error)
        }
        return try await put(id, as: tag(of: slot))
    }

    /// The children that a slot's tags name, by what the index in the slot says; nil to ask for each tag.
    ///
    /// A publisher that was stopped between a child and the index has left another tag. That does no harm before a garbage
    /// collector comes, and a refresh, which asks for each tag, mends it.
    private mutating func taggedChildren(ofSlot slot: Int) async throws(PublishError) -> [Int: Digest]? {
        guard !publication.looksAtEverything, let present = seenSlots[slot], present.mediaType.isIndex else {
            return nil
        }
        do {
            let children = try await store.children(of: present)
            return Dictionary(uniqueKeysWithValues: children.enumerated().map { ($0.offset, $0.element.digest) })
        } catch {
            guard PublishError.store(error).saysThatTheSetIsBad else { throw .store(error) }
            return nil
        }
    }

    private func put(_ id: Digest, as tag: TagName) async throws(PublishError) -> PublishingProtocol<Digest>.Answer {
        guard let set = made[id] else { throw .store(.vanished(id.description)) }
        do { try await store.push(set.documents.root, as: tag) } catch { throw .store(error) }
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

extension PublishError {
    /// Whether an error says something of the set, and not of the network or this machine.
    var saysThatTheSetIsBad: Bool {
        switch self {
        case .store(.notTrustData), .store(.tooLarge), .store(.vanished): true
        case .store(.registry(let error)): error.saysThatContentIsBad
        case .store(.file), .store(.layout), .store(.notary), .store(.rootNotCopied), .conflict, .cannotMerge: false
        case .refused(let refusal):
            [.badSignature, .wrongRoot, .wrongRepository, .rollback, .expired].contains(refusal.reason)
        }
    }
}

extension RegistryError {
    /// Whether the registry answered, with content that is not what its name or size says.
    fileprivate var saysThatContentIsBad: Bool {
        switch self {
        case .digestMismatch, .sizeMismatch, .tooLarge: true
        default: false
        }
    }
}

extension RegistryError {
    /// Whether the registry did not take a manifest for want of a blob that it names.
    var saysThatABlobIsLost: Bool {
        guard case .badResponse(_, .status(_, let faults)) = self else { return false }
        return faults.contains { ["MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN"].contains($0.code) }
    }
}
