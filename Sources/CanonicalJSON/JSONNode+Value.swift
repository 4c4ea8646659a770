extension JSONNode {
    /// The value as a tree, which holds on to nothing of the document.
    public func value() -> JSONValue {
        var open: [OpenContainer] = []
        var position = position
        while true {
            var value: JSONValue
            switch JSONNode(storage: storage, position: position).beginning {
            case .container(let container) where container.remaining > 0:
                open.append(container)
                position = open[open.count - 1].takePosition(storage)
                continue
            case .container(let container): value = container.value
            case .scalar(let scalar): value = scalar
            }
            // Hand the value to its container, and that to the next one while they are complete.
            while true {
                guard let last = open.indices.last else { return value }
                open[last].take(value)
                if open[last].remaining > 0 {
                    position = open[last].takePosition(storage)
                    break
                }
                value = open.removeLast().value
            }
        }
    }

    private enum Beginning {
        case scalar(JSONValue)
        case container(OpenContainer)
    }

    private var beginning: Beginning {
        switch kind {
        case .null: .scalar(.null)
        case .boolean: .scalar(.boolean(boolean ?? false))
        case .integer: .scalar(.integer(integer ?? 0))
        case .number: .scalar(number.map(JSONValue.number) ?? .null)
        case .string: .scalar(.string(string ?? ""))
        case .array, .object: .container(OpenContainer(self))
        }
    }
}

/// An array or object that is being built from the index.
private struct OpenContainer {
    private let isObject: Bool
    private var elements: [JSONValue] = []
    private var members: [JSONObject.Member] = []
    private var key = ""
    private var next: Int
    private(set) var remaining: Int

    init(_ node: JSONNode) {
        isObject = node.kind == .object
        next = node.position + 2
        remaining = node.count
        if isObject { members.reserveCapacity(remaining) } else { elements.reserveCapacity(remaining) }
    }

    /// The tape position of the next value; notes its key.
    mutating func takePosition(_ storage: JSONStorage) -> Int {
        if isObject {
            key = JSONNode(storage: storage, position: next).string ?? ""
            next += 1
        }
        defer { next = storage.position(after: next) }
        return next
    }

    mutating func take(_ value: JSONValue) {
        remaining -= 1
        if isObject { members.append(JSONObject.Member(key: key, value: value)) } else { elements.append(value) }
    }

    var value: JSONValue {
        guard isObject else { return .array(elements) }
        do throws(JSONError) {
            return .object(try JSONObject(storage: members))
        } catch {
            preconditionFailure("the parser lets no key come twice")
        }
    }
}
