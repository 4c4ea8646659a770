import CanonicalJSON
import OCI
import OCIRegistry
import TUF
import TrustCrypto

extension TrustVerifier {
    /// Answers a question. Every refusal is a verdict too; nothing is thrown.
    ///
    /// - Parameter query: The question.
    /// - Returns: The verdict.
    public func verify(_ query: Query) async -> Verdict {
        do {
            let data = try await trustData(of: query.subject, at: query.location)
            return .trusted(try await image(query, data))
        } catch {
            return .refused(error)
        }
    }

    /// Answers a question on the ground of trust data that was verified a moment ago, for several tags of one repository.
    ///
    /// - Parameters:
    ///   - query: The question.
    ///   - data: What ``trustData(of:at:)`` gave for its subject.
    /// - Returns: The verdict.
    public func verify(_ query: Query, with data: VerifiedTrustData) async -> Verdict {
        do { return .trusted(try await image(query, data)) } catch { return .refused(error) }
    }

    private func image(_ query: Query, _ data: VerifiedTrustData) async throws(Refusal) -> TrustedImage {
        let reference = query.subject.reference(tag: query.tag)
        guard let signed = try data.signedTag(query.tag) else {
            throw Refusal(
                .unsignedTag,
                checked: "the tag \(query.tag) in the trust data of \(query.subject)",
                found: "it is not signed",
                next: "signed tags: trustctl list \(query.subject.argument)"
            )
        }
        if let demanded = query.digest, demanded != signed.digest {
            throw Refusal(
                .tagMoved,
                checked: "the digest that \(reference) was asked for with",
                found: demanded.description,
                expected: "\(signed.digest), which is signed",
                next: "trustctl verify \(query.subject.argument(tag: query.tag))"
            )
        }
        let descriptor = try await compare(query, signed, reference: reference)
        let platform = try await platform(query, descriptor, reference: reference)
        return TrustedImage(
            repository: query.subject.description,
            tag: query.tag,
            digest: platform?.digest ?? signed.digest,
            mediaType: (platform ?? descriptor).mediaType.string,
            size: platform?.size ?? signed.size,
            coveringIndex: platform == nil || platform?.digest == signed.digest ? nil : signed.digest,
            platform: query.platform,
            evidence: data.evidence
        )
    }

    // MARK: The image

    /// Compares the image with what is signed.
    ///
    /// - Returns: The signed document, with its media type.
    private func compare(_ query: Query, _ signed: SignedTag, reference: String) async throws(Refusal) -> Descriptor {
        switch query.image {
        case .notCompared:
            return Descriptor(mediaType: signed.mediaType ?? .octetStream, digest: signed.digest, size: signed.size)
        case .atHand(let location):
            return try compare(location, signed, subject: query.subject)
        case .asServed:
            switch query.subject {
            case .layout(let path):
                let name: ImageName
                do { name = try ImageName(query.tag) } catch { throw Refusal.image(error, checked: reference) }
                return try compare(.layout(path: path, name: name), signed, subject: query.subject)
            case .registry(let repository):
                guard !options.offline else {
                    return Descriptor(
                        mediaType: signed.mediaType ?? .octetStream,
                        digest: signed.digest,
                        size: signed.size
                    )
                }
                return try await compare(repository, tag: query.tag, signed, reference: reference)
            }
        }
    }

    private func compare(
        _ repository: RepositoryName,
        tag: String,
        _ signed: SignedTag,
        reference: String
    ) async throws(Refusal) -> Descriptor {
        let served: Descriptor?
        do {
            served = try await session.client(for: repository).headManifest(.tag(TagName(tag)))
        } catch let error as RegistryError {
            throw Refusal.registry(error, checked: "the image \(reference)")
        } catch let error as OCIError {
            throw Refusal.image(error, checked: reference)
        } catch {
            throw Refusal(.internalDefect, checked: reference, found: "\(error)", cause: error)
        }
        guard let served else {
            throw Refusal(
                .tagMissing,
                checked: "the image \(reference)",
                found: "the registry has no such tag",
                expected: signed.digest.description,
                next: "pull by digest: \(repository)@\(signed.digest)"
            )
        }
        try check(
            served,
            signed,
            subject: .registry(repository),
            checked: "what the registry serves for \(reference)"
        )
        return served
    }

    private func compare(
        _ location: ImageLocation,
        _ signed: SignedTag,
        subject: Subject
    ) throws(Refusal) -> Descriptor {
        let checked = "the image \(location)"
        do {
            switch location {
            case .layout(let path, let name):
                return try compareAll(ImageLayout(opening: path), name, signed, subject: subject, checked: checked).root
            case .archive(let path, let name):
                let archive = try ImageArchive(opening: path)
                let report = try compareAll(archive, name, signed, subject: subject, checked: checked)
                try checkNames(try archive.checkLoading([report]), signed, subject: subject, checked: checked)
                return report.root
            case .directory, .registry:
                throw Self.notAtHand(checked)
            }
        } catch let refusal as Refusal {
            throw refusal
        } catch let error as OCIError {
            throw Refusal.image(error, checked: checked)
        } catch {
            throw Refusal(.internalDefect, checked: checked, found: "\(error)", cause: error)
        }
    }

    private static func notAtHand(_ checked: String) -> Refusal {
        Refusal(.usage, checked: checked, found: "not an image", expected: "oci:PATH or oci-archive:FILE")
    }

    /// Compares what a layout or archive names, and then all blobs that it leads to.
    private func compareAll(
        _ source: some BlobSource,
        _ name: ImageName?,
        _ signed: SignedTag,
        subject: Subject,
        checked: String
    ) throws -> ImageReport {
        let found = try source.image(named: name)
        try check(found, signed, subject: subject, checked: checked)
        return try ImageCheck().check(found, in: source)
    }

    /// Loading an archive gives its images the names that it states: they must not be those of other images.
    private func checkNames(
        _ names: [String],
        _ signed: SignedTag,
        subject: Subject,
        checked: String
    ) throws(Refusal) {
        guard case .registry(let repository) = subject else { return }
        for name in names {
            let reference = try? Reference(parsing: name)
            guard reference?.repository == repository, reference?.tag?.string == signed.tag else {
                throw Refusal(
                    .badSignature,
                    checked: checked,
                    found: "loading it would name the image \(name)",
                    expected: subject.reference(tag: signed.tag)
                )
            }
        }
    }

    private func check(
        _ found: Descriptor,
        _ signed: SignedTag,
        subject: Subject,
        checked: String
    ) throws(Refusal) {
        guard found.digest == signed.digest else {
            throw Refusal(
                .tagMoved,
                checked: checked,
                found: found.digest.description,
                expected: "\(signed.digest), which is signed",
                next: "if the new image is meant: trustctl sign image \(subject.argument(tag: signed.tag)) "
                    + "--digest \(found.digest)"
            )
        }
        guard signed.mediaType == nil || found.mediaType == signed.mediaType else {
            throw Refusal(
                .badSignature,
                checked: checked,
                found: "media type \(found.mediaType)",
                expected: signed.mediaType?.string
            )
        }
        guard found.size == signed.size else {
            throw Refusal(
                .badSignature,
                checked: checked,
                found: "\(found.size) bytes",
                expected: "\(signed.size) bytes"
            )
        }
    }

    // MARK: Platforms

    /// The manifest of the platform that was asked for, inside the signed document.
    private func platform(_ query: Query, _ signed: Descriptor, reference: String) async throws(Refusal) -> Descriptor?
    {
        guard let platform = query.platform else { return nil }
        guard !options.offline || !query.readsRegistry else {
            throw Refusal(
                .unreachable,
                checked: "the platform \(platform) of \(reference)",
                found: "the index is in the registry, and --offline asks nobody",
                next: "run the same command without --offline"
            )
        }
        let checked = "the platform \(platform) of \(reference)"
        let source = try documents(query, checked: checked)
        do {
            let content = try await source.document(signed)
            if signed.mediaType.isIndex {
                let index = try Index(parsing: content.bytes, as: signed.mediaType)
                guard let child = index.manifest(for: platform) else {
                    throw missing(platform, in: index.manifests.compactMap(\.platform), checked: checked)
                }
                return child
            }
            let manifest = try Manifest(parsing: content.bytes, as: signed.mediaType)
            let found = try Platform(config: try await source.document(manifest.config).bytes)
            guard found.matches(platform) else { throw missing(platform, in: [found], checked: checked) }
            return signed
        } catch let refusal as Refusal {
            throw refusal
        } catch let error as OCIError {
            throw Refusal.image(error, checked: checked)
        } catch {
            throw Refusal(.internalDefect, checked: checked, found: "\(error)", cause: error)
        }
    }

    private func missing(_ platform: Platform, in present: [Platform], checked: String) -> Refusal {
        Refusal(
            .platformMissing,
            checked: checked,
            found: present.isEmpty ? "no platforms" : present.map(\.description).joined(separator: ", "),
            expected: platform.description,
            next: "name one that is there with --platform, or run the command without it"
        )
    }

    private func documents(_ query: Query, checked: String) throws(Refusal) -> DocumentSource {
        do {
            switch query.image {
            case .atHand(.layout(let path, _)): return .blobs(try ImageLayout(opening: path))
            case .atHand(.archive(let path, _)): return .blobs(try ImageArchive(opening: path))
            case .atHand(.directory), .atHand(.registry): throw Self.notAtHand(checked)
            case .asServed, .notCompared: break
            }
            switch query.subject {
            case .layout(let path): return .blobs(try ImageLayout(opening: path))
            case .registry(let repository): return .registry(try session.client(for: repository))
            }
        } catch let refusal as Refusal {
            throw refusal
        } catch let error as OCIError {
            throw Refusal.image(error, checked: checked)
        } catch let error as RegistryError {
            throw Refusal.registry(error, checked: checked)
        } catch {
            throw Refusal(.internalDefect, checked: checked, found: "\(error)", cause: error)
        }
    }
}

extension Query {
    /// Whether an answer about platforms needs the registry.
    fileprivate var readsRegistry: Bool {
        switch (image, subject) {
        case (.atHand, _), (_, .layout): false
        default: true
        }
    }
}

/// Where manifests and configurations are read.
private enum DocumentSource {
    case blobs(any BlobSource)
    case registry(RegistryClient)

    /// A document that matches a descriptor.
    func document(_ descriptor: Descriptor) async throws -> VerifiedContent {
        switch self {
        case .blobs(let source):
            guard let content = try source.content(of: descriptor, limit: DocumentLimits.maximumBytes) else {
                throw OCIError.blobMissing(descriptor.digest)
            }
            return content
        case .registry(let client):
            let content: VerifiedContent?
            do {
                content =
                    descriptor.mediaType.isManifest || descriptor.mediaType.isIndex
                    ? try await client.manifest(.digest(descriptor.digest))
                    : try await client.blob(descriptor, limit: DocumentLimits.maximumBytes)
            } catch {
                throw Refusal.registry(error, checked: "\(client.repository)@\(descriptor.digest)")
            }
            guard let content else { throw OCIError.blobMissing(descriptor.digest) }
            return content
        }
    }
}

extension Platform {
    /// The platform that an image configuration states (image-spec, config.md).
    fileprivate init(config bytes: [UInt8]) throws(OCIError) {
        let root: JSONNode
        do { root = try JSONDocument(parsing: bytes).root } catch { throw .json(error) }
        guard let os = root["os"]?.string else { throw .missingField("os") }
        guard let architecture = root["architecture"]?.string else { throw .missingField("architecture") }
        self.init(os: os, architecture: architecture, variant: root["variant"]?.string ?? "")
    }
}
