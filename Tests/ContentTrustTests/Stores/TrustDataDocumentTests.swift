import CanonicalJSON
import OCI
import Testing
import TrustCrypto

@testable import ContentTrust

/// The documents that hold a set, within what registries accept.
@Suite struct TrustDataDocumentTests {
    static func files(roots: Int) -> [TrustDataDocument.File] {
        var names = (1...roots).map { "\($0).root.json" }
        names += ["timestamp.json", "7.snapshot.json", "12.targets.json"]
        return names.map { TrustDataDocument.File(name: $0, bytes: Array($0.utf8)) }
    }

    static func files(of documents: TrustDataDocument.Documents) throws -> TrustDataFiles {
        try TrustDataFiles(documents.root, store: "test") { (child) throws(TrustStoreError) in
            guard let content = documents.children.first(where: { $0.descriptor.digest == child.digest }) else {
                throw .vanished(child.digest.description)
            }
            return content
        }
    }

    @Test(arguments: [1, 97, 98, 500])
    func comesBackAsItWas(roots: Int) async throws {
        let files = Self.files(roots: roots)
        let documents = try TrustDataDocument.documents(for: files)
        #expect(documents.root.descriptor.mediaType.isIndex == (files.count > 100))
        for document in documents.children + [documents.root] {
            #expect(document.bytes.count <= 1 << 20)
            if document.descriptor.mediaType.isManifest {
                #expect(try TrustDataDocument.files(inManifest: document, store: "test").count <= 100)
            }
        }
        let read = try Self.files(of: documents)
        for file in files { #expect(try await read.file(file.name) == file) }
        #expect(try await read.file("13.targets.json") == nil)
        #expect(try await read.files(ofRole: "root.json").keys.contains("\(roots).root.json"))
    }

    @Test func anotherRootLeavesFullChildrenAsTheyWere() throws {
        let before = try TrustDataDocument.documents(for: Self.files(roots: 250))
        let after = try TrustDataDocument.documents(for: Self.files(roots: 251))
        let kept = Set(before.children.map(\.descriptor.digest)).intersection(after.children.map(\.descriptor.digest))
        #expect(kept.count == before.children.count - 1)
    }

    @Test func statesWhatItIs() throws {
        let documents = try TrustDataDocument.documents(for: Self.files(roots: 1))
        let root = try JSONDocument(parsing: documents.root.bytes).root
        #expect(root["artifactType"]?.string == "application/vnd.tuf.metadata.v1+json")
        #expect(root["config"]?["mediaType"]?.string == "application/vnd.oci.empty.v1+json")
        let layer = try #require(root["layers"]?.elements.first { _ in true })
        #expect(layer["mediaType"]?.string == "application/vnd.tuf.metadata+json")
        #expect(layer["annotations"]?["tuf.io/filename"]?.string == "1.root.json")
    }

    static func manifest(
        artifactType: MediaType? = .tufMetadataArtifact,
        layers: [Descriptor]
    ) -> VerifiedContent {
        let manifest = Manifest(artifactType: artifactType, layers: layers)
        return VerifiedContent(describing: manifest.bytes, mediaType: .ociManifest)
    }

    static func layer(_ name: String?, mediaType: MediaType = .tufMetadata) -> Descriptor {
        var layer = VerifiedContent(describing: Array((name ?? "").utf8), mediaType: mediaType).descriptor
        if let name { layer.annotations[Annotations.tufFilename] = name }
        return layer
    }

    @Test func readsTheLayoutOfGoTUFMirror() throws {
        let content = Self.manifest(artifactType: nil, layers: [Self.layer("1.root.json")])
        #expect(try TrustDataDocument.files(inManifest: content, store: "test").map(\.name) == ["1.root.json"])
    }

    @Test func refusesWhatIsNotTrustData() throws {
        let contents = [
            Self.manifest(artifactType: nil, layers: []),
            Self.manifest(artifactType: .octetStream, layers: [Self.layer("1.root.json")]),
            Self.manifest(layers: [Self.layer("1.root.json", mediaType: .octetStream)]),
            Self.manifest(layers: [Self.layer(nil)]),
            Self.manifest(layers: (1...101).map { Self.layer("\($0).root.json") }),
        ]
        for content in contents {
            #expect(throws: TrustStoreError.self) {
                try TrustDataDocument.files(inManifest: content, store: "test")
            }
        }
        let twice = Self.manifest(layers: [Self.layer("1.root.json"), Self.layer("1.root.json")])
        #expect(throws: TrustStoreError.notTrustData(store: "test", problem: "two files named 1.root.json")) {
            try Self.files(of: TrustDataDocument.Documents(root: twice, children: []))
        }
    }

    @Test(arguments: ["trust-data", "trust-data.00", "trust-data.x"])
    func reservesItsTags(tag: String) {
        #expect(RegistryTrustStore.isReserved(tag))
    }

    @Test(arguments: ["trust-data2", "trust-dat", "1.0", "Trust-data", "trust-data-x"])
    func leavesOtherTagsAlone(tag: String) {
        #expect(!RegistryTrustStore.isReserved(tag))
    }
}
