import OCI
import OCIRegistry
import TrustCrypto

extension RegistryTrustStore {
    /// How many tags there are for files that wait: `trust-data.waiting.0` and on.
    private static var waitingCount: Int { 8 }

    /// Where files of signers wait.
    package var waitingPlaces: [any WaitingPlace] {
        (0..<Self.waitingCount).map { RegistryWaitingPlace(store: self, tag: "\(TrustDataDocument.tag).waiting.\($0)") }
    }
}

/// A tag under which files of signers wait, as an artifact of the same form as trust data.
private struct RegistryWaitingPlace: WaitingPlace {
    let store: RegistryTrustStore
    let tag: String

    private var name: TagName {
        get throws(TrustStoreError) {
            do { return try TagName(tag) } catch { throw .layout(error) }
        }
    }

    func read() async throws(TrustStoreError) -> WaitingContents? {
        guard let descriptor = try await store.head(try name) else { return nil }
        do {
            return WaitingContents(identity: descriptor.digest, files: try await store.files(ofManifest: descriptor))
        } catch {
            // Nonsense makes room for what is to wait.
            guard PublishError.store(error).saysThatTheSetIsBad else { throw error }
            return WaitingContents(identity: descriptor.digest, files: [])
        }
    }

    func bytes(of file: TrustDataDocument.File) async throws(TrustStoreError) -> [UInt8]? {
        do {
            return try await store.client.blob(file.layer, limit: WaitingContents.maximumLength)?.bytes
        } catch {
            guard PublishError.store(.registry(error)).saysThatTheSetIsBad else { throw .registry(error) }
            return nil
        }
    }

    func write(
        _ files: [TrustDataDocument.File],
        new: [[UInt8]],
        after present: WaitingContents?
    ) async throws(TrustStoreError) -> Bool {
        // Registries cannot compare: asking right before is the nearest to it.
        guard try await store.head(try name)?.digest == present?.identity else { return false }
        let document = try TrustDataDocument.documents(for: files).root
        do {
            try await store.client.pushBlob(
                VerifiedContent(describing: Descriptor.emptyJSONBytes, mediaType: .ociEmpty)
            )
            for bytes in new {
                try await store.client.pushBlob(VerifiedContent(describing: bytes, mediaType: .tufMetadata))
            }
        } catch {
            throw .registry(error)
        }
        try await store.push(document, as: try name)
        return true
    }
}
