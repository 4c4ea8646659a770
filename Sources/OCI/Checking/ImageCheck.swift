public import TrustCrypto

/// How much of an image at hand is walked.
public struct ImageCheckLimits: Sendable, Hashable {
    /// The most manifests and indexes.
    public var maximumDocuments: Int
    /// The most different blobs.
    public var maximumBlobs: Int
    /// How deep indexes may contain indexes.
    public var maximumNesting: Int

    /// Limits that no image in use comes near.
    public init(maximumDocuments: Int = 1_000, maximumBlobs: Int = 10_000, maximumNesting: Int = 4) {
        self.maximumDocuments = maximumDocuments
        self.maximumBlobs = maximumBlobs
        self.maximumNesting = maximumNesting
    }
}

/// What a complete check of an image at hand found. Everything listed as verified matched its digest and size.
public struct ImageReport: Sendable {
    /// A manifest with everything it names.
    public struct Image: Sendable, Hashable {
        /// The descriptor that led to the manifest.
        public let descriptor: Descriptor
        /// The manifest.
        public let manifest: Manifest
    }

    /// The descriptor that the check began with.
    public let root: Descriptor
    /// The manifests whose configuration and layers are all there and right.
    public internal(set) var images: [Image] = []
    /// Manifests and indexes that were read and are right, the root among them.
    public internal(set) var documents: [Descriptor] = []
    /// Children of indexes that are not there at all: platforms that were not saved.
    public internal(set) var missingChildren: [Descriptor] = []
    /// Children of indexes whose manifest is there and right, but not all that it names; with the first blob missing.
    public internal(set) var incompleteChildren: [(child: Descriptor, missing: Digest)] = []
    /// Layers that may live elsewhere (Windows base layers) and are not there.
    public internal(set) var externalBlobs: [Descriptor] = []
    /// How many different blobs were hashed, without the documents.
    public internal(set) var verifiedBlobs = 0
    /// How many bytes were hashed, documents included.
    public internal(set) var verifiedBytes: Int64 = 0
}

/// Checks an image at hand completely: every blob that can be reached from a descriptor, by digest and size.
public struct ImageCheck: Sendable {
    private let limits: ImageCheckLimits

    /// A check within limits.
    public init(limits: ImageCheckLimits = ImageCheckLimits()) { self.limits = limits }

    /// Walks from `root` over indexes and manifests to configurations and layers.
    ///
    /// A child of an index that is missing, or lacks blobs, is reported and not an error (`docker save` keeps one platform);
    /// a blob that is there and wrong always is. Something must be complete: if nothing is, the first missing blob is the
    /// error.
    ///
    /// - Parameters:
    ///   - root: What was signed.
    ///   - source: The layout or archive.
    /// - Returns: What was found.
    /// - Throws: ``OCIError``; nothing is returned about an image any part of which is wrong.
    public func check(_ root: Descriptor, in source: some BlobSource) throws(OCIError) -> ImageReport {
        var walk = Walk(root: root, limits: limits)
        return try walk.run(in: source)
    }
}

/// The state of one check.
private struct Walk {
    struct Step {
        let descriptor: Descriptor
        let depth: Int
    }

    /// A blob is known under its digest and size together: a wrong size for a right digest must not pass.
    struct BlobKey: Hashable {
        let digest: Digest
        let size: Int64
    }

    struct DocumentKey: Hashable {
        let blob: BlobKey
        let mediaType: MediaType
    }

    let limits: ImageCheckLimits
    var report: ImageReport
    var seenDocuments: Set<DocumentKey> = []
    var presence: [BlobKey: Bool] = [:]
    /// What the report already lists as missing or external.
    var listed: Set<BlobKey> = []
    var firstMissing: Digest?
    var completeLeaves = 0

    init(root: Descriptor, limits: ImageCheckLimits) {
        self.limits = limits
        report = ImageReport(root: root)
    }

    mutating func run(in source: some BlobSource) throws(OCIError) -> ImageReport {
        var steps = [Step(descriptor: report.root, depth: 0)]
        while let step = steps.popLast() {
            if Task.isCancelled { throw .cancelled }
            let descriptor = step.descriptor
            let isDocument = descriptor.mediaType.isManifest || descriptor.mediaType.isIndex
            guard isDocument else {
                try visitLeaf(descriptor, in: source)
                continue
            }
            let blob = BlobKey(digest: descriptor.digest, size: descriptor.size)
            guard seenDocuments.insert(DocumentKey(blob: blob, mediaType: descriptor.mediaType)).inserted else {
                continue
            }
            guard seenDocuments.count <= limits.maximumDocuments else {
                throw .limitExceeded(.documents, limit: limits.maximumDocuments)
            }
            guard step.depth <= limits.maximumNesting else {
                throw .limitExceeded(.nesting, limit: limits.maximumNesting)
            }
            guard let content = try source.content(of: descriptor, limit: DocumentLimits.maximumBytes) else {
                noteMissing(descriptor)
                continue
            }
            report.verifiedBytes += descriptor.size
            report.documents.append(descriptor)
            switch try ManifestDocument(content) {
            case .index(let index):
                // The last one pushed is walked first; reversed, so that the report has the order of the index.
                for child in index.manifests.reversed() {
                    steps.append(Step(descriptor: child, depth: step.depth + 1))
                }
            case .manifest(let manifest):
                try visit(manifest, at: descriptor, in: source)
            }
        }
        guard completeLeaves > 0 || report.root.mediaType.isIndex && firstMissing == nil else {
            throw .blobMissing(firstMissing ?? report.root.digest)
        }
        return report
    }

    private mutating func visit(
        _ manifest: Manifest,
        at descriptor: Descriptor,
        in source: some BlobSource
    ) throws(OCIError) {
        var missing: Digest?
        for blob in [manifest.config] + manifest.layers {
            if try isPresent(blob, in: source) { continue }
            if blob.mediaType.isNondistributable {
                if list(blob) { report.externalBlobs.append(blob) }
            } else if missing == nil {
                missing = blob.digest
            }
        }
        if let missing {
            if firstMissing == nil { firstMissing = missing }
            report.incompleteChildren.append((child: descriptor, missing: missing))
        } else {
            completeLeaves += 1
            report.images.append(ImageReport.Image(descriptor: descriptor, manifest: manifest))
        }
    }

    /// Something of another kind, at the root or in an index: only its bytes can be checked.
    private mutating func visitLeaf(_ descriptor: Descriptor, in source: some BlobSource) throws(OCIError) {
        if try isPresent(descriptor, in: source) {
            completeLeaves += 1
        } else {
            noteMissing(descriptor)
        }
    }

    private mutating func noteMissing(_ descriptor: Descriptor) {
        if firstMissing == nil { firstMissing = descriptor.digest }
        if list(descriptor) { report.missingChildren.append(descriptor) }
    }

    private mutating func list(_ descriptor: Descriptor) -> Bool {
        listed.insert(BlobKey(digest: descriptor.digest, size: descriptor.size)).inserted
    }

    /// Whether a blob is there; throws when it is there and wrong.
    private mutating func isPresent(_ descriptor: Descriptor, in source: some BlobSource) throws(OCIError) -> Bool {
        let key = BlobKey(digest: descriptor.digest, size: descriptor.size)
        if let known = presence[key] { return known }
        guard presence.count < limits.maximumBlobs else { throw .limitExceeded(.blobs, limit: limits.maximumBlobs) }
        let isThere = try source.verify(descriptor)
        presence[key] = isThere
        if isThere {
            report.verifiedBlobs += 1
            report.verifiedBytes += descriptor.size
        }
        return isThere
    }
}
