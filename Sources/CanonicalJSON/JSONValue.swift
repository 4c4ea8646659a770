/// A JSON value as a tree, to build documents with and to keep what has no type of its own.
///
/// Strings and keys are equal if the bytes of their UTF-8 are.
public enum JSONValue: Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case boolean(Bool)
    /// An integer.
    case integer(Int64)
    /// A number that is no 64-bit integer; it has no canonical form.
    case number(JSONNumber)
    /// A string.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object.
    case object(JSONObject)
}

extension JSONValue {
    /// Reads a document into a tree.
    ///
    /// - Parameters:
    ///   - bytes: all of the document.
    ///   - limits: what it may ask for.
    /// - Throws: what ``JSONDocument/init(parsing:limits:)`` throws.
    public init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        self = try JSONDocument(parsing: bytes, limits: limits).root.value()
    }

    /// Whether this is `null`.
    public var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The truth of a boolean.
    public var boolean: Bool? {
        if case .boolean(let value) = self { value } else { nil }
    }

    /// The value of an integer.
    public var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The text of a string.
    public var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The elements of an array.
    public var array: [JSONValue]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The members of an object.
    public var object: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    /// The value of a member.
    ///
    /// - Parameter key: the key; compared by the bytes of its UTF-8.
    /// - Returns: nil if there is no such member, or this is no object.
    public subscript(_ key: String) -> JSONValue? { object?[key] }
}

extension JSONValue: Hashable {
    // Both walk with a stack of their own: how deep a tree goes may have been for a stranger to say.

    /// Compares keys and strings by the bytes of their UTF-8.
    public static func == (first: JSONValue, second: JSONValue) -> Bool {
        var pairs = [(first, second)]
        while let pair = pairs.popLast() {
            switch pair {
            case (.null, .null): break
            case (.boolean(let left), .boolean(let right)): if left != right { return false }
            case (.integer(let left), .integer(let right)): if left != right { return false }
            case (.number(let left), .number(let right)): if left != right { return false }
            case (.string(let left), .string(let right)): if !UTF8Order.isSame(left, right) { return false }
            case (.array(let left), .array(let right)):
                guard left.count == right.count else { return false }
                pairs.append(contentsOf: zip(left, right))
            case (.object(let left), .object(let right)):
                guard left.count == right.count else { return false }
                for (one, other) in zip(left.storage, right.storage) {
                    guard UTF8Order.isSame(one.key, other.key) else { return false }
                    pairs.append((one.value, other.value))
                }
            default: return false
            }
        }
        return true
    }

    /// Hashes what `==` compares.
    public func hash(into hasher: inout Hasher) {
        var values = [self]
        while let value = values.popLast() {
            switch value {
            case .null: hasher.combine(0)
            case .boolean(let value): hasher.combine(value)
            case .integer(let value): hasher.combine(value)
            case .number(let value): hasher.combine(value)
            case .string(let value): UTF8Order.hash(value, into: &hasher)
            case .array(let elements):
                hasher.combine(elements.count)
                values.append(contentsOf: elements)
            case .object(let object):
                hasher.combine(object.count)
                for member in object.storage {
                    UTF8Order.hash(member.key, into: &hasher)
                    values.append(member.value)
                }
            }
        }
    }
}

// Not by `nil`: a comparison of an optional value with nil would then mean `null`.
extension JSONValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A boolean.
    public init(booleanLiteral value: Bool) { self = .boolean(value) }

    /// An integer.
    public init(integerLiteral value: Int64) { self = .integer(value) }

    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }

    /// An array.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

    /// An object; a key that comes twice traps.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        do throws(JSONError) {
            self = .object(try JSONObject(storage: elements.map { JSONObject.Member(key: $0.0, value: $0.1) }))
        } catch {
            preconditionFailure("an object literal has a key twice")
        }
    }
}
