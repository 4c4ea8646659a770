import OCI
import OCIRegistry
import TUF
import TrustCrypto

/// What becomes of each tag.
extension NotaryImport {
    /// How many requests run at once.
    private static var width: Int { 8 }

    /// What Docker's readers see: the word of the releases, else that of the targets.
    func released(
        _ state: NotaryState,
        _ notary: NotaryReader
    ) throws(Refusal) -> [TargetPath: FoundTarget] {
        var released: [TargetPath: FoundTarget] = [:]
        do throws(TUFError) {
            // What the releases say would be unknown.
            if try !state.roles.missing().isEmpty, let unreadable = state.unreadable[Dialect.releases] {
                throw unreadable.error
            }
            try state.roles.forEach { (path, found) throws(TUFError) in released[path] = found }
        } catch {
            throw notary.refused(error, Dialect.releases)
        }
        return released
    }

    /// Tags that only signers know, which Docker's readers do not take their word for.
    func hidden(
        _ state: NotaryState,
        _ notary: NotaryReader,
        besides released: [TargetPath: FoundTarget],
        begun: [String: SignedTag]
    ) throws(Refusal) -> [NotaryImportPlan.Tag] {
        var hidden: [NotaryImportPlan.Tag] = []
        for (role, file) in state.delegated.sorted(by: { $0.key < $1.key }) where role != Dialect.releases {
            do throws(TUFError) {
                try file.payload.forEach { (path, record) throws(TUFError) in
                    guard released[path] == nil, begun[path.string] == nil else { return }
                    hidden.append(
                        NotaryImportPlan.Tag(
                            name: path.string,
                            digest: record.digest(.sha256) ?? record.hashes.first,
                            role: role,
                            fate: .left("only \(role) signs it, and neither targets/releases nor targets do"),
                            descriptor: nil
                        )
                    )
                }
            } catch {
                throw notary.refused(error, role)
            }
        }
        return hidden.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// What becomes of the tags that Docker's readers see.
    ///
    /// - Parameters:
    ///   - released: The tags.
    ///   - begun: The tags of the trust data that is there; nil when there is none.
    /// - Returns: The tags, in the order of their bytes.
    /// - Throws: ``Refusal`` when the registry cannot be asked.
    func tags(
        _ released: [TargetPath: FoundTarget],
        begun: [String: SignedTag]?
    ) async throws(Refusal) -> [NotaryImportPlan.Tag] {
        // Collections have many tags for few images: each of these is asked for once.
        let wanted = Set(
            released.compactMap { path, found in
                isImportable(path) && begun?[path.string] == nil ? found.record.digest(.sha256) : nil
            }
        )
        let images = try await images(wanted)
        return released.sorted { $0.key < $1.key }.map { tag($0.key, $0.value, begun: begun, images) }
    }

    private func isImportable(_ path: TargetPath) -> Bool {
        (try? TagName(path.string)) != nil && !RegistryTrustStore.isReserved(path.string)
    }

    private func tag(
        _ path: TargetPath,
        _ found: FoundTarget,
        begun: [String: SignedTag]?,
        _ images: [Digest: FoundImage]
    ) -> NotaryImportPlan.Tag {
        let digest = found.record.digest(.sha256)
        func tag(_ fate: NotaryImportPlan.Fate, _ descriptor: Descriptor? = nil) -> NotaryImportPlan.Tag {
            NotaryImportPlan.Tag(
                name: path.string,
                digest: digest ?? found.record.hashes.first,
                role: found.role,
                fate: fate,
                descriptor: descriptor
            )
        }
        guard let digest else { return tag(.left("no SHA-256 digest of it was signed, which images are named by")) }
        if let present = begun?[path.string] {
            return tag(present.digest == digest ? .present : .differs(present))
        }
        guard case .registry = subject else { return tag(.left("\(subject) is not a repository")) }
        guard isImportable(path) else { return tag(.left("not a tag that an image can have")) }
        switch images[digest] {
        case .some(.document(let descriptor)) where descriptor.size == found.record.length:
            return tag(.carried, descriptor)
        case .some(.document(let descriptor)):
            return tag(.left("its manifest has \(descriptor.size) bytes, and \(found.record.length) were signed"))
        case .some(.ambiguous):
            return tag(.left("not a manifest or index that can be read in one way only"))
        case nil:
            return tag(.left("\(subject) has no manifest with this digest"))
        }
    }

    // MARK: Images

    /// What the registry has for a digest.
    enum FoundImage: Sendable {
        case document(Descriptor)
        case ambiguous
    }

    /// The manifests that the registry has.
    private func images(_ digests: Set<Digest>) async throws(Refusal) -> [Digest: FoundImage] {
        guard case .registry(let repository) = subject, !digests.isEmpty else { return [:] }
        let sorted = digests.sorted { $0.hex < $1.hex }
        let found = try await Concurrently.map(sorted, width: Self.width) { (digest) async throws(Refusal) in
            (digest, try await image(digest, in: repository))
        }
        var images: [Digest: FoundImage] = [:]
        for (digest, image) in found { images[digest] = image }
        return images
    }

    private func image(_ digest: Digest, in repository: RepositoryName) async throws(Refusal) -> FoundImage? {
        let content: VerifiedContent?
        do throws(RegistryError) {
            content = try await session.client(for: repository).manifest(.digest(digest))
        } catch {
            throw Refusal.registry(error, checked: "the image \(subject)@\(digest)")
        }
        guard let content else { return nil }
        do {
            _ = try ManifestDocument(content)
        } catch {
            return .ambiguous
        }
        return .document(content.descriptor)
    }
}
