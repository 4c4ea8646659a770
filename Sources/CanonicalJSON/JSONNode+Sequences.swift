extension JSONNode {
    /// The elements of an array, in order; nothing for any other kind.
    public var elements: JSONElements {
        JSONElements(storage: storage, position: position + 2, remaining: kind == .array ? count : 0)
    }

    /// The members of an object, in the order of the document; nothing for any other kind.
    public var members: JSONMembers {
        JSONMembers(nodes: memberNodes)
    }

    /// Like ``members``, with the keys as nodes (of kind string), so that no `String` is made of them.
    public var memberNodes: JSONMemberNodes {
        JSONMemberNodes(storage: storage, position: position + 2, remaining: kind == .object ? count : 0)
    }
}

/// The elements of an array.
public struct JSONElements: Sequence, IteratorProtocol, Sendable {
    let storage: JSONStorage
    var position: Int
    var remaining: Int

    /// The number of elements to come.
    public var underestimatedCount: Int { remaining }

    /// The next element.
    ///
    /// - Returns: nil after the last.
    public mutating func next() -> JSONNode? {
        guard remaining > 0 else { return nil }
        remaining -= 1
        let node = JSONNode(storage: storage, position: position)
        position = storage.position(after: position)
        return node
    }
}

/// The members of an object, keys as nodes.
public struct JSONMemberNodes: Sequence, IteratorProtocol, Sendable {
    let storage: JSONStorage
    var position: Int
    var remaining: Int

    /// The number of members to come.
    public var underestimatedCount: Int { remaining }

    /// The next member.
    ///
    /// - Returns: nil after the last.
    public mutating func next() -> (key: JSONNode, value: JSONNode)? {
        guard remaining > 0 else { return nil }
        remaining -= 1
        let key = JSONNode(storage: storage, position: position)
        let value = JSONNode(storage: storage, position: position + 1)
        position = storage.position(after: position + 1)
        return (key, value)
    }
}

/// The members of an object, keys as strings.
public struct JSONMembers: Sequence, IteratorProtocol, Sendable {
    var nodes: JSONMemberNodes

    /// The number of members to come.
    public var underestimatedCount: Int { nodes.remaining }

    /// The next member.
    ///
    /// - Returns: nil after the last.
    public mutating func next() -> (key: String, value: JSONNode)? {
        guard let (key, value) = nodes.next() else { return nil }
        return (key.string ?? "", value)
    }
}
