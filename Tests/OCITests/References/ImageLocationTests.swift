import OCI
import Testing

@Suite("Image locations")
struct ImageLocationTests {
    @Test(
        "are paths with a prefix, references without",
        arguments: [
            ("oci:/a/b", .layout(path: "/a/b", name: nil)),
            ("oci:../x:1.4", .layout(path: "../x", name: "1.4")),
            ("oci:x:docker.io/library/app:1.4", .layout(path: "x", name: "docker.io/library/app:1.4")),
            ("oci:with space:v1", .layout(path: "with space", name: "v1")),
            ("oci:x:v1__2", .layout(path: "x", name: "v1__2")),
            ("oci-archive:x.tar", .archive(path: "x.tar", name: nil)),
            ("oci-archive:x.tar:latest", .archive(path: "x.tar", name: "latest")),
            ("dir:a:b", .directory(path: "a:b")),
        ] as [(String, Shape)]
    )
    func parsing(text: String, shape: Shape) throws {
        let location = try ImageLocation(parsing: text)
        #expect(try location == shape.location())
        #expect(location.description == text)
    }

    /// An expected location, with its name unchecked.
    enum Shape: Sendable {
        case layout(path: String, name: String?)
        case archive(path: String, name: String?)
        case directory(path: String)

        func location() throws -> ImageLocation {
            switch self {
            case .layout(let path, let name): .layout(path: path, name: try name.map { try ImageName($0) })
            case .archive(let path, let name): .archive(path: path, name: try name.map { try ImageName($0) })
            case .directory(let path): .directory(path: path)
            }
        }
    }

    @Test("without a prefix are references")
    func registry() throws {
        #expect(try ImageLocation(parsing: "alpine") == .registry(Reference(parsing: "alpine")))
        #expect(try ImageLocation(parsing: "oci/app").description == "docker.io/oci/app")
    }

    @Test(
        "that are none are refused",
        arguments: [
            ("oci:", ReferenceProblem.filePath), ("oci::1", .filePath), ("oci-archive:", .filePath),
            ("dir:", .filePath),
            ("oci:a\u{0}b", .filePath), ("dir:a\u{0}", .filePath),
        ]
    )
    func refusal(text: String, problem: ReferenceProblem) {
        #expect(throws: OCIError.invalidReference(text: text, problem: problem)) { try ImageLocation(parsing: text) }
    }

    @Test("refuse names outside the grammar", arguments: ["", "-a", "a//b", "a b", "a:", "..", "a/-b", "a+"])
    func names(name: String) {
        #expect(throws: OCIError.invalidReference(text: name, problem: .imageName)) { try ImageName(name) }
        #expect(throws: OCIError.self) { try ImageLocation(parsing: "oci:x:\(name)") }
    }
}
