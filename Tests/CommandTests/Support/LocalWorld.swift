import Testing
import TrustTestSupport

/// A layout with one signed image, its trust data as plain files, and the publisher that signed it: no registry.
struct LocalWorld: Sendable {
    /// The name that the trust data carries.
    static let name = "registry.example.com/team/app"

    let directory: TemporaryDirectory
    let publisher: Trustctl
    let images: TestImages
    let image: TestImages.Entry

    /// The folder of the metadata files.
    var store: String { directory.file("store") }

    /// The layout, as a repository.
    var layout: String { "oci:\(images.path)" }

    /// The signed tag.
    var reference: String { "\(layout):1.0" }

    /// The options that lead to the trust data.
    var location: [String] { ["--name", Self.name, "--store", "dir:\(store)"] }

    /// Makes and signs an image.
    init() async throws {
        directory = try TemporaryDirectory()
        publisher = try Trustctl(in: directory)
        images = try await TestImages()
        image = try await images.makeImage("1.0")
        try expect(try await publisher.runAll(["init", layout, "--unsafe-unencrypted"] + location), 0)
        try expect(try await publisher.run("sign", "image", reference, "--store", "dir:\(store)"), 0)
    }
}
