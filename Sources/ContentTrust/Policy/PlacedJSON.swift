import CanonicalJSON
import TrustCrypto

/// A JSON file that people write: what is wrong with it is told with its line and column.
struct PlacedJSON: Sendable {
    /// What it is, for messages: such as `policy p.json`.
    let title: String
    let root: JSONNode
    private let places: TextPlaces

    /// How deep the values of such a file are nested, at most.
    static let maximumDepth = 32
    /// How many values it has, at most.
    static let maximumValues = 1_000_000

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - bytes: All of it.
    ///   - title: What it is, for messages.
    ///   - limit: How many bytes it may have.
    ///   - kind: What is expected to be in it, such as `a policy`.
    ///   - next: How to check it.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    init(
        parsing bytes: [UInt8],
        title: String,
        limit: Int,
        kind: String,
        next: String? = nil
    ) throws(Refusal) {
        guard bytes.count <= limit else {
            throw Refusal(.usage, checked: title, found: "more than \(limit) bytes", expected: kind)
        }
        let limits = JSONLimits(
            maximumBytes: limit,
            maximumDepth: Self.maximumDepth,
            maximumValues: Self.maximumValues
        )
        let places = TextPlaces(bytes)
        do {
            root = try JSONDocument(parsing: bytes, limits: limits).root
        } catch {
            let offset = error.offset ?? JSONDocument.offsetOfDuplicateKey(in: bytes, limits: limits)
            throw Refusal(
                .usage,
                checked: title + (offset.map { " \(places.place(of: $0))" } ?? ""),
                found: bytes.isEmpty ? "an empty file" : Self.words(error),
                expected: kind,
                next: next
            )
        }
        self.title = title
        self.places = places
    }

    /// A key that stands twice is JSON to most readers, of whom each believes another one.
    private static func words(_ error: JSONError) -> String {
        if case .duplicateKey = error { return "the key \(Refusal.words(error))" }
        return "not JSON: \(Refusal.words(error))"
    }

    /// Where a value begins.
    func place(_ node: JSONNode) -> TextPlace { places.place(of: node.byteRange.lowerBound) }

    /// What is wrong with a value.
    func wrong(_ node: JSONNode, _ found: String, expected: String? = nil) -> Refusal {
        Refusal(.usage, checked: "\(title) \(place(node))", found: found, expected: expected)
    }
}

extension JSONError {
    /// Where the document is wrong, if the error says that.
    fileprivate var offset: Int? {
        switch self {
        case .syntax(let offset), .invalidUTF8(let offset), .loneSurrogate(let offset): offset
        case .tooLarge, .tooDeep, .tooManyValues, .duplicateKey, .notCanonicalizable: nil
        }
    }
}

/// Reads a JSON file that people write, form by form.
protocol PlacedJSONReader {
    var file: PlacedJSON { get }
}

extension PlacedJSONReader {
    func place(_ node: JSONNode) -> TextPlace { file.place(node) }

    func wrong(_ node: JSONNode, _ found: String, expected: String? = nil) -> Refusal {
        file.wrong(node, found, expected: expected)
    }

    /// Refuses keys of an object that mean nothing there: a misspelt one must not leave something unsaid.
    func object(_ node: JSONNode, _ what: String, keys: [String]) throws(Refusal) {
        try object(node, what)
        for (key, _) in node.memberNodes where !keys.contains(where: key.isString) {
            throw wrong(key, "unknown key \(key.string ?? "")", expected: keys.joined(separator: ", "))
        }
    }

    /// Refuses what is no object.
    func object(_ node: JSONNode, _ what: String) throws(Refusal) {
        guard node.kind == .object else { throw wrong(node, "\(what) is no object", expected: "an object") }
    }

    func array(_ node: JSONNode, _ what: String) throws(Refusal) -> [JSONNode] {
        guard node.kind == .array, node.count > 0 else {
            throw wrong(node, "\(what) is no list, or an empty one", expected: "a list with at least one element")
        }
        return Array(node.elements)
    }

    func strings(_ node: JSONNode, _ what: String) throws(Refusal) -> [(node: JSONNode, text: String)] {
        var found: [(node: JSONNode, text: String)] = []
        // By their bytes: Swift takes differently written characters for the same.
        var known: Set<[UInt8]> = []
        for element in try array(node, what) {
            guard let text = element.string else { throw wrong(element, "\(what) has what is no string") }
            guard known.insert(Array(text.utf8)).inserted else {
                throw wrong(element, "\(text) stands twice in \(what)")
            }
            found.append((element, text))
        }
        return found
    }

    func boolean(_ node: JSONNode?, _ what: String) throws(Refusal) -> Bool {
        guard let node else { return false }
        guard let value = node.boolean else { throw wrong(node, "\(what) is neither true nor false") }
        return value
    }

    func text(_ node: JSONNode, _ what: String) throws(Refusal) -> String {
        guard let text = node.string, !text.isEmpty else {
            throw wrong(node, "\(what) is no string, or an empty one", expected: "a string")
        }
        return text
    }

    func digest(_ node: JSONNode, _ what: String) throws(Refusal) -> Digest {
        let text = try text(node, what)
        guard let digest = try? Digest(parsing: text) else {
            throw wrong(node, "\(text) is no digest", expected: "sha256:HEX")
        }
        return digest
    }

    func digests(_ node: JSONNode, _ what: String) throws(Refusal) -> Set<Digest> {
        var digests: Set<Digest> = []
        for (element, _) in try strings(node, what) { digests.insert(try digest(element, what)) }
        return digests
    }

    func keyIDs(_ node: JSONNode, _ what: String) throws(Refusal) -> Set<KeyID> {
        var ids: Set<KeyID> = []
        for (element, text) in try strings(node, what) {
            guard KeyID.isWritten(text), let id = try? KeyID(text) else {
                throw wrong(
                    element,
                    "\(text) is no key id",
                    expected: "64 hexadecimal digits, as inspect shows them"
                )
            }
            ids.insert(id)
        }
        return ids
    }

    /// The file's version, which tells readers of other versions that they do not know what it says.
    func version(_ root: JSONNode) throws(Refusal) {
        guard let version = root["version"], version.integer == 1 else {
            throw wrong(root["version"] ?? root, "no version that this program knows", expected: "\"version\": 1")
        }
    }
}

extension KeyID {
    /// Whether a text is an id as it is computed from a key: 64 hexadecimal digits in small letters.
    static func isWritten(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
