import ContentTrust
import OCI
import OCIRegistry

/// Pulls images into an OCI layout, by digest only.
struct ImagePuller: Sendable {
    let host: Host
    /// The largest blob that is held in memory.
    let maximumBlob = 1 << 30

    /// Pulls an image.
    ///
    /// - Parameters:
    ///   - reference: As docker writes it.
    ///   - destination: The layout, made if it is not there.
    /// - Returns: Events until the image is there. Whoever stops reading them cancels the pull.
    func pull(_ reference: String, into destination: String) -> AsyncThrowingStream<PullEvent, any Error> {
        AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    try await pull(reference, into: destination) { continuation.yield($0) }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    private func pull(_ reference: String, into destination: String, _ report: (PullEvent) -> Void) async throws {
        let wanted = try Reference(parsing: reference)
        let client = try host.client(for: wanted.repository)
        // What the registry says today is only asked for to be compared: a tag that was moved is worth an alarm.
        let name: ManifestName = wanted.digest.map { .digest($0) } ?? .tag(wanted.tag ?? .latest)
        guard let served = try await client.headManifest(name) else { throw PullError.missing(reference) }
        report(.resolved(served.digest))

        var question = ImageQuestion(
            subject: .registry(wanted.repository),
            tag: wanted.digest == nil ? (wanted.tag ?? .latest).string : wanted.tag?.string,
            digest: served.digest
        )
        question.requester = "pull-host"
        let decision = await host.verifier.decide(question)
        if case .refused(let refusal) = decision.verdict, !decision.isAdmitted { throw PullError.refused(refusal) }
        report(.allowed(decision))
        // Trusted or let through: what is pulled is the digest that was asked about, and nothing else.
        let digest = if case .trusted(let image) = decision.verdict { image.digest } else { served.digest }
        guard let document = try await client.manifest(.digest(digest)) else {
            throw PullError.missing("\(wanted.repository)@\(digest)")
        }
        let layout = try ImageLayout(creatingIfAbsent: destination)
        var manifests = [document]
        if document.descriptor.mediaType.isIndex {
            manifests = []
            for child in try Index(parsing: document.bytes, as: document.descriptor.mediaType).manifests {
                // A child is covered by the digest of its index.
                guard let manifest = try await client.manifest(.digest(child.digest)) else {
                    throw PullError.missing("\(wanted.repository)@\(child.digest)")
                }
                manifests.append(manifest)
                try layout.write(manifest)
            }
        }
        let blobs = try manifests.flatMap { manifest in
            let parsed = try Manifest(parsing: manifest.bytes, as: manifest.descriptor.mediaType)
            return [parsed.config] + parsed.layers
        }
        for (index, descriptor) in blobs.enumerated() {
            try Task.checkCancellation()
            guard let blob = try await client.blob(descriptor, limit: maximumBlob) else {
                throw PullError.missing("\(wanted.repository)@\(descriptor.digest)")
            }
            try layout.write(blob)
            report(.fetched(descriptor, done: index + 1, of: blobs.count))
        }
        try await layout.setImage(document, named: try ImageName((wanted.tag ?? .latest).string))
        report(.finished("\(wanted.repository)@\(digest)"))
    }
}
