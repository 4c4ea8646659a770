import Synchronization
import TUF
import TUFClient

/// The metadata in a bundle as the source of an update. Nothing in it is believed.
struct BundleSource: MetadataSource {
    let files: [MetadataFile: [UInt8]]
    /// The bundle as messages name it.
    let name: String

    func bytes(of file: MetadataFile, maximumLength: Int) async throws(TrustStoreError) -> [UInt8]? {
        guard let bytes = files[file] else { return nil }
        guard bytes.count <= maximumLength else { throw .tooLarge(file: file.name, limit: maximumLength) }
        return bytes
    }

    /// A refusal of what the bundle holds. Nobody can renew that: what a publisher could do today is no help.
    func refusal(_ error: UpdateError<TrustStoreError>, subject: Subject, pin: Pin) -> Refusal {
        let refusal = Refusal.update(error, subject: subject, store: name, pin: pin)
        switch error {
        case .metadata(.notPinned), .metadata(.wrongRepository): return refusal
        default: break
        }
        return Refusal(
            refusal.reason,
            checked: refusal.checked,
            found: refusal.found,
            expected: refusal.expected,
            next: "ask whoever made the bundle for it again, or for another one",
            cause: refusal.cause
        )
    }
}

/// Keeps the files that an update asked for and got: what it needs, and no more, to come to the same end again.
final class RecordingSource<Base: MetadataSource>: MetadataSource {
    private let base: Base
    private let kept = Mutex<[MetadataFile: [UInt8]]>([:])

    init(_ base: Base) { self.base = base }

    /// What was kept so far.
    var files: [MetadataFile: [UInt8]] { kept.withLock { $0 } }

    func bytes(of file: MetadataFile, maximumLength: Int) async throws(Base.Failure) -> [UInt8]? {
        let bytes = try await base.bytes(of: file, maximumLength: maximumLength)
        if let bytes { kept.withLock { $0[file] = bytes } }
        return bytes
    }
}
