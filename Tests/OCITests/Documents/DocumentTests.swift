import CanonicalJSON
import OCI
import Testing
import TrustCrypto

@Suite("Manifests and indexes")
struct DocumentTests {
    static let digest = "sha256:" + String(repeating: "ab", count: 32)
    static let descriptor = #"{"mediaType":"a/b","digest":"\#(digest)","size":7}"#

    static func manifest(_ more: String = "") -> [UInt8] {
        Array(#"{"schemaVersion":2,"config":\#(descriptor),"layers":[\#(descriptor)]\#(more)}"#.utf8)
    }

    static func index(_ more: String = "") -> [UInt8] {
        Array(#"{"schemaVersion":2,"manifests":[\#(descriptor)]\#(more)}"#.utf8)
    }

    @Test("are read as their media type says")
    func reading() throws {
        for type in [MediaType.ociManifest, .dockerManifest] {
            let manifest = try Manifest(parsing: Self.manifest(#","mediaType":"\#(type)""#), as: type)
            #expect(manifest.mediaType == type)
            #expect(manifest.layers.map(\.size) == [7])
        }
        for type in [MediaType.ociIndex, .dockerManifestList] {
            #expect(try Index(parsing: Self.index(#","mediaType":"\#(type)""#), as: type).manifests.count == 1)
        }
        let full = try Manifest(
            parsing: Self.manifest(
                #","artifactType":"x/y","subject":\#(Self.descriptor),"annotations":{"b":"2","a":"1"},"unknown":[1.5]"#
            ),
            as: .ociManifest
        )
        #expect(full.artifactType == MediaType("x/y"))
        #expect(full.subject?.size == 7)
        #expect(full.annotations == ["a": "1", "b": "2"])
        #expect(full.annotations.keys == ["a", "b"])
    }

    /// Each a manifest with one member more or another one.
    @Test(
        "refuse what could be read differently or is incomplete",
        arguments: [
            (manifest(#","manifests":[]"#), .ambiguousField("manifests")),
            (manifest(#","fsLayers":[]"#), .ambiguousField("fsLayers")),
            (manifest(#","blobs":[]"#), .ambiguousField("blobs")),
            (manifest(#","Layers":[]"#), .ambiguousField("Layers")),
            (manifest(#","layer\u017f":[]"#), .ambiguousField("layer\u{17F}")),
            (manifest(#","MANIFESTS":[]"#), .ambiguousField("MANIFESTS")),
            (manifest(#","layers":[]"#), .json(.duplicateKey("layers"))),
            (
                manifest(#","mediaType":"application/vnd.oci.image.index.v1+json""#),
                .mediaTypeMismatch(
                    claimed: "application/vnd.oci.image.manifest.v1+json",
                    found: "application/vnd.oci.image.index.v1+json"
                )
            ),
            (manifest(#","mediaType":7"#), .invalidField("mediaType")),
            (manifest(#","annotations":{"a":1}"#), .invalidField("annotations.a")),
            (manifest(#","annotations":[]"#), .invalidField("annotations")),
            (manifest(#","subject":1"#), .invalidField("subject")),
            (manifest(#","artifactType":"no type""#), .invalidField("artifactType")),
            (Array(#"{"schemaVersion":1,"config":{},"layers":[]}"#.utf8), .invalidField("schemaVersion")),
            (Array(#"{"schemaVersion":2.0,"config":{},"layers":[]}"#.utf8), .invalidField("schemaVersion")),
            (Array(#"{"config":{},"layers":[]}"#.utf8), .missingField("schemaVersion")),
            (Array(#"{"schemaVersion":2,"layers":[]}"#.utf8), .missingField("config")),
            (Array(#"{"schemaVersion":2,"config":\#(descriptor)}"#.utf8), .missingField("layers")),
            (Array(#"{"schemaVersion":2,"config":\#(descriptor),"layers":{}}"#.utf8), .invalidField("layers")),
            (Array("[]".utf8), .invalidField("document")),
            (index(), .ambiguousField("manifests")),
        ] as [([UInt8], OCIError)]
    )
    func refusal(bytes: [UInt8], error: OCIError) {
        #expect(throws: error) { try Manifest(parsing: bytes, as: .ociManifest) }
    }

    @Test("that are indexes refuse the members of manifests", arguments: ["config", "layers", "fsLayers", "blobs"])
    func indexRefusal(member: String) {
        #expect(throws: OCIError.ambiguousField(member)) {
            try Index(parsing: Self.index(#","\#(member)":[]"#), as: .ociIndex)
        }
    }

    @Test("of other media types are not read")
    func otherTypes() throws {
        let other = "application/vnd.docker.distribution.manifest.v1+prettyjws"
        let type = try #require(MediaType(other))
        #expect(throws: OCIError.unsupportedMediaType(other)) { try Manifest(parsing: Self.manifest(), as: type) }
        #expect(throws: OCIError.unsupportedMediaType(other)) { try Index(parsing: Self.index(), as: type) }
        #expect(throws: OCIError.unsupportedMediaType(other)) {
            try ManifestDocument(VerifiedContent(describing: Self.manifest(), mediaType: type))
        }
        #expect(throws: OCIError.unsupportedMediaType(MediaType.ociIndex.string)) {
            try Manifest(parsing: Self.index(), as: .ociIndex)
        }
    }

    @Test(
        "refuse wrong descriptors",
        arguments: [
            (#"{"digest":"\#(digest)","size":7}"#, .missingField("config.mediaType")),
            (#"{"mediaType":"a/b","size":7}"#, .missingField("config.digest")),
            (#"{"mediaType":"a/b","digest":"\#(digest)"}"#, .missingField("config.size")),
            (#"{"mediaType":"a","digest":"\#(digest)","size":7}"#, .invalidField("config.mediaType")),
            (#"{"mediaType":"a/b","digest":"sha256:../../etc/passwd","size":7}"#, .invalidField("config.digest")),
            (#"{"mediaType":"a/b","digest":7,"size":7}"#, .invalidField("config.digest")),
            (#"{"mediaType":"a/b","digest":"\#(digest)","size":-1}"#, .invalidField("config.size")),
            (#"{"mediaType":"a/b","digest":"\#(digest)","size":1e3}"#, .invalidField("config.size")),
            (#"{"mediaType":"a/b","digest":"\#(digest)","size":"7"}"#, .invalidField("config.size")),
            (#"{"mediaType":"a/b","digest":"\#(digest)","size":9223372036854775808}"#, .invalidField("config.size")),
            (#"{"mediaType":"a/b","digest":"\#(digest)","size":7,"Digest":"x"}"#, .ambiguousField("config.Digest")),
            (#"{"mediaType":"a/b","digest":"\#(digest)","size":7,"urls":[1]}"#, .invalidField("config.urls[0]")),
            (
                #"{"mediaType":"a/b","digest":"\#(digest)","size":7,"platform":{"os":"linux"}}"#,
                .missingField("config.platform.architecture")
            ),
        ] as [(String, OCIError)]
    )
    func descriptors(text: String, error: OCIError) {
        #expect(throws: error) {
            try Manifest(parsing: Array(#"{"schemaVersion":2,"config":\#(text),"layers":[]}"#.utf8), as: .ociManifest)
        }
    }

    @Test("are bounded")
    func limits() {
        let long = [UInt8](repeating: 0x20, count: DocumentLimits.maximumBytes + 1)
        #expect(throws: OCIError.json(.tooLarge(limit: DocumentLimits.maximumBytes))) {
            try Manifest(parsing: long, as: .ociManifest)
        }
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 1000)
        #expect(throws: OCIError.json(.tooDeep(limit: 32))) { try Manifest(parsing: deep, as: .ociManifest) }
    }

    @Test("that are written can be read again, and are always written alike")
    func writing() throws {
        var layer = Descriptor(
            mediaType: .tufMetadata,
            digest: Digest.compute(over: [1].span),
            size: 1,
            annotations: [Annotations.tufFilename: "1.root.json"]
        )
        layer.urls = ["https://example.com/é"]
        let manifest = Manifest(
            artifactType: .tufMetadataArtifact,
            layers: [layer],
            subject: .emptyJSON,
            annotations: ["z": "é", "a": "\u{1}\"\\"]
        )
        #expect(try Manifest(parsing: manifest.bytes, as: .ociManifest) == manifest)
        #expect(manifest.bytes == manifest.bytes)
        var child = Descriptor(mediaType: .ociManifest, digest: Digest.compute(over: [2].span), size: 2)
        child.platform = Platform(
            os: "windows",
            architecture: "amd64",
            osVersion: "10.0.17763.1",
            osFeatures: ["win32k"]
        )
        let index = Index(manifests: [child], annotations: ["k": "v"])
        #expect(try Index(parsing: index.bytes, as: .ociIndex) == index)
        #expect(
            Descriptor.emptyJSON.digest.hex == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        )
    }

    @Test("keep annotations apart whose keys look the same")
    func canonicalEquivalence() {
        let annotations: Annotations = ["\u{E9}": "1", "e\u{301}": "2"]
        #expect(annotations.count == 2)
        #expect(annotations["\u{E9}"] == "1")
        let composed: Annotations = ["\u{E9}": "1"]
        let decomposed: Annotations = ["e\u{301}": "1"]
        #expect(composed != decomposed)
    }
}

@Suite("Verified content")
struct VerifiedContentTests {
    @Test("exists only where size and digest are right")
    func comparing() throws {
        let bytes: [UInt8] = [1, 2, 3]
        for algorithm in HashAlgorithm.allCases {
            let digest = Digest.compute(algorithm, over: bytes.span)
            let right = Descriptor(mediaType: .octetStream, digest: digest, size: 3)
            #expect(try VerifiedContent(bytes, matching: right).bytes == bytes)
            let short = Descriptor(mediaType: .octetStream, digest: digest, size: 2)
            #expect(throws: OCIError.sizeMismatch(digest, expected: 2, found: 3)) {
                try VerifiedContent(bytes, matching: short)
            }
            let found = Digest.compute(algorithm, over: [1, 2, 4].span)
            #expect(throws: OCIError.digestMismatch(expected: digest, found: found)) {
                try VerifiedContent([1, 2, 4], mediaType: .octetStream, digest: digest)
            }
        }
        let own = VerifiedContent(describing: bytes, mediaType: .octetStream)
        #expect(own.descriptor.size == 3)
        #expect(own.descriptor.digest == Digest.compute(over: bytes.span))
    }
}

@Suite("Media types")
struct MediaTypeTests {
    @Test(
        "follow RFC 6838",
        arguments: ["a/b", "application/vnd.oci.image.manifest.v1+json", "x/!#$&-^_.+".replacing("!", with: "a!")]
    )
    func valid(text: String) { #expect(MediaType(text)?.string == text) }

    @Test(
        "are refused otherwise",
        arguments: ["", "a", "a/", "/b", "a/b/c", "a/b; q=1", "a /b", "ä/b", "a/\n", ".a/b"]
    )
    func invalid(text: String) { #expect(MediaType(text) == nil) }

    @Test(
        "are read from headers without their parameters",
        arguments: [
            ("application/json", "application/json"), ("application/json; charset=utf-8", "application/json"),
            (" application/json ;x", "application/json"), ("text", nil), ("", nil), (";", nil),
        ] as [(String, String?)]
    )
    func header(text: String, type: String?) { #expect(MediaType(contentType: text)?.string == type) }

    @Test("have a length limit")
    func length() {
        let name = String(repeating: "a", count: 127)
        #expect(MediaType("\(name)/\(name)") != nil)
        #expect(MediaType("\(name)/\(name)a") == nil)
    }
}

@Suite("Platforms")
struct PlatformTests {
    @Test(
        "are normalized as containerd does it",
        arguments: [
            ("linux/amd64", "linux/amd64"), ("linux/x86_64", "linux/amd64"), ("linux/x86-64", "linux/amd64"),
            ("linux/amd64/v1", "linux/amd64"), ("linux/amd64/v3", "linux/amd64/v3"), ("Linux/ARM64", "linux/arm64"),
            ("linux/aarch64", "linux/arm64"), ("linux/arm64/v8", "linux/arm64"), ("linux/arm64/8", "linux/arm64"),
            ("linux/arm64/v9.0", "linux/arm64/v9"), ("linux/arm", "linux/arm/v7"), ("linux/arm/7", "linux/arm/v7"),
            ("linux/arm/v6", "linux/arm/v6"), ("linux/armhf", "linux/arm/v7"), ("linux/armel", "linux/arm/v6"),
            ("linux/i386", "linux/386"), ("macos/arm64", "darwin/arm64"),
            ("windows(10.0.17763)/amd64", "windows(10.0.17763)/amd64"),
        ]
    )
    func normalizing(text: String, normal: String) throws {
        #expect(try Platform(parsing: text).description == normal)
    }

    @Test(
        "that are none are refused",
        arguments: [
            "", "linux", "amd64", "linux/", "/amd64", "a/b/c/d", "linux/am d64", "linux(/amd64", "linux()/amd64", "ü/x",
        ]
    )
    func refusal(text: String) {
        #expect(throws: OCIError.invalidPlatform(text)) { try Platform(parsing: text) }
    }

    @Test("are found in an index, the first that matches")
    func choosing() throws {
        func child(_ size: Int64, _ platform: Platform?) -> Descriptor {
            Descriptor(mediaType: .ociManifest, digest: Descriptor.emptyJSON.digest, size: size, platform: platform)
        }
        let index = Index(manifests: [
            child(1, nil),
            child(2, Platform(os: "unknown", architecture: "unknown")),
            child(3, Platform(os: "linux", architecture: "arm64", variant: "v8")),
            child(4, Platform(os: "linux", architecture: "arm64")),
            child(5, Platform(os: "linux", architecture: "arm", variant: "v6")),
            child(6, Platform(os: "windows", architecture: "amd64", osVersion: "10.0.177")),
            child(7, Platform(os: "windows", architecture: "amd64", osVersion: "10.0.17763.5")),
        ])
        let expected: [(String, Int64?)] = [
            ("linux/arm64", 3), ("linux/aarch64", 3), ("linux/arm/v6", 5), ("linux/arm", nil), ("linux/amd64", nil),
            ("windows/amd64", 6), ("windows(10.0.17763)/amd64", 7), ("windows(10.0.1776)/amd64", nil),
        ]
        for (text, size) in expected {
            #expect(index.manifest(for: try Platform(parsing: text))?.size == size, "\(text)")
        }
    }
}
