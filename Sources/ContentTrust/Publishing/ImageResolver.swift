public import OCI
import OCIRegistry
public import TrustCrypto

/// A tag and the document that it is to be signed as.
public struct ImageToSign: Sendable, Hashable {
    /// The tag.
    public let tag: String
    /// Media type, digest and length of the manifest or index.
    public let descriptor: Descriptor

    /// An image that the caller has built or compared itself; ``ImageResolver`` asks a registry or layout for it.
    ///
    /// - Parameters:
    ///   - tag: The tag.
    ///   - descriptor: Media type, digest (SHA-256) and length of its manifest or index.
    public init(tag: String, descriptor: Descriptor) {
        self.tag = tag
        self.descriptor = descriptor
    }
}

/// Finds out what a tag is to be signed as.
public struct ImageResolver: Sendable {
    private let session: TrustSession

    /// How many tags are asked for at once.
    private static var concurrency: Int { 8 }

    /// A resolver.
    ///
    /// - Parameter session: The registry to ask.
    public init(session: TrustSession) {
        self.session = session
    }

    /// What tags are to be signed as.
    ///
    /// - Parameters:
    ///   - tags: The tags, each with the digest that its build wrote, or nil to take what is served.
    ///   - subject: Whose tags.
    ///   - progress: Called after each tag, with how many are done.
    /// - Returns: The images, in the order of `tags`.
    /// - Throws: ``Refusal`` for the first tag that cannot be signed: ``Reason/usage`` for a tag of the trust data,
    ///   ``Reason/tagMissing``, ``Reason/tagMoved`` when the tag leads to another digest than the build wrote,
    ///   ``Reason/badResponse`` for a digest that is not SHA-256, ``Reason/badSignature`` for a document that is not a
    ///   manifest or index, or can be read as both, and what asking the registry throws.
    public func resolve(
        _ tags: [(tag: String, digest: Digest?)],
        of subject: Subject,
        progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws(Refusal) -> [ImageToSign] {
        try await Concurrently.map(tags, width: Self.concurrency, progress: progress) {
            (wanted) async throws(Refusal) in
            try await image(wanted.tag, wanted.digest, subject)
        }
    }

    private func image(_ tag: String, _ digest: Digest?, _ subject: Subject) async throws(Refusal) -> ImageToSign {
        let checked = "the image \(subject.reference(tag: tag))"
        guard !RegistryTrustStore.isReserved(tag) else {
            throw Refusal(.usage, checked: checked, found: "\(tag) is a tag of the trust data, not of an image")
        }
        let content: VerifiedContent
        switch subject {
        case .registry(let repository):
            content = try await served(tag, digest, repository, checked: checked)
        case .layout(let path):
            content = try local(tag, path: path, checked: checked)
        }
        let descriptor = content.descriptor
        if let digest, digest != descriptor.digest { throw moved(checked, descriptor.digest, expected: digest) }
        guard descriptor.digest.algorithm == .sha256 else {
            throw Refusal(.badResponse, checked: checked, found: "\(descriptor.digest)", expected: "a SHA-256 digest")
        }
        // Reading it as what it is said to be: a document of two kinds, or of none, is not signed.
        do { _ = try ManifestDocument(content) } catch { throw Refusal.image(error, checked: checked) }
        return ImageToSign(
            tag: tag,
            descriptor: Descriptor(mediaType: descriptor.mediaType, digest: descriptor.digest, size: descriptor.size)
        )
    }

    private func served(
        _ tag: String,
        _ digest: Digest?,
        _ repository: RepositoryName,
        checked: String
    ) async throws(Refusal) -> VerifiedContent {
        do {
            guard let head = try await session.client(for: repository).headManifest(.tag(TagName(tag))) else {
                throw Refusal(
                    .tagMissing,
                    checked: checked,
                    found: "the registry has no such tag",
                    next: "push the image first"
                )
            }
            if let digest, digest != head.digest { throw moved(checked, head.digest, expected: digest) }
            guard let content = try await session.client(for: repository).manifest(.digest(head.digest)) else {
                throw Refusal(
                    .tagMissing,
                    checked: checked,
                    found: "\(head.digest) vanished while it was read",
                    next: "push the image again"
                )
            }
            return content
        } catch let refusal as Refusal {
            throw refusal
        } catch let error as RegistryError {
            throw Refusal.registry(error, checked: checked)
        } catch let error as OCIError {
            throw Refusal.image(error, checked: checked)
        } catch {
            throw Refusal(.internalDefect, checked: checked, found: "\(error)", cause: error)
        }
    }

    private func local(_ tag: String, path: String, checked: String) throws(Refusal) -> VerifiedContent {
        do {
            let layout = try ImageLayout(opening: path)
            let descriptor = try layout.image(named: try ImageName(tag))
            guard let content = try layout.content(of: descriptor) else {
                throw OCIError.blobMissing(descriptor.digest)
            }
            return content
        } catch let error as OCIError {
            throw Refusal.image(error, checked: checked)
        } catch {
            throw Refusal(.internalDefect, checked: checked, found: "\(error)", cause: error)
        }
    }

    private func moved(_ checked: String, _ found: Digest, expected: Digest) -> Refusal {
        Refusal(
            .tagMoved,
            checked: checked,
            found: found.description,
            expected: "\(expected), which was to be signed",
            next: "push the image again, or sign the digest that is there"
        )
    }
}
