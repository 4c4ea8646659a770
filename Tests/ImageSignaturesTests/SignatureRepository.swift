import CanonicalJSON
import HTTPTypes
import OCI
import OCIRegistry
import Synchronization
import Testing
import TrustCrypto
import TrustTestSupport
import TrustTransport

/// A repository in memory with signatures of an image.
final class SignatureRepository: Sendable {
    private struct State {
        var blobs: [String: [UInt8]] = [:]
        var manifests: [String: (type: String, bytes: [UInt8])] = [:]
        var referrers: [Descriptor] = []
        var failures: [String: HTTPResponse.Status] = [:]
        var fetchedBlobs = 0
        var fetchedManifests = 0
    }

    private let state = Mutex(State())
    /// Whether it lists referrers itself.
    let listsReferrers: Bool

    init(listsReferrers: Bool = true) { self.listsReferrers = listsReferrers }

    func client() throws -> RegistryClient {
        try RegistryClient(
            repository: RepositoryName(parsing: "registry.example.com/team/app"),
            sender: RequestSender(
                transport: InMemoryTransport { self.reply(to: $0) },
                plainHTTP: .loopbackOnly,
                clock: FakeTime().clock()
            ),
            credential: { () async throws(RegistryAuthError) in .anonymous }
        )
    }

    /// Answers requests whose path holds a text so.
    func fail(_ part: String, _ status: HTTPResponse.Status) { state.withLock { $0.failures[part] = status } }

    func layer(_ bytes: [UInt8], _ type: String, _ annotations: Annotations = [:]) throws -> Descriptor {
        let digest = Digest.compute(over: bytes.span)
        state.withLock { $0.blobs["\(digest)"] = bytes }
        let mediaType = try #require(MediaType(type))
        return Descriptor(mediaType: mediaType, digest: digest, size: Int64(bytes.count), annotations: annotations)
    }

    /// How many blobs were asked for.
    var fetchedBlobs: Int { state.withLock { $0.fetchedBlobs } }
    /// How many manifests were asked for, tags that are not there included.
    var fetchedManifests: Int { state.withLock { $0.fetchedManifests } }

    func forgetBlobs() { state.withLock { $0.blobs = [:] } }

    func tag(_ manifest: Manifest, _ tag: TagName) {
        state.withLock { $0.manifests[tag.string] = (manifest.mediaType.string, manifest.bytes) }
    }

    /// Adds a manifest to the list of referrers, as one of a type.
    func refer(_ manifest: Manifest, listedAs type: String? = nil, annotations: Annotations? = nil) {
        let bytes = manifest.bytes
        let digest = Digest.compute(over: bytes.span)
        let descriptor = Descriptor(
            mediaType: manifest.mediaType,
            digest: digest,
            size: Int64(bytes.count),
            artifactType: type.flatMap { MediaType($0) } ?? manifest.artifactType ?? manifest.config.mediaType,
            annotations: annotations ?? manifest.annotations
        )
        state.withLock {
            $0.manifests["\(digest)"] = (manifest.mediaType.string, bytes)
            $0.referrers.append(descriptor)
        }
    }

    private func reply(to request: InMemoryTransport.Received) -> InMemoryTransport.Reply {
        let parts = request.target.split(separator: "/").map(String.init)
        return state.withLock { state in
            if let failure = state.failures.first(where: { request.target.contains($0.key) }) {
                return .text(failure.value)
            }
            guard parts.count == 5 else { return .text(.ok, "{}") }
            switch parts[3] {
            case "blobs":
                state.fetchedBlobs += 1
                guard let bytes = state.blobs[parts[4]] else { return Self.error("BLOB_UNKNOWN") }
                return .response(.ok, headers: [:], body: bytes)
            case "referrers":
                guard listsReferrers else { return .text(.notFound, "404 page not found") }
                return Self.index(state.referrers)
            default:
                state.fetchedManifests += 1
                if let found = state.manifests[parts[4]] {
                    return .response(.ok, headers: [.contentType: found.type], body: found.bytes)
                }
                if !listsReferrers, parts[4].hasPrefix("sha256-"), !parts[4].hasSuffix(".sig"), !state.referrers.isEmpty
                {
                    return Self.index(state.referrers)
                }
                return Self.error("MANIFEST_UNKNOWN")
            }
        }
    }

    private static func index(_ descriptors: [Descriptor]) -> InMemoryTransport.Reply {
        let headers: HTTPFields = [.contentType: MediaType.ociIndex.string]
        return .response(.ok, headers: headers, body: Index(manifests: descriptors).bytes)
    }

    private static func error(_ code: String) -> InMemoryTransport.Reply {
        .text(.notFound, #"{"errors":[{"code":"\#(code)","message":"no"}]}"#)
    }
}
