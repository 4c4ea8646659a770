import OCI
import TrustCrypto

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Paths of the images in `fixtures/oci`, and copies of them to damage.
enum Fixtures {
    static let folder: String = {
        var url = URL(filePath: #filePath)
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.appending(path: "fixtures/oci").path()
    }()

    static func path(_ name: String) -> String { "\(folder)/\(name)" }

    static func layout() throws -> ImageLayout { try ImageLayout(opening: path("layout")) }
}

/// A folder of its own for one test, removed with it.
final class ScratchFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory
            .appending(path: "trustctl-oci-\(SecureRandom.uuid())").path()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func path(_ name: String) -> String { "\(path)/\(name)" }

    func copyLayout() throws -> ImageLayout {
        try FileManager.default.copyItem(atPath: Fixtures.path("layout"), toPath: path("layout"))
        return try ImageLayout(opening: path("layout"))
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: URL(filePath: path(name)))
    }
}

func bytes(ofFile path: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(filePath: path))) }

extension ImageLayout {
    func blobPath(_ digest: Digest) -> String { "\(path)/blobs/\(digest.algorithm.rawValue)/\(digest.hex)" }
}
