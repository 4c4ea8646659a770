public import CanonicalJSON

/// The part of JSON Schema (draft 2020-12) that the schemas of this project use; any other keyword is an error.
///
/// The published schemas leave room for what later versions may add. Tests do not: a member that `properties` does not
/// name, and a value that is not among the `examples`, is a problem.
public struct JSONSchema: Sendable {
    /// Why a value is not described, or a schema not understood.
    public struct Problem: Error, Sendable, CustomStringConvertible {
        /// Where, and what.
        public let description: String
    }

    /// Reads a schema file by its name.
    public typealias Loader = @Sendable (String) throws -> JSONValue

    private let file: String
    private let load: Loader

    /// A schema.
    ///
    /// - Parameters:
    ///   - file: Its name, such as `verify.schema.json`.
    ///   - load: Reads it, and those that it refers to.
    public init(file: String, load: @escaping Loader) {
        self.file = file
        self.load = load
    }

    /// Checks a value.
    ///
    /// - Parameter value: The value.
    /// - Throws: ``Problem`` with the first thing that does not fit.
    public func check(_ value: JSONValue) throws {
        let root = try load(file)
        try check(value, root, Place(file: file, root: root, path: "$"))
    }

    private struct Place {
        var file: String
        var root: JSONValue
        var path: String

        func problem(_ text: String) -> Problem { Problem(description: "\(path) (\(file)): \(text)") }

        func at(_ step: String) -> Place { Place(file: file, root: root, path: "\(path).\(step)") }
    }

    private func check(_ value: JSONValue, _ schema: JSONValue, _ place: Place) throws {
        guard let keywords = schema.object else { throw place.problem("the schema is not an object") }
        for (keyword, rule) in keywords {
            switch keyword {
            case "$schema", "$id", "$defs", "title", "description", "default": break
            case "$ref": try follow(rule, value, place)
            case "type":
                guard Self.type(of: value) == rule.string else { throw place.problem("\(value) is no \(rule)") }
            case "const":
                guard value == rule else { throw place.problem("\(value) is not \(rule)") }
            case "enum", "examples":
                guard rule.array?.contains(value) == true else { throw place.problem("\(value) is none of \(rule)") }
            case "anyOf": try any(of: rule, value, place)
            case "required":
                for name in rule.array ?? [] where name.string.flatMap({ value[$0] }) == nil {
                    throw place.problem("\(name) is missing")
                }
            case "properties" where keywords["additionalProperties"] == nil:
                try checkProperties(value, rule, place)
                try checkOthers(value, .boolean(false), keywords, place)
            case "properties": try checkProperties(value, rule, place)
            case "additionalProperties": try checkOthers(value, rule, keywords, place)
            case "items":
                for (index, element) in (value.array ?? []).enumerated() {
                    try check(element, rule, place.at(String(index)))
                }
            case "minItems":
                guard Int64(value.array?.count ?? 0) >= rule.integer ?? 0 else {
                    throw place.problem("too few elements")
                }
            case "maxItems":
                guard Int64(value.array?.count ?? 0) <= rule.integer ?? 0 else {
                    throw place.problem("too many elements")
                }
            case "uniqueItems":
                let elements = value.array ?? []
                guard rule != true || Set(elements).count == elements.count else {
                    throw place.problem("the same element twice")
                }
            case "minimum":
                guard value.integer ?? .min >= rule.integer ?? .max else {
                    throw place.problem("\(value) is too small")
                }
            case "maximum":
                guard value.integer ?? .max <= rule.integer ?? .min else {
                    throw place.problem("\(value) is too large")
                }
            case "minLength":
                guard Int64(value.string?.count ?? 0) >= rule.integer ?? .max else { throw place.problem("too short") }
            case "maxLength":
                guard Int64(value.string?.count ?? .max) <= rule.integer ?? 0 else { throw place.problem("too long") }
            case "pattern":
                guard let pattern = rule.string, let text = value.string else { throw place.problem("not a string") }
                guard try Regex(pattern).firstMatch(in: text) != nil else {
                    throw place.problem("\(text) does not match \(pattern)")
                }
            default: throw place.problem("the keyword \(keyword) is not understood")
            }
        }
    }

    private func follow(_ rule: JSONValue, _ value: JSONValue, _ place: Place) throws {
        guard let text = rule.string else { throw place.problem("$ref is not a string") }
        let parts = text.split(separator: "#", omittingEmptySubsequences: false).map(String.init)
        var target = place
        if let file = parts.first, !file.isEmpty {
            target.file = file
            target.root = try load(file)
        }
        var schema = target.root
        for step in (parts.count > 1 ? parts[1] : "").split(separator: "/") {
            guard let next = schema[String(step)] else { throw place.problem("\(text) leads nowhere") }
            schema = next
        }
        try check(value, schema, target)
    }

    private func any(of rule: JSONValue, _ value: JSONValue, _ place: Place) throws {
        var problems: [String] = []
        for choice in rule.array ?? [] {
            do {
                try check(value, choice, place)
                return
            } catch {
                problems.append("\(error)")
            }
        }
        throw place.problem("none of the choices fits: \(problems.joined(separator: "; "))")
    }

    private func checkProperties(_ value: JSONValue, _ rule: JSONValue, _ place: Place) throws {
        for (name, child) in rule.object ?? [:] {
            if let member = value[name] { try check(member, child, place.at(name)) }
        }
    }

    private func checkOthers(_ value: JSONValue, _ rule: JSONValue, _ keywords: JSONObject, _ place: Place) throws {
        for (name, member) in value.object ?? [:] where keywords["properties"]?[name] == nil {
            guard rule != .boolean(false) else { throw place.problem("\(name) is not described") }
            try check(member, rule, place.at(name))
        }
    }

    private static func type(of value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .boolean: "boolean"
        case .integer: "integer"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
