import OCI
import Testing
import TrustCrypto

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite("Image layouts")
struct ImageLayoutTests {
    @Test("of umoci are read", arguments: ["1.0", "2.0", "arm64", "multi"])
    func umoci(name: String) throws {
        let layout = try Fixtures.layout()
        let root = try layout.image(named: ImageName(name))
        let content = try #require(try layout.content(of: root))
        #expect(content.descriptor.digest == root.digest)
        switch try ManifestDocument(content) {
        case .manifest(let manifest): #expect(name != "multi" && !manifest.layers.isEmpty)
        case .index(let index):
            #expect(name == "multi")
            #expect(index.manifest(for: try Platform(parsing: "linux/arm64"))?.size == 345)
        }
        let report = try ImageCheck().check(root, in: layout)
        #expect(report.images.count == (name == "multi" ? 2 : 1))
        #expect(report.missingChildren.isEmpty && report.incompleteChildren.isEmpty && report.externalBlobs.isEmpty)
        #expect(report.documents.first == root)
    }

    @Test("without a name must hold one image")
    func names() async throws {
        let layout = try Fixtures.layout()
        #expect(throws: OCIError.imageAmbiguous(name: nil)) { try layout.image(named: nil) }
        #expect(throws: OCIError.imageNotFound(name: "3.0")) { try layout.image(named: ImageName("3.0")) }
        let scratch = try ScratchFolder()
        let empty = try ImageLayout(creatingIfAbsent: scratch.path("new"))
        #expect(throws: OCIError.imageNotFound(name: nil)) { try empty.image(named: nil) }
        let content = VerifiedContent(describing: Manifest(layers: []).bytes, mediaType: .ociManifest)
        try await empty.setImage(content, named: ImageName("a"))
        try await empty.setImage(content, named: ImageName("b"))
        // Two names of one image are no ambiguity.
        #expect(try empty.image(named: nil).digest == content.descriptor.digest)
    }

    @Test("are made, written and read")
    func writing() async throws {
        let scratch = try ScratchFolder()
        let layout = try ImageLayout(creatingIfAbsent: scratch.path("a/b"))
        _ = try ImageLayout(creatingIfAbsent: scratch.path("a/b"))
        let config = VerifiedContent(describing: Descriptor.emptyJSONBytes, mediaType: .ociEmpty)
        try layout.write(config)
        try layout.write(config)
        #expect(try layout.verify(config.descriptor))
        let manifest = VerifiedContent(describing: Manifest(layers: []).bytes, mediaType: .ociManifest)
        #expect(try layout.verify(manifest.descriptor) == false)
        #expect(try layout.content(of: manifest.descriptor) == nil)
        let tag = try ImageName("trust-data")
        try await layout.setImage(manifest, named: tag, expecting: .absent)
        #expect(try layout.image(named: tag).digest == manifest.descriptor.digest)
        #expect(try ImageCheck().check(layout.image(named: tag), in: layout).verifiedBlobs == 1)

        await #expect(throws: OCIError.imageChanged(name: "trust-data", found: manifest.descriptor.digest)) {
            try await layout.setImage(manifest, named: tag, expecting: .absent)
        }
        let next = VerifiedContent(
            describing: Manifest(layers: [], annotations: ["n": "2"]).bytes,
            mediaType: .ociManifest
        )
        try await layout.setImage(next, named: tag, expecting: .digest(manifest.descriptor.digest))
        await #expect(throws: OCIError.imageChanged(name: "trust-data", found: next.descriptor.digest)) {
            try await layout.setImage(manifest, named: tag, expecting: .digest(manifest.descriptor.digest))
        }
        #expect(try layout.images().count == 1)
        await #expect(throws: OCIError.imageChanged(name: "other", found: nil)) {
            try await layout.setImage(next, named: ImageName("other"), expecting: .digest(next.descriptor.digest))
        }
        #expect(try layout.images().count == 1)
        let left = try FileManager.default.contentsOfDirectory(atPath: layout.path).sorted()
        #expect(left == ["blobs", "index.json", "oci-layout"])
    }

    @Test("keep what another program wrote into index.json")
    func foreignMembers() async throws {
        let scratch = try ScratchFolder()
        let layout = try scratch.copyLayout()
        let index = try String(decoding: bytes(ofFile: "\(layout.path)/index.json"), as: UTF8.self)
            .replacing(#""schemaVersion": 2,"#, with: #""schemaVersion": 2, "x-other": [1.50, null], "#)
        try scratch.write(Array(index.utf8), to: "layout/index.json")
        let manifest = VerifiedContent(describing: Manifest(layers: []).bytes, mediaType: .ociManifest)
        try await layout.setImage(manifest, named: ImageName("new"))
        let after = try String(decoding: bytes(ofFile: "\(layout.path)/index.json"), as: UTF8.self)
        #expect(after.contains(#""x-other":[1.50,null]"#))
        #expect(try layout.images().count == 5)
        #expect(try layout.image(named: ImageName("1.0")) == Fixtures.layout().image(named: ImageName("1.0")))
    }

    @Test("lose no name to two writers at once")
    func concurrency() async throws {
        let scratch = try ScratchFolder()
        let layout = try ImageLayout(creatingIfAbsent: scratch.path("l"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    let manifest = Manifest(layers: [], annotations: ["n": "\(number)"])
                    let content = VerifiedContent(describing: manifest.bytes, mediaType: .ociManifest)
                    try await layout.setImage(content, named: ImageName("t\(number)"))
                }
            }
            try await group.waitForAll()
        }
        #expect(try layout.images().count == 20)
    }

    @Test("are refused when they are none")
    func refusal() throws {
        let scratch = try ScratchFolder()
        #expect(throws: OCIError.notALayout(path: scratch.path("x"))) { try ImageLayout(opening: scratch.path("x")) }
        #expect(throws: OCIError.notALayout(path: scratch.path)) { try ImageLayout(opening: scratch.path) }
        try scratch.write(Array(#"{"imageLayoutVersion":"2.0.0"}"#.utf8), to: "oci-layout")
        #expect(throws: OCIError.notALayout(path: scratch.path)) { try ImageLayout(opening: scratch.path) }
        #expect(throws: OCIError.notALayout(path: scratch.path)) { try ImageLayout(creatingIfAbsent: scratch.path) }
        let full = try ScratchFolder()
        try full.write([1], to: "something")
        #expect(throws: OCIError.notALayout(path: full.path)) { try ImageLayout(creatingIfAbsent: full.path) }
        // Without index.json nothing can be found, and that is not "no image".
        let layout = try full.copyLayout()
        try FileManager.default.removeItem(atPath: "\(layout.path)/index.json")
        #expect(throws: OCIError.notALayout(path: layout.path)) { try layout.images() }
    }

    @Test("never follow links inside")
    func links() throws {
        let scratch = try ScratchFolder()
        let layout = try scratch.copyLayout()
        let root = try layout.image(named: ImageName("1.0"))
        let blob = layout.blobPath(root.digest)
        try FileManager.default.moveItem(atPath: blob, toPath: scratch.path("elsewhere"))
        try FileManager.default.createSymbolicLink(atPath: blob, withDestinationPath: scratch.path("elsewhere"))
        #expect(throws: OCIError.file(.symbolicLink(path: blob))) { try layout.content(of: root) }
        let folder = "\(layout.path)/blobs/sha256"
        try FileManager.default.moveItem(atPath: folder, toPath: scratch.path("outside"))
        try FileManager.default.createSymbolicLink(atPath: folder, withDestinationPath: scratch.path("outside"))
        #expect(throws: OCIError.file(.symbolicLink(path: folder))) { try layout.verify(root) }
        #expect(throws: OCIError.file(.symbolicLink(path: folder))) {
            try layout.write(VerifiedContent(describing: [1], mediaType: .octetStream))
        }
        // The folder as a whole may be reached through a link.
        try FileManager.default.createSymbolicLink(atPath: scratch.path("link"), withDestinationPath: layout.path)
        #expect(try ImageLayout(opening: scratch.path("link")).images().count == 4)
    }

    @Test("never wait for a pipe in the place of a file")
    func pipes() throws {
        let scratch = try ScratchFolder()
        let layout = try scratch.copyLayout()
        let root = try layout.image(named: ImageName("1.0"))
        let blob = layout.blobPath(root.digest)
        try FileManager.default.removeItem(atPath: blob)
        #expect(mkfifo(blob, 0o600) == 0)
        #expect(throws: OCIError.file(.wrongFileType(path: blob))) { try layout.verify(root) }
    }

    @Test("mend a blob that is damaged")
    func mending() throws {
        let scratch = try ScratchFolder()
        let layout = try ImageLayout(creatingIfAbsent: scratch.path("l"))
        let content = VerifiedContent(describing: [1, 2, 3], mediaType: .octetStream)
        try layout.write(content)
        try Data([1, 2, 4]).write(to: URL(filePath: layout.blobPath(content.descriptor.digest)))
        #expect(throws: OCIError.self) { try layout.verify(content.descriptor) }
        try layout.write(content)
        #expect(try layout.verify(content.descriptor))
    }

    @Test("bound what is read into memory")
    func limits() throws {
        let layout = try Fixtures.layout()
        let root = try layout.image(named: ImageName("1.0"))
        #expect(throws: OCIError.tooLarge(limit: 100)) { try layout.content(of: root, limit: 100) }
    }
}
