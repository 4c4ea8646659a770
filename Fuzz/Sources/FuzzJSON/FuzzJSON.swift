import CanonicalJSON
import Harness

/// Whatever the bytes are: no trap, and all ways through the module agree.
@c(LLVMFuzzerTestOneInput)
public func fuzzJSON(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = fuzzInput(start, count)
    checkSmallLimits(bytes)
    guard let document = try? JSONDocument(parsing: bytes) else { return 0 }
    let value = document.root.value()
    require(document.bytes == bytes, "the bytes changed")
    checkTree(value)
    check(document.root, value, document)
    return 0
}

/// Tight limits may refuse what others take, and never change what is read.
private func checkSmallLimits(_ bytes: [UInt8]) {
    let limits = JSONLimits(maximumBytes: 4096, maximumDepth: 3, maximumValues: 20)
    guard let limited = try? JSONDocument(parsing: bytes, limits: limits) else { return }
    guard let whole = try? JSONDocument(parsing: bytes) else { fatalError("only tight limits take it") }
    require(limited.root.value() == whole.root.value(), "limits change the value")
}

/// Both written forms are read back as the same value.
private func checkTree(_ value: JSONValue) {
    for pretty in [false, true] {
        let again = try? JSONValue(parsing: value.jsonBytes(pretty: pretty))
        require(again == value, "the value does not come back, pretty: \(pretty)")
        require(again.map { $0.hashValue == value.hashValue } ?? true, "equal values hash differently")
    }
}

private func check(_ node: JSONNode, _ value: JSONValue, _ document: JSONDocument) {
    let range = node.byteRange
    require(range.lowerBound >= 0 && range.upperBound <= document.bytes.count && !range.isEmpty, "bad byte range")
    let slice = Array(document.bytes[range])
    guard let alone = try? JSONDocument(parsing: slice) else { fatalError("a part does not parse by itself") }
    require(alone.root.value() == value, "a part reads differently by itself")

    let canonical = try? node.canonicalBytes()
    require(canonical == (try? value.canonicalBytes()), "two canonical forms")
    require(node.isCanonical == (canonical == slice), "isCanonical is wrong")
    if let canonical {
        require(canonical.count <= slice.count, "the canonical form is longer")
        require((try? node.withCanonicalBytes { $0.count }) == canonical.count, "other bytes are lent")
        // With raw control characters it is no JSON.
        if let again = try? JSONDocument(parsing: canonical) {
            require(again.root.isCanonical, "not idempotent")
            require(again.root.value() == value, "the canonical form means something else")
        } else {
            require(canonical.contains { $0 < 0x20 }, "the canonical form does not parse")
        }
    }
    checkParts(node, value)
}

/// One level only, and not too many: the fuzzer makes documents of every part by itself.
private func checkParts(_ node: JSONNode, _ value: JSONValue) {
    switch value {
    case .array(let elements):
        require(node.count == elements.count, "wrong count")
        require(node.elements.map { $0.value() } == elements, "wrong elements")
    case .object(let object):
        require(node.count == object.count, "wrong count")
        for (key, member) in object.prefix(64) {
            require(node[key]?.value() == member, "a key is not found")
            require(node[key + "\0"]?.value() == object[key + "\0"], "an absent key is found")
        }
        for (key, member) in node.memberNodes.prefix(64) {
            guard let text = key.string else { fatalError("a key is no string") }
            require(key.isString(text), "a string is not itself")
            require(object[text] == member.value(), "a member is lost")
        }
    case .string(let text):
        require(node.isString(text), "a string is not itself")
        require(node.withUTF8 { $0.count } == text.utf8.count, "wrong UTF-8")
    case .integer(let integer): require(node.integer == integer, "wrong integer")
    case .boolean(let boolean): require(node.boolean == boolean, "wrong boolean")
    case .number(let number): require(JSONNumber(number.text) == number && node.number == number, "wrong number")
    case .null: require(node.isNull, "wrong null")
    }
}
