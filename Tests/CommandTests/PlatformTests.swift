import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// `verify --platform` where the platform is not simply a child of the signed index.
@Suite(.timeLimit(.minutes(8))) struct PlatformTests {
    private func sign(_ world: LocalWorld, _ tag: String) async throws {
        let signed = try await world.publisher.run(
            "sign",
            "image",
            "\(world.layout):\(tag)",
            "--store",
            "dir:\(world.store)"
        )
        try expect(signed, 0)
    }

    @Test func indexesInsideIndexes() async throws {
        let world = try await LocalWorld()
        try await world.images.makeMultiArchitectureImage("inner")
        try await world.images.makeImage("outer-s390x", layers: ["z"], architecture: "s390x")
        let outer = try await world.images.makeIndex(
            "outer",
            of: [("linux/unknown", "inner"), ("linux/s390x", "outer-s390x")]
        )
        try await sign(world, "outer")
        for (platform, tag) in [("linux/arm64", "inner-arm64"), ("linux/s390x", "outer-s390x")] {
            let child = try world.images.entry(tag)
            let verify = ["verify", "\(world.layout):outer", "--platform", platform, "--json"] + world.location
            let answer = try await world.publisher.runAll(verify)
            try expect(answer, 0)
            #expect(try answer.object["digest"] == .string(child.digest))
            #expect(try answer.object["index"] == .string(outer.digest))
        }
        try await expectRefusal(
            world.publisher,
            ["verify", "\(world.layout):outer", "--platform", "linux/riscv64"] + world.location,
            .platformMissing
        )
    }

    @Test func artifactsHaveNoPlatform() async throws {
        let world = try await LocalWorld()
        try await world.images.makeArtifact("report")
        try await sign(world, "report")
        try await expectRefusal(
            world.publisher,
            ["verify", "\(world.layout):report", "--platform", "linux/amd64"] + world.location,
            .platformMissing
        )
    }

    @Test(arguments: ["manifest", "layer"])
    func aPlatformThatIsNotAtHandIsRefused(missing: String) async throws {
        let world = try await LocalWorld()
        try await world.images.makeMultiArchitectureImage("multi")
        try await sign(world, "multi")
        let child = try world.images.entry("multi-arm64")
        let manifest = try JSONValue(parsing: try world.images.blob(child.digest))
        let layer = try #require(manifest["layers"]?.array?.first?["digest"]?.string)
        let removed = missing == "manifest" ? child.digest : layer
        try Files.remove("\(world.images.path)/blobs/\(removed.replacing(":", with: "/"))")
        let verify = ["verify", "\(world.layout):multi"] + world.location
        // Somebody saved one platform, and asks for that.
        try expect(try await world.publisher.runAll(verify + ["--platform", "linux/amd64"]), 0)
        try await expectRefusal(world.publisher, verify + ["--platform", "linux/arm64"], .platformMissing)
        let refused = try await world.publisher.runAll(verify + ["--platform", "linux/arm64"])
        #expect(refused.errorText.contains("not at hand"), "\(refused)")
        #expect(refused.text == "")
    }
}
