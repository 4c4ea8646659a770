import HTTPTypes
public import OCI
import TrustCrypto
import TrustTransport

/// What became of a wish to delete.
public enum DeletionOutcome: Sendable, Hashable {
    /// It is gone.
    case deleted
    /// It was not there.
    case absent
    /// The registry does not delete, or not tags (405, or the code UNSUPPORTED).
    case unsupported
}

extension RegistryClient {
    /// The kinds of document to answer with. The wildcard is for artifacts of kinds that are not known yet; without the
    /// others before it, old registries convert or withhold what there is.
    private static let accepted =
        [MediaType.ociIndex, .ociManifest, .dockerManifestList, .dockerManifest].map(\.string).joined(separator: ", ")
        + ", */*"

    /// Asks what a tag or digest leads to, without fetching it. Hosts do not count this as a pull.
    ///
    /// The descriptor is the registry's word: only ``manifest(_:)`` compares content. A registry that leaves out what makes a
    /// descriptor is asked for the content after all.
    ///
    /// - Parameter name: Tag or digest.
    /// - Returns: The descriptor; nil when the registry says that there is no such manifest or repository.
    /// - Throws: ``RegistryError``.
    public func headManifest(_ name: ManifestName) async throws(RegistryError) -> Descriptor? {
        let response = try await send(.head, manifestPath(name), scope: pull, headers: [.accept: Self.accepted])
        // The answer to HEAD has no body and so no code; GET says what is really the matter.
        if response.status.code == 404 { return try await manifest(name)?.descriptor }
        guard response.isSuccess else { throw failure(response) }
        var claimed = try claimedDigest(response)
        if case .digest(let digest) = name {
            try check(response, has: digest)
            claimed = digest
        }
        guard let digest = claimed, let size = response.head.contentLength, size > 0,
            let mediaType = try mediaType(response)
        else { return try await manifest(name)?.descriptor }
        return Descriptor(mediaType: mediaType, digest: digest, size: size)
    }

    /// Fetches a manifest, index or other document.
    ///
    /// By digest, the content is what was asked for. By tag, its descriptor is made from its bytes, with the digest
    /// algorithm that the registry uses, and the digest that the registry names must be theirs.
    ///
    /// - Parameter name: Tag or digest.
    /// - Returns: The content; nil when the registry says that there is no such manifest or repository.
    /// - Throws: ``RegistryError``.
    public func manifest(_ name: ManifestName) async throws(RegistryError) -> VerifiedContent? {
        let response = try await send(
            .get,
            manifestPath(name),
            scope: pull,
            headers: [.accept: Self.accepted],
            limits: requestLimits(limits.maximumManifestBytes)
        )
        if response.says(AbsenceCodes.manifest) { return nil }
        guard response.isSuccess else { throw failure(response) }
        guard response.body.count <= limits.maximumManifestBytes else {
            throw .tooLarge(limit: Int64(limits.maximumManifestBytes))
        }
        guard let mediaType = try mediaType(response) else {
            throw .badResponse(response.origin, .header("Content-Type"))
        }
        if case .digest(let digest) = name {
            try check(response, has: digest)
            return try verified(response, mediaType: mediaType, digest: digest)
        }
        if let claimed = try claimedDigest(response) {
            return try verified(response, mediaType: mediaType, digest: claimed)
        }
        return VerifiedContent(describing: response.body, mediaType: mediaType)
    }

    /// Pushes a manifest or index, by its digest or under a tag; what it names must be there already.
    ///
    /// - Parameters:
    ///   - content: The document.
    ///   - tag: The tag, which then leads to it; nil pushes by digest alone.
    /// - Throws: ``RegistryError``; ``RegistryError/digestMismatch(expected:found:)`` when the registry says that it has
    ///   stored something else.
    public func pushManifest(_ content: VerifiedContent, tag: TagName?) async throws(RegistryError) {
        let response = try await send(
            .put,
            manifestPath(tag.map(ManifestName.tag) ?? .digest(content.descriptor.digest)),
            scope: push,
            headers: [.contentType: content.descriptor.mediaType.string],
            requestBody: .bytes(content.bytes)
        )
        guard response.isSuccess else { throw failure(response) }
        try check(response, has: content.descriptor.digest)
    }

    /// Deletes a manifest by digest, which also takes its tags away on many registries, or a tag, which many do not support.
    ///
    /// - Parameter name: Tag or digest.
    /// - Returns: What became of it.
    /// - Throws: ``RegistryError``.
    public func deleteManifest(_ name: ManifestName) async throws(RegistryError) -> DeletionOutcome {
        let scope = RepositoryScope(repository: repository.path, actions: [.pull, .delete])
        let response = try await send(.delete, manifestPath(name), scope: scope)
        if response.isSuccess { return .deleted }
        if response.says(AbsenceCodes.manifest) { return .absent }
        let codes = RegistryFault.parse(response.body).map(\.code)
        if response.status.code == 405 || codes.contains("UNSUPPORTED") { return .unsupported }
        // What distribution up to version 2.8 says to a tag, which it takes for a malformed digest.
        if case .tag = name, response.status.code == 400, codes == ["DIGEST_INVALID"] { return .unsupported }
        throw failure(response)
    }
}

extension RegistryClient {
    private func manifestPath(_ name: ManifestName) -> String { "\(path)/manifests/\(name)" }

    /// The media type of an answer; nil when it names none.
    private func mediaType(_ response: HTTPResponseMessage) throws(RegistryError) -> MediaType? {
        let values = Set(response.headers[values: .contentType])
        guard let value = values.first else { return nil }
        guard values.count == 1, let type = MediaType(contentType: value) else {
            throw .badResponse(response.origin, .header("Content-Type"))
        }
        // A page for people, from a proxy or a login in the way: no manifest is text.
        guard !type.string.utf8.starts(with: "text/".utf8) else {
            throw .badResponse(response.origin, .header("Content-Type"))
        }
        return type
    }

    private func verified(
        _ response: HTTPResponseMessage,
        mediaType: MediaType,
        digest: Digest
    ) throws(RegistryError) -> VerifiedContent {
        do throws(OCIError) {
            return try VerifiedContent(response.body, mediaType: mediaType, digest: digest)
        } catch {
            throw RegistryError(error, origin: response.origin)
        }
    }

    /// Compares the digest that the registry names for content. It need not name any, or may name one of another algorithm.
    func check(_ response: HTTPResponseMessage, has digest: Digest) throws(RegistryError) {
        guard let claimed = try claimedDigest(response), claimed.algorithm == digest.algorithm else { return }
        guard claimed == digest else { throw .digestMismatch(expected: digest, found: claimed) }
    }
}
