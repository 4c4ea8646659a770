import OCI
import Testing
import TrustCrypto

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite("Checking an image at hand")
struct ImageCheckTests {
    /// Each blob of an image, changed in each of three ways, is found out.
    @Test("finds every damaged blob", arguments: ["1.0", "multi"], ["flip", "cut", "grow"])
    func damage(name: String, kind: String) throws {
        let scratch = try ScratchFolder()
        let layout = try scratch.copyLayout()
        let root = try layout.image(named: ImageName(name))
        let report = try ImageCheck().check(root, in: layout)
        let blobs = report.documents + report.images.flatMap { [$0.manifest.config] + $0.manifest.layers }
        #expect(blobs.count >= 4)
        for blob in blobs {
            let path = layout.blobPath(blob.digest)
            let original = try bytes(ofFile: path)
            var changed = original
            switch kind {
            case "flip": changed[changed.count / 2] ^= 1
            case "cut": changed.removeLast()
            default: changed.append(0)
            }
            try Data(changed).write(to: URL(filePath: path))
            let error = #expect(throws: OCIError.self) { try ImageCheck().check(root, in: layout) }
            switch (kind, error) {
            case ("flip", .digestMismatch(let expected, _)?): #expect(expected == blob.digest)
            case ("cut", .sizeMismatch(blob.digest, blob.size, let found)?): #expect(found == blob.size - 1)
            case ("grow", .sizeMismatch(blob.digest, blob.size, let found)?): #expect(found == blob.size + 1)
            default: Issue.record("\(String(describing: error))")
            }
            try Data(original).write(to: URL(filePath: path))
        }
    }

    @Test("tells missing platforms from incomplete ones")
    func missing() throws {
        let scratch = try ScratchFolder()
        let layout = try scratch.copyLayout()
        let root = try layout.image(named: ImageName("multi"))
        let arm = try layout.image(named: ImageName("arm64"))
        let armContent = try #require(try layout.content(of: arm))
        let armLayer = try Manifest(parsing: armContent.bytes, as: .ociManifest).layers[0]

        try FileManager.default.removeItem(atPath: layout.blobPath(armLayer.digest))
        var report = try ImageCheck().check(root, in: layout)
        #expect(report.incompleteChildren.map(\.child.digest) == [arm.digest])
        #expect(report.incompleteChildren.map(\.missing) == [armLayer.digest])
        #expect(report.images.count == 1 && report.missingChildren.isEmpty)

        try FileManager.default.removeItem(atPath: layout.blobPath(arm.digest))
        report = try ImageCheck().check(root, in: layout)
        #expect(report.missingChildren.map(\.digest) == [arm.digest])
        #expect(report.images.count == 1 && report.incompleteChildren.isEmpty)

        // Of an image that was asked for, nothing may be missing.
        #expect(throws: OCIError.blobMissing(arm.digest)) { try ImageCheck().check(arm, in: layout) }
        let amd = try layout.image(named: ImageName("1.0"))
        try FileManager.default.removeItem(atPath: layout.blobPath(amd.digest))
        #expect(throws: OCIError.blobMissing(amd.digest)) { try ImageCheck().check(root, in: layout) }
        try FileManager.default.removeItem(atPath: layout.blobPath(root.digest))
        #expect(throws: OCIError.blobMissing(root.digest)) { try ImageCheck().check(root, in: layout) }
    }

    /// Builds images that no tool makes.
    struct Builder {
        let scratch: ScratchFolder
        let layout: ImageLayout

        init() throws {
            scratch = try ScratchFolder()
            layout = try ImageLayout(creatingIfAbsent: scratch.path("l"))
        }

        func blob(_ bytes: [UInt8], _ type: MediaType = .octetStream) throws -> Descriptor {
            let content = VerifiedContent(describing: bytes, mediaType: type)
            try layout.write(content)
            return content.descriptor
        }

        func manifest(_ layers: [Descriptor]) throws -> Descriptor {
            _ = try blob(Descriptor.emptyJSONBytes)
            return try blob(Manifest(layers: layers).bytes, .ociManifest)
        }

        func index(_ children: [Descriptor]) throws -> Descriptor {
            try blob(Index(manifests: children).bytes, .ociIndex)
        }
    }

    @Test("compares the size each time a blob is named")
    func sizes() throws {
        let builder = try Builder()
        let layer = try builder.blob([1, 2, 3])
        let wrong = Descriptor(mediaType: layer.mediaType, digest: layer.digest, size: 4)
        let root = try builder.manifest([layer, wrong])
        #expect(throws: OCIError.sizeMismatch(layer.digest, expected: 4, found: 3)) {
            try ImageCheck().check(root, in: builder.layout)
        }
    }

    @Test("lets Windows base layers be elsewhere")
    func external() throws {
        let builder = try Builder()
        let type = try #require(MediaType("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"))
        let base = Descriptor(mediaType: type, digest: Digest.compute(over: [9].span), size: 1)
        let root = try builder.manifest([base, try builder.blob([1])])
        let report = try ImageCheck().check(root, in: builder.layout)
        #expect(report.externalBlobs == [base])
        #expect(report.verifiedBlobs == 2)
    }

    @Test("takes content of any kind as bytes")
    func leaf() throws {
        let builder = try Builder()
        let type = try #require(MediaType("application/x-thing"))
        let thing = try builder.blob([7], type)
        #expect(try ImageCheck().check(thing, in: builder.layout).verifiedBytes == 1)
        #expect(try ImageCheck().check(builder.index([thing]), in: builder.layout).verifiedBlobs == 1)
        #expect(try ImageCheck().check(builder.index([]), in: builder.layout).verifiedBlobs == 0)
    }

    @Test("is bounded in documents, blobs and nesting")
    func limits() throws {
        let builder = try Builder()
        let layers = try (0..<5).map { try builder.blob([UInt8($0)]) }
        let root = try builder.manifest(layers)
        #expect(throws: OCIError.limitExceeded(.blobs, limit: 5)) {
            try ImageCheck(limits: ImageCheckLimits(maximumBlobs: 5)).check(root, in: builder.layout)
        }
        var nested = root
        for _ in 0..<5 { nested = try builder.index([nested]) }
        #expect(throws: OCIError.limitExceeded(.nesting, limit: 4)) {
            try ImageCheck().check(nested, in: builder.layout)
        }
        let children = try layers.map { try builder.manifest([$0]) }
        let wide = try builder.index(children)
        #expect(throws: OCIError.limitExceeded(.documents, limit: 5)) {
            try ImageCheck(limits: ImageCheckLimits(maximumDocuments: 5)).check(wide, in: builder.layout)
        }
        #expect(try ImageCheck().check(wide, in: builder.layout).images.count == 5)
    }

    @Test("reads big blobs piece by piece")
    func streaming() throws {
        let builder = try Builder()
        let big = try builder.blob([UInt8](repeating: 7, count: 3 << 20 | 17))
        let root = try builder.manifest([big])
        #expect(try ImageCheck().check(root, in: builder.layout).verifiedBytes > 3 << 20)
    }

    @Test("ends when the task is cancelled")
    func cancellation() async throws {
        let builder = try Builder()
        let root = try builder.manifest([try builder.blob([1])])
        let task = Task { [layout = builder.layout] in
            withUnsafeCurrentTask { $0?.cancel() }
            return Result { try ImageCheck().check(root, in: layout) }
        }
        let result = await task.value
        #expect(throws: OCIError.cancelled) { _ = try result.get() }
    }
}
