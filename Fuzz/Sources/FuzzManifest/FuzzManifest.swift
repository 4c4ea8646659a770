import CanonicalJSON
import Harness
import OCI
import TrustCrypto

/// Whatever the bytes are: no trap, no document is both a manifest and an index, and what is read is written again with
/// the same meaning.
@c(LLVMFuzzerTestOneInput)
public func fuzzManifest(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = fuzzInput(start, count)
    let manifests = [MediaType.ociManifest, .dockerManifest].map { try? Manifest(parsing: bytes, as: $0) }
    let indexes = [MediaType.ociIndex, .dockerManifestList].map { try? Index(parsing: bytes, as: $0) }
    let isManifest = manifests.contains { $0 != nil }
    require(!isManifest || indexes.allSatisfy { $0 == nil }, "a manifest and an index at once")
    for manifest in manifests.compactMap(\.self) {
        require((try? Manifest(parsing: manifest.bytes, as: manifest.mediaType)) == manifest, "another manifest")
        for descriptor in [manifest.config] + manifest.layers { check(descriptor) }
    }
    for index in indexes.compactMap(\.self) {
        require((try? Index(parsing: index.bytes, as: index.mediaType)) == index, "another index")
        for descriptor in index.manifests {
            check(descriptor)
            guard let platform = descriptor.platform else { continue }
            let found = index.manifest(for: platform)
            require(found?.platform?.normalized.architecture == platform.normalized.architecture, "another platform")
        }
    }
    return 0
}

private func check(_ descriptor: Descriptor) {
    require(descriptor.size >= 0, "a negative size")
    require(descriptor.digest.bytes.count == descriptor.digest.algorithm.byteCount, "a digest's length")
    let document = try? JSONDocument(parsing: descriptor.json.jsonBytes(pretty: false))
    require(document.flatMap { try? Descriptor($0.root, at: "") } == descriptor, "another descriptor")
}
