import ContentTrust
import Testing
import TrustCrypto
import TrustTestSupport

/// Content that saves requests, and nothing else.
@Suite struct SmallBlobCacheTests {
    private static func content(_ index: Int) -> ([UInt8], Digest) {
        let bytes = Array("content \(index)".utf8)
        return (bytes, Digest.compute(over: bytes.span))
    }

    /// When 512 are kept, half of them go before another one comes.
    @Test func oldContentGoes() async throws {
        try await TemporaryDirectory.with { directory in
            let cache = SmallBlobCache(directory: directory.path)
            for index in 0..<512 {
                let (bytes, digest) = Self.content(index)
                cache.keep(bytes, as: digest)
            }
            let full = try Files.names(in: directory.file("blobs"))
            #expect(full.count == 512)
            let (bytes, digest) = Self.content(512)
            cache.keep(bytes, as: digest)
            let halved = try Files.names(in: directory.file("blobs"))
            #expect(halved.count == 257)
            #expect(cache.content(of: digest) == bytes)
        }
    }

    @Test func whatIsNotAsItWasIsNotThere() async throws {
        try await TemporaryDirectory.with { directory in
            let cache = SmallBlobCache(directory: directory.path)
            let (bytes, digest) = Self.content(1)
            cache.keep(bytes, as: digest)
            #expect(cache.content(of: digest) == bytes)
            let names = try Files.names(in: directory.file("blobs"))
            let name = try #require(names.first)
            try Files.write(bytes + [0], to: directory.file("blobs/\(name)"))
            #expect(cache.content(of: digest) == nil)
            let large = [UInt8](repeating: 0, count: SmallBlobCache.maximumLength + 1)
            cache.keep(large, as: Digest.compute(over: large.span))
            #expect(cache.content(of: Digest.compute(over: large.span)) == nil)
        }
    }
}
