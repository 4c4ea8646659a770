import OCI
import Testing
import TrustCrypto

@Suite("Image archives")
struct ImageArchiveTests {
    @Test(
        "are read as skopeo, docker and tar write them",
        arguments: [
            ("skopeo.tar", "1.0"), ("docker-save-25.tar", "1.0"),
            ("docker-save-25.tar", "registry.example.com/app:1.0"),
            ("dot-pax.tar", "multi"), ("dot-gnu.tar", "1.0"), ("dot-ustar.tar", "arm64"),
        ]
    )
    func reading(file: String, name: String) throws {
        let archive = try ImageArchive(opening: Fixtures.path(file))
        let root = try archive.image(named: ImageName(name))
        let report = try ImageCheck().check(root, in: archive)
        #expect(report.documents.first?.digest == root.digest)
        #expect(!report.images.isEmpty && report.incompleteChildren.isEmpty)
        let layout = try Fixtures.layout()
        let same = try layout.images().contains { $0.digest == root.digest }
        #expect(same)
    }

    @Test("of docker hold one platform, and load what was checked")
    func docker() throws {
        let archive = try ImageArchive(opening: Fixtures.path("docker-save-25.tar"))
        let root = try archive.image(named: nil)
        #expect(root.mediaType == .ociIndex)
        let report = try ImageCheck().check(root, in: archive)
        #expect(report.missingChildren.compactMap(\.platform?.description) == ["linux/arm64/v8"])
        #expect(report.images.count == 1)
        #expect(try archive.checkLoading([report]) == ["registry.example.com/app:1.0"])
    }

    @Test("of skopeo load under no name")
    func skopeo() throws {
        let archive = try ImageArchive(opening: Fixtures.path("skopeo.tar"))
        let report = try ImageCheck().check(archive.image(named: nil), in: archive)
        #expect(try archive.checkLoading([report]) == [])
    }

    @Test("with other images load more than was checked")
    func others() throws {
        let archive = try ImageArchive(opening: Fixtures.path("dot-gnu.tar"))
        let one = try ImageCheck().check(archive.image(named: ImageName("1.0")), in: archive)
        let two = try archive.image(named: ImageName("2.0"))
        #expect(throws: other(archive, two)) { try archive.checkLoading([one]) }
        let all = try archive.images().map { try ImageCheck().check($0, in: archive) }
        #expect(try archive.checkLoading(all).isEmpty)
    }

    func other(_ archive: ImageArchive, _ image: Descriptor) -> OCIError {
        .archive(path: archive.path, problem: .otherImage(image.digest.description))
    }

    @Test("in the old format of docker are no layouts")
    func old() {
        let path = Fixtures.path("docker-save-24.tar")
        #expect(throws: OCIError.archive(path: path, problem: .notALayout)) { try ImageArchive(opening: path) }
    }

    @Test("that do not exist are told apart")
    func missing() throws {
        let path = Fixtures.path("nothing.tar")
        #expect(throws: OCIError.fileMissing(path: path)) { try ImageArchive(opening: path) }
        let folder = Fixtures.path("layout")
        #expect(throws: OCIError.file(.wrongFileType(path: folder))) { try ImageArchive(opening: folder) }
    }

    /// A small image in an archive, with more entries.
    struct Forged {
        var tar = TarBuilder()
        let layer = VerifiedContent(describing: [1, 2, 3], mediaType: .octetStream)
        let evil = VerifiedContent(describing: [6, 6, 6], mediaType: .octetStream)
        let config = VerifiedContent(describing: Descriptor.emptyJSONBytes, mediaType: .ociEmpty)
        let manifest: VerifiedContent

        init() {
            manifest = VerifiedContent(
                describing: Manifest(layers: [layer.descriptor]).bytes,
                mediaType: .ociManifest
            )
            tar.add("oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
            for blob in [layer, evil, config, manifest] { tar.add(path(blob), blob.bytes) }
        }

        func path(_ content: VerifiedContent) -> String { "blobs/sha256/\(content.descriptor.digest.hex)" }

        mutating func addIndex() {
            tar.add("index.json", Index(manifests: [manifest.descriptor]).bytes)
        }

        func check() throws -> [String] {
            let scratch = try ScratchFolder()
            try scratch.write(tar.ended(), to: "a.tar")
            let archive = try ImageArchive(opening: scratch.path("a.tar"))
            let report = try ImageCheck().check(archive.image(named: nil), in: archive)
            return try archive.checkLoading([report])
        }

        func problem() -> ArchiveProblem? {
            do {
                _ = try check()
                return nil
            } catch OCIError.archive(_, let problem) {
                return problem
            } catch {
                Issue.record("\(error)")
                return nil
            }
        }
    }

    /// docker reads manifest.json, other programs index.json: both must lead to the same image.
    @Test("whose manifest.json shows another image are refused")
    func confusion() throws {
        func forged(_ text: (Forged) -> String) -> Forged {
            var forged = Forged()
            forged.addIndex()
            forged.tar.add("manifest.json", Array(text(forged).utf8))
            return forged
        }
        let right = forged {
            #"[{"Config":"\#($0.path($0.config))","RepoTags":["a:1","b:2"],"Layers":["\#($0.path($0.layer))"]}]"#
        }
        #expect(try right.check() == ["a:1", "b:2"])
        let untagged = forged {
            #"[{"Config":"\#($0.path($0.config))","RepoTags":null,"Layers":["\#($0.path($0.layer))"]}]"#
        }
        #expect(try untagged.check() == [])
        let wrong: [(Forged) -> String] = [
            { #"[{"Config":"\#($0.path($0.config))","RepoTags":null,"Layers":["\#($0.path($0.evil))"]}]"# },
            { #"[{"Config":"\#($0.path($0.evil))","RepoTags":null,"Layers":["\#($0.path($0.layer))"]}]"# },
            { #"[{"Config":"\#($0.path($0.config))","Layers":["\#($0.path($0.layer))","\#($0.path($0.evil))"]}]"# },
            { #"[{"Config":"\#($0.path($0.config))","Layers":[]}]"# },
            { #"[{"Config":"../x","Layers":["\#($0.path($0.layer))"]}]"# },
        ]
        for text in wrong { #expect(forged(text).problem() == .disagreeingManifest) }
        let malformed: [(Forged) -> String] = [
            { _ in "{}" }, { _ in "[1]" }, { _ in #"[{"Config":"x"}]"# + "x" },
            { #"[{"Config":"\#($0.path($0.config))","config":"\#($0.path($0.evil))","Layers":[]}]"# },
        ]
        for text in malformed { #expect(throws: OCIError.self) { try forged(text).check() } }
    }

    @Test("with entries of other formats are refused")
    func foreign() {
        for name in ["0123/layer.tar", "0123/json", "blobs/sha256/x", "blobs/md5/0", "extra", "blobs/sha256/a/b"] {
            var forged = Forged()
            forged.addIndex()
            forged.tar.add(name, [1])
            #expect(forged.problem() == .foreignEntry(name: name))
        }
        var repositories = Forged()
        repositories.addIndex()
        repositories.tar.add("repositories", Array("{}".utf8))
        #expect(repositories.problem() == .foreignEntry(name: "repositories"))
        #expect(Forged().problem() == .notALayout)
        for type: Character in ["1", "2"] {
            var link = Forged()
            link.addIndex()
            link.tar.add("blobs/sha256/link", type: type)
            #expect(link.problem() == .unsupportedEntry(name: "blobs/sha256/link"))
        }
        var twice = Forged()
        twice.addIndex()
        twice.addIndex()
        #expect(twice.problem() == .duplicateEntry(name: "index.json"))
    }

    @Test("with damaged blobs are refused")
    func damage() throws {
        let original = try bytes(ofFile: Fixtures.path("docker-save-25.tar"))
        let archive = try ImageArchive(opening: Fixtures.path("docker-save-25.tar"))
        let report = try ImageCheck().check(archive.image(named: nil), in: archive)
        let scratch = try ScratchFolder()
        for image in report.images {
            for blob in [image.descriptor, image.manifest.config] + image.manifest.layers {
                let content = try #require(try archive.content(of: blob)).bytes
                let start = try #require(original.firstRange(of: content)).lowerBound
                var changed = original
                changed[start] ^= 1
                try scratch.write(changed, to: "a.tar")
                let damaged = try ImageArchive(opening: scratch.path("a.tar"))
                let error = #expect(throws: OCIError.self) { try ImageCheck().check(report.root, in: damaged) }
                guard case .digestMismatch(blob.digest, _)? = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
            }
        }
    }

    @Test("compared with a wrong size are refused")
    func sizes() throws {
        let archive = try ImageArchive(opening: Fixtures.path("skopeo.tar"))
        let root = try archive.image(named: nil)
        let wrong = Descriptor(mediaType: root.mediaType, digest: root.digest, size: root.size + 1)
        let error = OCIError.sizeMismatch(root.digest, expected: root.size + 1, found: root.size)
        #expect(throws: error) { try archive.content(of: wrong) }
        #expect(throws: error) { try archive.verify(wrong) }
        #expect(
            try archive.verify(Descriptor(mediaType: .octetStream, digest: .compute(over: [5].span), size: 1)) == false
        )
    }
}
