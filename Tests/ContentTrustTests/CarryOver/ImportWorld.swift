import HTTPTypes
import OCI
import OCIRegistry
import Synchronization
import TUF
import TUFClient
import Testing
import TrustCrypto
import TrustTestSupport
import TrustTransport

@testable import ContentTrust

/// A collection in copied files, a registry in memory with its images, and the publisher who carries it over.
struct ImportWorld {
    let directory: TemporaryDirectory
    let clock = SimulatedClock()
    let signers = TestSigners()
    let images = MemoryImages()
    let subject: Subject
    var notary: NotarySimulator

    init() async throws {
        directory = try TemporaryDirectory()
        notary = try NotarySimulator(gun: NotaryHistory.repository, now: SimulatedClock.start)
        subject = .registry(try RepositoryName(parsing: notary.gun))
        if let key = notary.keys[.root] { await signers.add(key, for: .root) }
    }

    var location: StoreLocation { .directory(path: directory.file("trust-data")) }

    /// Lists a tag, with an image of its own or the same as others'.
    mutating func sign(_ tag: String, _ image: String, in roles: RoleName...) {
        let bytes = images.add(image)
        let record = TargetRecord(length: Int64(bytes.count), hashes: [Digest.compute(.sha256, over: bytes.span)])
        for role in roles.isEmpty ? [.targets] : roles { notary.records[role, default: [:]][tag] = record }
    }

    /// Puts the files as they are where the import reads them.
    mutating func publish(formerRootKey: PrivateKey? = nil) async throws {
        for role in notary.files.keys where role != .root || formerRootKey != nil {
            notary.versions[role, default: 0] += 1
        }
        try await notary.publish(formerRootKey: formerRootKey)
        for (role, bytes) in notary.files {
            try directory.write(bytes, to: "trust/tuf/\(notary.gun)/metadata/\(role).json")
        }
    }

    /// What carries it over, as somebody who has pinned the present root key, which is all that such a copy can be read with.
    mutating func carrying(acceptsExpired: Bool = false, prunes: Bool = false) async throws -> NotaryImport {
        let transport = images.transport
        let session = TrustSession(home: TrustHome(path: directory.file("home")), clock: clock) {
            (repository) throws(RegistryError) in
            try RegistryClient(repository: repository, sender: RequestSender(transport: transport)) {
                () async throws(RegistryAuthError) in .anonymous
            }
        }
        let pin = Pin(
            scope: .repository(notary.gun),
            dialect: .notary,
            anchor: .keys([try notary.listed(.root).computedID], threshold: 1)
        )
        _ = try await session.home.pins.add(pin, replacing: true)
        return NotaryImport(
            Publisher(session: session, signers: signers),
            of: subject,
            at: .notaryFiles(path: directory.file("trust")),
            to: subject,
            at: location,
            acceptsExpired: acceptsExpired,
            prunes: prunes
        )
    }

    /// The tags that readers of the trust data see.
    func signedTags() async throws -> [String] { try await signingRoles().keys.sorted() }

    /// Whose word they are.
    func signingRoles() async throws -> [String: String] {
        let session = TrustSession(home: TrustHome(path: directory.file("home")), clock: clock) {
            (_) throws(RegistryError) in throw .cancelled
        }
        let tags = try await TrustVerifier(session: session).trustData(of: subject, at: location).signedTags()
        return Dictionary(tags.map { ($0.tag, $0.role.string) }) { first, _ in first }
    }
}

/// Manifests of a registry, by digest.
final class MemoryImages: Sendable {
    private let manifests = Mutex<[String: [UInt8]]>([:])
    private let asked = Mutex<[String: Int]>([:])

    /// How often each digest was asked for.
    var requests: [String: Int] { asked.withLock(\.self) }

    /// Adds an image that differs from others in its name; its manifest.
    @discardableResult
    func add(_ name: String) -> [UInt8] {
        let digest = Digest.compute(.sha256, over: Array(name.utf8).span)
        let text =
            #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","#
            + #""config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"\#(digest)","size":1},"#
            + #""layers":[]}"#
        let bytes = Array(text.utf8)
        manifests.withLock { $0[Digest.compute(.sha256, over: bytes.span).description] = bytes }
        return bytes
    }

    /// Answers for them.
    var transport: InMemoryTransport {
        InMemoryTransport { [self] request in
            let name = String(request.target.split(separator: "/").last ?? "").replacing("%3A", with: ":")
            asked.withLock { $0[name, default: 0] += 1 }
            guard let bytes = manifests.withLock({ $0[name] }) else {
                return .text(.notFound, #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"no"}]}"#)
            }
            let headers: HTTPFields = [
                .contentType: "application/vnd.oci.image.manifest.v1+json", .contentLength: "\(bytes.count)",
            ]
            return .response(.ok, headers: headers, body: bytes)
        }
    }
}
