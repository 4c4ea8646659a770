/// The members of an object, sorted by the UTF-8 bytes of their keys; no key comes twice.
public struct JSONObject: Sendable {
    /// One member.
    struct Member: Sendable {
        var key: String
        var value: JSONValue
    }

    private(set) var storage: [Member]

    /// Makes an object without members.
    public init() {
        storage = []
    }

    /// Makes an object of members in any order.
    ///
    /// - Parameter members: the members.
    /// - Throws: `duplicateKey` if a key comes twice.
    public init(_ members: some Sequence<(key: String, value: JSONValue)>) throws(JSONError) {
        try self.init(storage: members.map { Member(key: $0.key, value: $0.value) })
    }

    init(storage members: [Member]) throws(JSONError) {
        storage = members
        guard storage.count > 1 else { return }
        if !Self.isAscending(storage) {
            storage.sort { UTF8Order.order($0.key, $1.key) == .before }
            for index in 1..<storage.count where UTF8Order.isSame(storage[index - 1].key, storage[index].key) {
                throw .duplicateKey(storage[index].key)
            }
        }
    }

    private static func isAscending(_ members: [Member]) -> Bool {
        for index in 1..<members.count where UTF8Order.order(members[index - 1].key, members[index].key) != .before {
            return false
        }
        return true
    }

    /// The number of members.
    public var count: Int { storage.count }

    /// Whether there is no member.
    public var isEmpty: Bool { storage.isEmpty }

    /// The keys, in order.
    public var keys: [String] { storage.map(\.key) }

    /// The values, in the order of their keys.
    public var values: [JSONValue] { storage.map(\.value) }

    /// The value of a member; setting nil takes the member out.
    ///
    /// Reading takes O(log n), replacing too; adding or taking out one of n members moves those behind it, so
    /// ``merge(_:)`` and ``removeAll(where:)`` are for many at once.
    ///
    /// - Parameter key: the key; compared by the bytes of its UTF-8.
    public subscript(_ key: String) -> JSONValue? {
        get {
            let (index, isPresent) = find(key)
            return isPresent ? storage[index].value : nil
        }
        set {
            let (index, isPresent) = find(key)
            switch (newValue, isPresent) {
            case (let value?, true): storage[index].value = value
            case (let value?, false): storage.insert(Member(key: key, value: value), at: index)
            case (nil, true): storage.remove(at: index)
            case (nil, false): break
            }
        }
    }

    /// Adds the members of another object, which win over those of the same key; takes linear time.
    ///
    /// - Parameter other: the members to add or replace.
    public mutating func merge(_ other: JSONObject) {
        var merged: [Member] = []
        merged.reserveCapacity(storage.count + other.storage.count)
        var index = 0
        for member in other.storage {
            while index < storage.count, UTF8Order.order(storage[index].key, member.key) == .before {
                merged.append(storage[index])
                index += 1
            }
            if index < storage.count, UTF8Order.isSame(storage[index].key, member.key) { index += 1 }
            merged.append(member)
        }
        merged += storage[index...]
        storage = merged
    }

    /// Takes out all members of which `shouldBeRemoved` says so.
    ///
    /// - Parameter shouldBeRemoved: asked once for each member, in order.
    /// - Throws: what `shouldBeRemoved` throws; then nothing has been taken out.
    public mutating func removeAll<E: Error>(
        where shouldBeRemoved: (_ key: String, _ value: JSONValue) throws(E) -> Bool
    ) throws(E) {
        var kept: [Member] = []
        for member in storage where try !shouldBeRemoved(member.key, member.value) { kept.append(member) }
        storage = kept
    }

    /// The position of a key, or the one where it belongs.
    private func find(_ key: String) -> (index: Int, isPresent: Bool) {
        var lower = 0
        var upper = storage.count
        while lower < upper {
            let middle = (lower + upper) / 2
            switch UTF8Order.order(storage[middle].key, key) {
            case .same: return (middle, true)
            case .before: lower = middle + 1
            case .after: upper = middle
            }
        }
        return (lower, false)
    }
}

extension JSONObject: Sequence {
    /// Walks the members in the order of their keys.
    public struct Iterator: IteratorProtocol {
        private var members: IndexingIterator<[Member]>

        fileprivate init(_ members: [Member]) {
            self.members = members.makeIterator()
        }

        /// The next member.
        ///
        /// - Returns: nil after the last.
        public mutating func next() -> (key: String, value: JSONValue)? {
            members.next().map { ($0.key, $0.value) }
        }
    }

    /// The number of members.
    public var underestimatedCount: Int { storage.count }

    /// Starts a walk over the members in the order of their keys.
    public func makeIterator() -> Iterator { Iterator(storage) }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// Makes an object of a literal; a key that comes twice is a mistake in the program, and traps as it does for a
    /// `Dictionary`.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        do throws(JSONError) {
            try self.init(storage: elements.map { Member(key: $0.0, value: $0.1) })
        } catch {
            preconditionFailure("an object literal has a key twice")
        }
    }
}

extension JSONObject: Hashable {
    /// Compares keys and strings by the bytes of their UTF-8.
    public static func == (first: JSONObject, second: JSONObject) -> Bool {
        JSONValue.object(first) == JSONValue.object(second)
    }

    /// Hashes what `==` compares.
    public func hash(into hasher: inout Hasher) {
        JSONValue.object(self).hash(into: &hasher)
    }
}
