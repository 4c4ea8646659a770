public import CanonicalJSON

/// Annotations of a document or descriptor: strings by string keys, compared and ordered by their UTF-8 bytes.
public struct Annotations: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// The annotation that names an image in an OCI image layout.
    public static let refName = "org.opencontainers.image.ref.name"
    /// The annotation in which containerd and `docker save` keep an image's full name.
    public static let containerdImageName = "io.containerd.image.name"
    /// The annotation that names a TUF metadata file in a layer (docker/go-tuf-mirror).
    public static let tufFilename = "tuf.io/filename"

    private var object: JSONObject

    /// No annotations.
    public init() { object = JSONObject() }

    /// Annotations from literals; of equal keys the last one stays.
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init()
        for (key, value) in elements { self[key] = value }
    }

    /// The value of a key, whose bytes must be equal.
    public subscript(key: String) -> String? {
        get {
            guard case .string(let value)? = object[key] else { return nil }
            return value
        }
        set { object[key] = newValue.map(JSONValue.string) }
    }

    /// How many annotations there are.
    public var count: Int { object.count }
    /// Whether there are none.
    public var isEmpty: Bool { object.isEmpty }
    /// The keys in the order of their bytes.
    public var keys: [String] { object.keys }
    /// The annotations as they stand in a document.
    public var json: JSONValue { .object(object) }

    init(_ node: JSONNode, at path: String) throws(OCIError) {
        guard node.kind == .object else { throw .invalidField(path) }
        var members: [(key: String, value: JSONValue)] = []
        members.reserveCapacity(node.count)
        for (key, value) in node.members {
            guard let value = value.string else { throw .invalidField("\(path).\(key)") }
            members.append((key: key, value: .string(value)))
        }
        do throws(JSONError) {
            object = try JSONObject(members)
        } catch {
            throw .json(error)
        }
    }
}
