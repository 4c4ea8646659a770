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

    /// As ``verify(_:with:)``, keeping the documents that were read.
    func image(
        _ query: Query,
        _ data: VerifiedTrustData,
        recorder: DocumentRecorder? = nil
    ) async throws(Refusal) -> TrustedImage {
        let reference = query.subject.reference(tag: query.tag)
        guard let (signed, evidence) = try await data.find(query.tag) else {
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
        let compared = try await compare(query, signed, bundled: data.bundled, reference: reference)
        let platform = try await platform(
            query,
            compared,
            bundled: data.bundled,
            recorder: recorder,
            reference: reference
        )
        return TrustedImage(
            repository: query.subject.description,
            tag: query.tag,
            digest: platform?.digest ?? signed.digest,
            mediaType: (platform ?? compared.document).mediaType.string,
            size: platform?.size ?? signed.size,
            coveringIndex: platform == nil || platform?.digest == signed.digest ? nil : signed.digest,
            platform: query.platform,
            evidence: evidence
        )
    }

    // MARK: The image

    /// Compares the image with what is signed.
    ///
    /// - Returns: The signed document, with its media type.
    private func compare(
        _ query: Query,
        _ signed: SignedTag,
        bundled: BundledDocuments?,
        reference: String
    ) async throws(Refusal) -> ComparedImage {
        let uncompared = Descriptor(
            mediaType: signed.mediaType ?? .octetStream,
            digest: signed.digest,
            size: signed.size
        )
        switch query.image {
        case .notCompared:
            guard let document = bundled?.contents[signed.digest]?.descriptor else {
                return ComparedImage(document: uncompared)
            }
            try check(document, signed, subject: query.subject, checked: "the document of \(reference) in the bundle")
            return ComparedImage(document: document)
        case .atHand(let location):
            return try compare(location, signed, subject: query.subject)
        case .asServed:
            switch query.subject {
            case .layout(let path):
                let name: ImageName
                do { name = try ImageName(query.tag) } catch { throw Refusal.image(error, checked: reference) }
                return try compare(.layout(path: path, name: name), signed, subject: query.subject)
            case .registry(let repository):
                guard !options.offline else { return ComparedImage(document: uncompared) }
                let served = try await compare(repository, tag: query.tag, signed, reference: reference)
                return ComparedImage(document: served)
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
    ) throws(Refusal) -> ComparedImage {
        let checked = "the image \(location)"
        do {
            switch location {
            case .layout(let path, let name):
                let layout = try ImageLayout(opening: path)
                return ComparedImage(try compareAll(layout, name, signed, subject: subject, checked: checked))
            case .archive(let path, let name):
                let archive = try ImageArchive(opening: path)
                let report = try compareAll(archive, name, signed, subject: subject, checked: checked)
                try checkNames(try archive.checkLoading([report]), signed, subject: subject, checked: checked)
                return ComparedImage(report)
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

    static func notAtHand(_ checked: String) -> Refusal {
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
}

/// The signed document, as it was found where it was compared.
struct ComparedImage {
    /// The document that is signed.
    let document: Descriptor
    /// What of it is at hand; nil for a registry, where all its parts are asked for when they are pulled.
    let report: ImageReport?

    /// A document in a registry, or one that was not compared.
    init(document: Descriptor) {
        self.document = document
        report = nil
    }

    /// An image at hand.
    init(_ report: ImageReport) {
        document = report.root
        self.report = report
    }
}
