public import OCI
import TUF
import TUFClient
public import TrustCrypto

/// What a bundle is to be made of.
public struct BundleRequest: Sendable {
    /// Whose trust data.
    public let subject: Subject
    /// The tag; nil for the whole repository.
    public let tag: String?
    /// The name of the file to be, for messages and as the evidence's store.
    public var name = "to be written"
    /// The digest that the tag must be signed as, if the caller demands one.
    public var digest: Digest?
    /// Where the trust data lies, if not beside the images.
    public var location: StoreLocation?
    /// Whether the signed manifest or index goes into it.
    public var withManifest = false
    /// The platform whose manifest goes into it too, with the index that leads there.
    public var platform: Platform?

    /// A request for the metadata alone.
    ///
    /// - Parameters:
    ///   - subject: Whose trust data.
    ///   - tag: The tag; nil for the whole repository.
    public init(subject: Subject, tag: String?) {
        self.subject = subject
        self.tag = tag
    }
}

/// A bundle that was made and verified.
public struct MadeBundle: Sendable {
    /// The bundle, without time stamp.
    public let bundle: TrustBundle
    /// What its tag is trusted to mean; nil for a whole repository.
    public let image: TrustedImage?
    /// The pin that it was verified by.
    public let pin: Pin
}

extension TrustVerifier {
    /// Verifies trust data as for any verdict, then makes a bundle of it and verifies that, by the same pin.
    ///
    /// - Parameter request: What it is made of.
    /// - Returns: The bundle.
    /// - Throws: ``Refusal``.
    public func makeBundle(_ request: BundleRequest) async throws(Refusal) -> MadeBundle {
        let data = try await trustData(of: request.subject, at: request.location)
        guard case .store(let located, let stored) = data.search.source else {
            throw Refusal(
                .usage,
                checked: "a bundle of \(request.subject)",
                found: "--offline: what was seen earlier has not all files",
                next: "run the same command without --offline"
            )
        }
        // As every verdict does, compared with what signers said before: a bundle knows nothing of that.
        if let tag = request.tag { _ = try await data.signedTag(tag) } else { _ = try await data.signedTags() }
        let whose = VerifiedName(subject: request.subject, repository: data.repository, pin: data.pin)
        let files: [MetadataFile: [UInt8]]
        do throws(UpdateError<TrustStoreError>) {
            files = try await Self.files(of: stored, whose, tag: request.tag, at: data.set.verifiedAt)
        } catch {
            throw Refusal.update(error, subject: request.subject, store: located.store.name, pin: data.pin)
        }
        guard files[.timestamp] == data.set.timestamp.bytes else {
            throw Refusal(
                .conflict,
                checked: "trust data of \(request.subject)",
                found: "it was replaced while it was read",
                next: "run the command again"
            )
        }
        let bundle = TrustBundle(
            dialect: data.pin.dialect,
            repository: data.set.repository ?? data.pin.signedName ?? data.repository,
            created: data.set.verifiedAt,
            tag: request.tag,
            metadata: files,
            documents: BundledDocuments(contents: [:])
        )
        return try await verified(bundle, whose, request)
    }

    /// The bundle with its documents, once it gives the answer that it is made for.
    private func verified(
        _ bundle: TrustBundle,
        _ whose: VerifiedName,
        _ request: BundleRequest
    ) async throws(Refusal) -> MadeBundle {
        var data = try await data(of: bundle, named: request.name, whose, at: bundle.created)
        guard let tag = request.tag else {
            _ = try await data.signedTags()
            return MadeBundle(bundle: bundle, image: nil, pin: whose.pin)
        }
        // The documents are still where the images are.
        data.bundled = nil
        let wantsDocuments = request.withManifest || request.platform != nil
        let recorder = wantsDocuments ? DocumentRecorder() : nil
        let query = Query(
            subject: request.subject,
            tag: tag,
            digest: request.digest,
            platform: request.platform,
            image: wantsDocuments ? .asServed : .notCompared,
            location: request.location
        )
        let image = try await image(query, data, recorder: recorder)
        let whole = recorder.map { bundle.adding($0.documents) } ?? bundle
        return MadeBundle(bundle: whole, image: image, pin: whose.pin)
    }

    /// The files that a verifier needs who has seen nothing, and the roots before them, for those who pinned an earlier one.
    static func files(
        of stored: any TrustData,
        _ whose: VerifiedName,
        tag: String?,
        at now: Instant
    ) async throws(UpdateError<TrustStoreError>) -> [MetadataFile: [UInt8]] {
        let source = RecordingSource(TrustDataSource(data: stored))
        let updater = whose.updater
        let set = try await updater.refresh(from: source, now: now)
        var roles = DelegatedRoles(of: set)
        if let tag {
            let path: TargetPath
            do { path = try TargetPath(tag) } catch { throw .metadata(error) }
            _ = try await updater.find(path, in: &roles, from: source)
        } else {
            _ = try await updater.all(roles, from: source)
        }
        var files = source.files
        let newest = set.root.payload.common.version
        files[.root(newest)] = set.root.bytes
        // Who pinned a key of it is not led there by a root before.
        if set.dialect == .notary { files[.newestRoot] = set.root.bytes }
        do {
            for root in try await stored.roots(before: newest) { files[.root(root.version)] = root.bytes }
        } catch {
            throw .source(error)
        }
        return files
    }
}
