import CanonicalJSON
import Testing

struct LookupTests {
    /// Sizes around those where an object gets positions of its keys.
    @Test(arguments: [0, 1, 2, 7, 8, 9, 10, 100, 10_000], [false, true])
    func findsEveryKey(count: Int, shuffled: Bool) throws {
        var order = Array(0..<count)
        if shuffled {
            var generator = SeededGenerator(state: UInt64(count))
            order.shuffle(using: &generator)
        }
        let width = 6
        func key(_ number: Int) -> String {
            let digits = String(number)
            return "t" + String(repeating: "0", count: width - digits.count) + digits
        }
        let text = "{" + order.map { "\"\(key($0))\":{\"n\":\($0),\"m\":[]}" }.joined(separator: ",") + "}"
        let root = try parse(text)
        #expect(root.count == count)
        #expect(root.isSorted == (order == order.sorted()))
        for number in 0..<count { #expect(root[key(number)]?["n"]?.integer == Int64(number)) }
        for absent in ["", "t", "s", "u", key(count), key(0) + "0", String(key(count).dropLast())] {
            #expect(root[absent]?.kind == nil)
        }
        // Walks go by the document, not by the keys.
        #expect(root.members.map(\.key) == order.map(key))
        #expect(root.memberNodes.map(\.value["n"]?.integer) == order.map { Int64($0) })
        #expect(root.memberNodes.allSatisfy { $0.key.kind == .string })
    }

    @Test func comparesKeysByBytes() throws {
        let root = try parse("{\"e\u{301}\":1,\"f\":2,\"\u{E9}\":3}")
        #expect(root.isSorted)
        #expect(root["e\u{301}"]?.integer == 1)
        #expect(root["\u{E9}"]?.integer == 3)
        #expect(try parse("{\"\u{E9}\":3}")["e\u{301}"]?.kind == nil)
    }

    @Test func resolvesEscapesInKeys() throws {
        let members = (0..<20).map { #""\u00\#(String(0x61 + $0, radix: 16))":\#($0)"# }.joined(separator: ",")
        for text in ["{\(members)}", "{\"zz\":0,\(members)}", #"{"\u0061":0}"#] {
            let root = try parse(text)
            #expect(root["a"]?.integer == 0)
            #expect(root["\\u0061"]?.kind == nil)
            #expect(root.members.contains { $0.key == "a" })
        }
        #expect(try parse("{\(members)}").isSorted)
        #expect(try parse("{\(members)}")["t"]?.integer == 19)
    }

    @Test func findsTheEmptyKey() throws {
        #expect(try parse(#"{"":1}"#)[""]?.integer == 1)
        #expect(try parse(#"{"a":1}"#)[""]?.kind == nil)
    }

    @Test func comparesKeysOfAllLengths() throws {
        // Each is the beginning of the next, across the widths that are compared at once.
        let keys = (0...40).map { String(repeating: "x", count: $0) }
        for order in [keys, keys.reversed()] {
            let root = try parse("{" + order.map { "\"\($0)\":\($0.count)" }.joined(separator: ",") + "}")
            for key in keys { #expect(root[key]?.integer == Int64(key.count)) }
            let canonical = "{" + keys.map { "\"\($0)\":\($0.count)" }.joined(separator: ",") + "}"
            #expect(try root.canonicalBytes() == canonical.bytes)
        }
    }

    @Test func outlivesTheDocumentsVariable() throws {
        func node() throws -> JSONNode? { try JSONDocument(parsing: #"{"a":["kept"]}"#.bytes).root["a"] }
        #expect(try node()?.elements.map(\.string) == ["kept"])
    }
}
