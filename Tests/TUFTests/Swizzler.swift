import CanonicalJSON
import TUF
import TrustTestSupport

/// One field of a role, and what a reader has to say of every value that it can have. `nil` stands for a missing field.
struct Field: Sendable {
    let path: [String]
    let refusal: @Sendable (JSONValue?) -> TUFError?

    var name: String { path.joined(separator: ".") }
}

/// The values that each field is set to in turn: every kind, the edges of numbers and lengths, and what other readers
/// took for something else.
enum Swizzler {
    static let values: [JSONValue?] = [
        nil, .null, true, false, -1, 0, 1, 2, .integer(.max), .integer(.max - 1), .integer(.min), "", "x", "1", "null",
        [],
        [[]], ["x"], [.null], ["x", 1], [:], ["x": .null], ["": 1], ["x": ["x": "x"]], "\u{0}", "e\u{301}",
        .string(String(repeating: "x", count: 5000)),
    ]

    /// An object with the value at a path changed; nil takes it out. Array elements are named by their index.
    static func setting(_ path: ArraySlice<String>, of value: JSONValue, to new: JSONValue?) -> JSONValue? {
        guard let first = path.first else { return new }
        switch value {
        case .object(var object):
            guard let child = object[first] ?? (path.count == 1 ? .null : nil) else { return value }
            object[first] = setting(path.dropFirst(), of: child, to: new)
            return .object(object)
        case .array(var array):
            guard let index = Int(first), array.indices.contains(index) else { return value }
            if let element = setting(path.dropFirst(), of: array[index], to: new) {
                array[index] = element
            } else {
                array.remove(at: index)
            }
            return .array(array)
        default:
            return value
        }
    }

    /// The paths of all members of all objects and of all elements, parents first.
    static func paths(in value: JSONValue, under path: [String] = []) -> [[String]] {
        var children: [(String, JSONValue)] = []
        if let object = value.object { children = object.map { ($0.key, $0.value) } }
        if let array = value.array { children = array.enumerated().map { (String($0.offset), $0.element) } }
        return children.flatMap { name, child in
            [path + [name]] + paths(in: child, under: path + [name])
        }
    }
}

extension JSONValue {
    var isString: Bool { string != nil }
    var isObject: Bool { object != nil }
    var isArray: Bool { array != nil }
}
