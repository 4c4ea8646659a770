import CanonicalJSON
import NotaryAPI
import OCI
import TUF
import TrustCrypto

/// The form of an archive of a Notary collection: an uncompressed tar with `notary-mirror.json` in front, the current set in
/// `metadata/`, and in `history/` earlier versions of roles other than the root. Nothing in it is believed.
enum NotaryArchive {
    static let manifestName = "notary-mirror.json"
    static let formatVersion: Int64 = 1
    private static let manifestLimit = 65_536
    private static let current = "metadata/"
    private static let earlier = "history/"

    /// The name of a file in an archive. Roots of all versions belong to the current set, which is verified through them.
    static func name(of file: MetadataFile) -> String {
        file.version == nil || file.role == .root ? current + file.name : earlier + file.name
    }

    /// Whether a name is that of a file in an archive.
    private static func belongs(_ name: String) -> Bool {
        if name == manifestName { return true }
        for folder in [current, earlier] where name.utf8.starts(with: folder.utf8) {
            guard let file = MetadataFile(name: String(name.dropFirst(folder.count))) else { return false }
            return self.name(of: file) == name
        }
        return false
    }

    /// An archive: always the same for the same files and manifest.
    static func bytes(_ files: [MetadataFile: [UInt8]], gun: GUN, server: NotaryServer, taken: Instant) -> [UInt8] {
        let manifest: JSONValue = [
            "version": .integer(formatVersion),
            "gun": .string(gun.string),
            "server": .string(server.description),
            "taken": .string(taken.description),
        ]
        var writer = FileArchiveWriter()
        writer.add(manifestName, manifest.jsonBytes(pretty: false) + [UInt8(ascii: "\n")])
        let named = files.map { (name: name(of: $0.key), bytes: $0.value) }
        for (name, bytes) in named.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
            writer.add(name, bytes)
        }
        return writer.finish()
    }

    /// Opens an archive.
    static func open(_ path: String) throws(OCIError) -> FileArchive {
        let archive = try FileArchive(opening: path)
        guard let bytes = try archive.bytes(of: manifestName, limit: manifestLimit),
            let manifest = try? JSONValue(parsing: bytes), manifest["version"]?.integer == formatVersion
        else { throw .archive(path: path, problem: .notALayout) }
        for name in archive.names.sorted() where !belongs(name) {
            throw .archive(path: path, problem: .foreignEntry(name: name))
        }
        return archive
    }
}
