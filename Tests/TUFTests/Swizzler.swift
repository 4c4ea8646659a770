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
        .string(String(repeating: "x", count: 5000)), .array((0..<1000).map { .integer($0) }),
        .array((0..<200).map { _ in ["x": [1]] }), many,
    ]

    /// An object with more members than any that a reader expects.
    private static var many: JSONValue {
        var object: JSONObject = [:]
        for number in 0..<300 { object["x\(number)"] = "x" }
        return .object(object)
    }

    /// Deeper than anything that is read.
    static let abyss = (0..<100).reduce(JSONValue.null) { inner, depth in depth % 2 == 0 ? [inner] : ["x": inner] }

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

/// Texts that say the same in another order, or one thing twice.
extension Swizzler {
    /// The text of a value with the members of all objects backwards.
    static func reversed(_ value: JSONValue) -> String {
        text(value) { _, members in members.reversed() }
    }

    /// The text of a value in which one member stands a second time, with `null`, before the right one or after it.
    static func doubling(_ path: [String], of value: JSONValue, first: Bool) -> String {
        text(value) { place, members in
            guard path.dropLast() == place[...], let name = path.last else { return members }
            let double = (JSONValue.string(name), "null")
            return first ? [double] + members : members + [double]
        }
    }

    private static func text(
        _ value: JSONValue,
        at path: [String] = [],
        _ arrange: ([String], [(JSONValue, String)]) -> [(JSONValue, String)]
    ) -> String {
        switch value {
        case .object(let object):
            let members = object.map { (JSONValue.string($0.key), text($0.value, at: path + [$0.key], arrange)) }
            return "{" + arrange(path, members).map { "\(plain($0.0)):\($0.1)" }.joined(separator: ",") + "}"
        case .array(let array):
            let elements = array.enumerated().map { text($0.element, at: path + ["\($0.offset)"], arrange) }
            return "[" + elements.joined(separator: ",") + "]"
        default:
            return plain(value)
        }
    }

    private static func plain(_ value: JSONValue) -> String {
        String(decoding: value.jsonBytes(pretty: false), as: UTF8.self)
    }
}

extension JSONValue {
    var isString: Bool { string != nil }
    var isObject: Bool { object != nil }
    var isArray: Bool { array != nil }
}
