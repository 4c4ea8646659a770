import OCI
import Synchronization
import TrustCrypto

/// The manifests and indexes in a bundle, by digest.
struct BundledDocuments: BlobSource {
    let contents: [Digest: VerifiedContent]

    /// None is named: what they are is told by what is signed.
    func images() throws(OCIError) -> [Descriptor] { [] }

    func content(of descriptor: Descriptor, limit: Int) throws(OCIError) -> VerifiedContent? {
        guard let found = contents[descriptor.digest] else { return nil }
        guard found.bytes.count <= limit else { throw .tooLarge(limit: Int64(limit)) }
        return try VerifiedContent(found.bytes, matching: descriptor)
    }

    func verify(_ descriptor: Descriptor) throws(OCIError) -> Bool {
        try content(of: descriptor, limit: .max) != nil
    }
}

/// Keeps the documents that an answer was made of.
final class DocumentRecorder: Sendable {
    private let kept = Mutex<[Digest: VerifiedContent]>([:])

    /// What was kept so far.
    var documents: BundledDocuments { BundledDocuments(contents: kept.withLock { $0 }) }

    func keep(_ content: VerifiedContent) {
        kept.withLock { $0[content.descriptor.digest] = content }
    }
}
