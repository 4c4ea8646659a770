import HTTPTypes
public import OCI
public import TrustCrypto
import TrustTransport

extension RegistryClient {
    /// Asks whether a blob is there.
    ///
    /// - Parameter digest: Its digest.
    /// - Returns: False when the registry says that there is no such blob or repository.
    /// - Throws: ``RegistryError``.
    public func hasBlob(_ digest: Digest) async throws(RegistryError) -> Bool {
        if try await isBlobKnown(digest) { return true }
        // As with manifests, only GET says why; of a blob that has come meanwhile nothing is read.
        let response = try await send(.get, blobPath(digest), scope: pull, body: .ignore)
        if response.isSuccess { return true }
        if response.says(AbsenceCodes.blob) { return false }
        throw failure(response)
    }

    /// Fetches a blob into memory.
    ///
    /// - Parameters:
    ///   - descriptor: What is asked for; digest and size are compared.
    ///   - limit: The largest size that is accepted, in bytes.
    /// - Returns: The content; nil when the registry says that there is no such blob or repository.
    /// - Throws: ``RegistryError``; ``RegistryError/tooLarge(limit:)`` before anything is asked when the descriptor's size is
    ///   above the limit.
    public func blob(_ descriptor: Descriptor, limit: Int) async throws(RegistryError) -> VerifiedContent? {
        guard descriptor.size <= Int64(limit) else { throw .tooLarge(limit: Int64(limit)) }
        var bounds = RequestLimits.transfer(
            bytes: descriptor.size,
            base: limits.timeout,
            idleTimeout: limits.idleTimeout
        )
        bounds.maximumBodyBytes = max(bounds.maximumBodyBytes, Int64(RegistryFault.maximumBody))
        let response = try await send(.get, blobPath(descriptor.digest), scope: pull, limits: bounds)
        if response.says(AbsenceCodes.blob) { return nil }
        guard response.isSuccess else { throw failure(response) }
        do throws(OCIError) {
            return try VerifiedContent(response.body, matching: descriptor)
        } catch {
            throw RegistryError(error, origin: response.origin)
        }
    }

    /// Pushes a blob, unless it is there already.
    ///
    /// An upload that breaks off is begun once more; a registry keeps what was sent by digest, so nothing is there twice.
    ///
    /// - Parameter content: The blob.
    /// - Throws: ``RegistryError``.
    public func pushBlob(_ content: VerifiedContent) async throws(RegistryError) {
        if try await isBlobKnown(content.descriptor.digest) { return }
        do throws(RegistryError) {
            try await upload(content)
        } catch {
            guard Self.isWorthAnotherUpload(error) else { throw error }
            if try await isBlobKnown(content.descriptor.digest) { return }
            try await upload(content)
        }
    }
}

extension RegistryClient {
    private func blobPath(_ digest: Digest) -> String { "\(path)/blobs/\(digest)" }

    /// Whether the registry answers HEAD with the blob. False says nothing for sure.
    private func isBlobKnown(_ digest: Digest) async throws(RegistryError) -> Bool {
        let response = try await send(.head, blobPath(digest), scope: pull)
        if response.status.code == 404 { return false }
        guard response.isSuccess else { throw failure(response) }
        try check(response, has: digest)
        return true
    }

    /// POST opens a session, PUT at the place that it names ends it with the whole blob (distribution-spec, "POST then PUT").
    private func upload(_ content: VerifiedContent) async throws(RegistryError) {
        let opened = try await send(.post, "\(path)/blobs/uploads/", scope: push)
        guard opened.status.code == 202 else { throw failure(opened) }
        let location = try uploadURL(opened, digest: content.descriptor.digest)

        var bounds = RequestLimits.transfer(
            bytes: content.descriptor.size,
            base: limits.timeout,
            idleTimeout: limits.idleTimeout
        )
        bounds.maximumBodyBytes = Int64(RegistryFault.maximumBody)
        let response = try await connection.send(scope: push, limits: bounds) { _ in
            var request = HTTPRequestMessage(
                .put,
                location,
                headers: [.contentType: MediaType.octetStream.string],
                body: .bytes(content.bytes)
            )
            // It uses the session up.
            request.isIdempotent = false
            return request
        }
        guard response.status.code == 201 || response.status.code == 204 else { throw failure(response) }
        try check(response, has: content.descriptor.digest)
    }

    /// Where the upload goes on. Credentials go along only when that is the registry itself.
    private func uploadURL(_ opened: HTTPResponseMessage, digest: Digest) throws(RegistryError) -> HTTPURL {
        let problem = RegistryError.badResponse(opened.origin, .header("Location"))
        let values = Set(opened.headers[values: .location])
        guard values.count == 1, let value = values.first else { throw problem }
        do throws(TransportError) {
            let url = try opened.head.url.resolving(value)
            let from = opened.origin
            // Content is not sent in the clear where the registry is not, nor to services of this machine by one elsewhere.
            guard url.origin.scheme == .https || from.scheme == .http, from.isLoopback || !url.origin.isLoopback else {
                throw TransportError(.invalidURL)
            }
            return try url.appendingQuery([("digest", digest.description)])
        } catch {
            throw problem
        }
    }

    private static func isWorthAnotherUpload(_ error: RegistryError) -> Bool {
        switch error {
        case .serverError: true
        case .unreachable(let error):
            switch error.kind {
            case .unreachable(.connectionLost), .unreachable(.system), .timeout(.idle): true
            default: false
            }
        case .badResponse(_, .status(let status, let faults)):
            // The session is gone, as happens when several servers share the work without sharing the state.
            status == 404 && faults.contains { $0.code == "BLOB_UPLOAD_UNKNOWN" }
        default: false
        }
    }
}
