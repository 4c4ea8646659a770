/// Where an image, or trust data, is: in a registry, or in a file or folder of this machine.
///
/// A text that begins with `oci:`, `oci-archive:` or `dir:` is a path, also where docker would read an image of that name
/// and a tag. A path ends at the next colon, as skopeo has it.
public enum ImageLocation: Sendable, Hashable, CustomStringConvertible {
    /// A reference to a registry.
    case registry(Reference)
    /// `oci:PATH[:NAME]`: an OCI image layout in a folder. Without a name it must contain one image.
    case layout(path: String, name: ImageName?)
    /// `oci-archive:FILE[:NAME]`: an OCI image layout in a tar archive.
    case archive(path: String, name: ImageName?)
    /// `dir:PATH`: a folder of plain files.
    case directory(path: String)

    /// Reads a location.
    ///
    /// - Parameter text: A reference, or a path with one of the prefixes.
    /// - Throws: ``OCIError/invalidReference(text:problem:)``.
    public init(parsing text: String) throws(OCIError) {
        if let rest = Self.rest(of: text, after: "oci:") {
            let (path, name) = try Self.splitName(rest, in: text)
            self = .layout(path: path, name: name)
        } else if let rest = Self.rest(of: text, after: "oci-archive:") {
            let (path, name) = try Self.splitName(rest, in: text)
            self = .archive(path: path, name: name)
        } else if let rest = Self.rest(of: text, after: "dir:") {
            self = .directory(path: try Self.checkPath(rest, in: text))
        } else {
            self = .registry(try Reference(parsing: text))
        }
    }

    /// The location as it can be read again.
    public var description: String {
        switch self {
        case .registry(let reference): reference.description
        case .layout(let path, let name): "oci:\(path)\(name.map { ":\($0)" } ?? "")"
        case .archive(let path, let name): "oci-archive:\(path)\(name.map { ":\($0)" } ?? "")"
        case .directory(let path): "dir:\(path)"
        }
    }

    private static func rest(of text: String, after prefix: String) -> Substring.UTF8View? {
        text.utf8.starts(with: prefix.utf8) ? text.utf8.dropFirst(prefix.utf8.count) : nil
    }

    private static func splitName(
        _ rest: Substring.UTF8View,
        in text: String
    ) throws(OCIError) -> (String, ImageName?) {
        guard let colon = rest.firstIndex(of: UInt8(ascii: ":")) else { return (try checkPath(rest, in: text), nil) }
        let path = try checkPath(rest[..<colon], in: text)
        return (path, try ImageName(String(Substring(rest[rest.index(after: colon)...]))))
    }

    private static func checkPath(_ path: Substring.UTF8View, in text: String) throws(OCIError) -> String {
        guard !path.isEmpty, !path.contains(0) else { throw ReferenceGrammar.invalid(text, .filePath) }
        return String(Substring(path))
    }
}
