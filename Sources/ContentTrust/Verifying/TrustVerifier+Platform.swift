import CanonicalJSON
import OCI
import OCIRegistry
import TrustCrypto

extension TrustVerifier {
    /// How many indexes are read for one platform at most: an index in a registry is a request.
    private static var maximumIndexes: Int { 32 }

    /// The manifest of the platform that was asked for, inside the signed document.
    ///
    /// - Parameters:
    ///   - query: The question.
    ///   - image: The signed document.
    ///   - bundled: The documents of a bundle, where trust data comes from one.
    ///   - recorder: Keeps all documents that are read, the signed one and the platform's among them.
    ///   - reference: The tag, for messages.
    /// - Returns: The manifest; nil when no platform was asked for.
    /// - Throws: ``Refusal``.
    func platform(
        _ query: Query,
        _ image: ComparedImage,
        bundled: BundledDocuments? = nil,
        recorder: DocumentRecorder? = nil,
        reference: String
    ) async throws(Refusal) -> Descriptor? {
        guard query.platform != nil || recorder != nil else { return nil }
        let checked = query.platform.map { "the platform \($0) of \(reference)" } ?? "the manifest of \(reference)"
        guard !options.offline || bundled != nil || !query.readsRegistry else {
            throw Refusal(
                .unreachable,
                checked: checked,
                found: "the index is in the registry, and --offline asks nobody",
                next: "run the same command without --offline"
            )
        }
        if let bundled, bundled.contents[image.document.digest] == nil {
            throw Self.notBundled(image.document.digest, checked: checked)
        }
        var source = try documents(query, bundled, checked: checked)
        if let recorder { source = .recorded(source, recorder) }
        do {
            if recorder != nil { _ = try await source.document(image.document) }
            guard let platform = query.platform else { return nil }
            let found = try await manifest(for: platform, in: image.document, from: source, checked: checked)
            if recorder != nil { _ = try await source.document(found) }
            try checkAtHand(found, image.report, checked: checked)
            return found
        } catch let refusal as Refusal {
            throw refusal
        } catch OCIError.blobMissing(let digest) where bundled != nil {
            throw Self.notBundled(digest, checked: checked)
        } catch let error as OCIError {
            throw Refusal.image(error, checked: checked)
        } catch {
            throw Refusal(.internalDefect, checked: checked, found: "\(error)", cause: error)
        }
    }

    /// A manifest that a signed index names, asked for by its own digest.
    ///
    /// - Parameters:
    ///   - child: The digest.
    ///   - query: The tag.
    ///   - data: The trust data.
    /// - Returns: The image; nil when the signed document is no index, or names no such manifest.
    /// - Throws: ``Refusal``.
    func child(_ child: Digest, of query: Query, _ data: VerifiedTrustData) async throws(Refusal) -> TrustedImage? {
        let whole = try await image(query, data)
        let signed = whole.coveringIndex ?? whole.digest
        let checked = "the index of \(query.subject.reference(tag: query.tag))"
        guard !options.offline else { return nil }
        do {
            let document = Descriptor(mediaType: .ociIndex, digest: signed, size: whole.size)
            let content = try await documents(query, nil, checked: checked).document(document)
            guard content.descriptor.mediaType.isIndex else { return nil }
            let index = try Index(parsing: content.bytes, as: content.descriptor.mediaType)
            guard let found = index.manifests.first(where: { $0.digest == child }) else { return nil }
            return TrustedImage(
                repository: whole.repository,
                tag: whole.tag,
                digest: found.digest,
                mediaType: found.mediaType.string,
                size: found.size,
                coveringIndex: signed,
                platform: found.platform,
                evidence: whole.evidence
            )
        } catch let refusal as Refusal {
            throw refusal
        } catch let error as OCIError {
            throw Refusal.image(error, checked: checked)
        } catch {
            throw Refusal(.internalDefect, checked: checked, found: "\(error)", cause: error)
        }
    }

    private static func notBundled(_ digest: Digest, checked: String) -> Refusal {
        Refusal(
            .platformMissing,
            checked: checked,
            found: "\(digest) is not in the bundle",
            next: "verify it without --platform, or have it made with --platform"
        )
    }

    /// The first manifest for a platform, in the order of the index, and of an index inside it where that stands.
    private func manifest(
        for platform: Platform,
        in document: Descriptor,
        from source: DocumentSource,
        checked: String
    ) async throws -> Descriptor {
        guard document.mediaType.isIndex else {
            let found = try await statedPlatform(of: document, from: source)
            guard let found, found.matches(platform) else {
                throw missing(platform, in: found.map { [$0] } ?? [], checked: checked)
            }
            return document
        }
        var present: [Platform] = []
        // The last one is looked at first.
        var open = [document]
        var indexes = 0
        var seen: Set<Digest> = []
        while let next = open.popLast() {
            guard next.mediaType.isIndex else {
                guard let found = next.platform else { continue }
                if found.matches(platform) { return next }
                present.append(found)
                continue
            }
            guard seen.insert(next.digest).inserted else { continue }
            indexes += 1
            guard indexes <= Self.maximumIndexes else {
                throw OCIError.limitExceeded(.documents, limit: Self.maximumIndexes)
            }
            let content = try await source.document(next)
            open += try Index(parsing: content.bytes, as: next.mediaType).manifests.reversed()
        }
        throw missing(platform, in: present, checked: checked)
    }

    /// The platform that the configuration of a single image states; nil for an artifact that is no image.
    private func statedPlatform(of document: Descriptor, from source: DocumentSource) async throws -> Platform? {
        guard document.mediaType.isManifest else { return nil }
        let content = try await source.document(document)
        let manifest = try Manifest(parsing: content.bytes, as: document.mediaType)
        guard manifest.config.mediaType.isImageConfig else { return nil }
        return try Platform(config: try await source.document(manifest.config).bytes)
    }

    /// An image at hand may hold some of the platforms that its index names.
    private func checkAtHand(_ manifest: Descriptor, _ report: ImageReport?, checked: String) throws(Refusal) {
        guard let report, !report.images.contains(where: { $0.descriptor.digest == manifest.digest }) else { return }
        let lacking = report.incompleteChildren.first { $0.child.digest == manifest.digest }
        throw Refusal(
            .platformMissing,
            checked: checked,
            found: "it is signed as \(manifest.digest), but "
                + (lacking.map { "its blob \($0.missing) is not at hand" } ?? "it is not at hand"),
            expected: "the manifest and all that it names",
            next: "save the image again with this platform, or name one that is there with --platform"
        )
    }

    private func missing(_ platform: Platform, in present: [Platform], checked: String) -> Refusal {
        Refusal(
            .platformMissing,
            checked: checked,
            found: present.isEmpty ? "no platforms" : present.map(\.description).joined(separator: ", "),
            expected: platform.description,
            next: present.isEmpty
                ? "run the command without --platform"
                : "name one that is there with --platform, or run the command without it"
        )
    }

    private func documents(
        _ query: Query,
        _ bundled: BundledDocuments?,
        checked: String
    ) throws(Refusal) -> DocumentSource {
        do {
            switch query.image {
            case .atHand(.layout(let path, _)): return .blobs(try ImageLayout(opening: path))
            case .atHand(.archive(let path, _)): return .blobs(try ImageArchive(opening: path))
            case .atHand(.directory), .atHand(.registry): throw Self.notAtHand(checked)
            case .asServed, .notCompared: break
            }
            if let bundled { return .blobs(bundled) }
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
private indirect enum DocumentSource {
    case blobs(any BlobSource)
    case registry(RegistryClient)
    case recorded(DocumentSource, DocumentRecorder)

    /// A document that matches a descriptor.
    func document(_ descriptor: Descriptor) async throws -> VerifiedContent {
        switch self {
        case .blobs(let source):
            guard let content = try source.content(of: descriptor, limit: DocumentLimits.maximumBytes) else {
                throw OCIError.blobMissing(descriptor.digest)
            }
            return content
        case .recorded(let source, let recorder):
            let content = try await source.document(descriptor)
            recorder.keep(content)
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
