import CanonicalJSON
import Testing

struct ValueTests {
    static let sample: JSONValue = [
        "text": "a\"\\/\n\u{1}é😀", "list": [1, -2, true, .null, [], [:]], "empty": "",
        "nested": ["z": 1, "a": ["b": false]],
    ]

    @Test func writesCompactly() {
        #expect(
            Self.sample.jsonBytes(pretty: false).text
                == #"{"empty":"","list":[1,-2,true,null,[],{}],"nested":{"a":{"b":false},"z":1},"text":"a\"\\/\n\u0001é😀"}"#
        )
    }

    @Test func writesIndented() {
        let expected = #"""
            {
              "empty": "",
              "list": [
                1,
                -2,
                true,
                null,
                [],
                {}
              ],
              "nested": {
                "a": {
                  "b": false
                },
                "z": 1
              },
              "text": "a\"\\/\n\u0001é😀"
            }

            """#
        #expect(Self.sample.jsonBytes(pretty: true).text == expected)
        #expect(JSONValue.null.jsonBytes(pretty: true).text == "null\n")
        #expect(JSONValue.array([]).jsonBytes(pretty: true).text == "[]\n")
    }

    @Test func writesAllControlCharacters() throws {
        let text = String(String.UnicodeScalarView((0..<0x80).compactMap { Unicode.Scalar($0 as UInt32) }))
        let value = JSONValue.string(text)
        let json = value.jsonBytes(pretty: false)
        #expect(json.allSatisfy { $0 >= 0x20 })
        #expect(
            json.text.hasPrefix(#""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f\u0010"#)
        )
        #expect(json.text.contains(##"\u001f !\"#"##))
        #expect(try JSONValue(parsing: json) == value)
        #expect(
            try value.canonicalBytes() == "\"".bytes
                + text.bytes.flatMap { $0 == 0x22 || $0 == 0x5C ? [0x5C, $0] : [$0] } + "\"".bytes
        )
    }

    @Test func comesBackFromBothForms() throws {
        for pretty in [false, true] {
            let bytes = Self.sample.jsonBytes(pretty: pretty)
            #expect(try JSONValue(parsing: bytes) == Self.sample)
            #expect(try JSONDocument(parsing: bytes).root.canonicalBytes() == Self.sample.canonicalBytes())
        }
    }

    @Test func comparesByBytes() {
        #expect(JSONValue.string("\u{E9}") != .string("e\u{301}"))
        #expect(Set<JSONValue>(["\u{E9}", "e\u{301}", "\u{E9}"]).count == 2)
        #expect(JSONObject(dictionaryLiteral: ("\u{E9}", 1), ("e\u{301}", 1)).count == 2)
        #expect(JSONValue.object(["\u{E9}": 1]) != .object(["e\u{301}": 1]))
        #expect(JSONValue.integer(1) != .string("1"))
        #expect(JSONValue.array([]) != .object([:]))
        #expect(JSONValue.array([1, 2]) != .array([2, 1]))
        #expect(JSONValue.array([1]) != .array([1, 1]))
        #expect(JSONValue.object(["a": 1, "b": 2]) == .object(["b": 2, "a": 1]))
        #expect(JSONValue.object(["a": 1, "b": 2]).hashValue == JSONValue.object(["b": 2, "a": 1]).hashValue)
        #expect(JSONValue.object(["a": 1]) != .object(["a": 1, "b": 2]))
        #expect(JSONValue.boolean(true) != .boolean(false))
        #expect(JSONValue.null == .null)
    }

    @Test func givesItsParts() throws {
        #expect(Self.sample["text"]?.string?.isEmpty == false)
        #expect(Self.sample["list"]?.array?.first?.integer == 1)
        #expect(Self.sample["list"]?.array?[2].boolean == true)
        #expect(Self.sample["list"]?.array?[3].isNull == true)
        #expect(Self.sample["nested"]?.object?.keys == ["a", "z"])
        #expect(Self.sample["absent"] == nil)
        #expect(JSONValue.string("x")["x"] == nil)
        #expect(JSONValue.null.string == nil && JSONValue.null.integer == nil && JSONValue.null.boolean == nil)
        #expect(JSONValue.null.array == nil && JSONValue.null.object == nil)
    }
}

struct ObjectTests {
    @Test func keepsMembersInOrder() throws {
        var object = JSONObject()
        #expect(object.isEmpty)
        var generator = SeededGenerator(state: 3)
        for number in (0..<500).shuffled(using: &generator) { object["k\(1000 + number)"] = .integer(Int64(number)) }
        #expect(object.count == 500)
        #expect(object.keys == (0..<500).map { "k\(1000 + $0)" })
        #expect(object.values == (0..<500).map { .integer(Int64($0)) })
        object["k1000"] = "new"
        #expect(object["k1000"] == "new")
        #expect(object.count == 500)
        object["k1000"] = nil
        object["absent"] = nil
        #expect(object["k1000"] == nil)
        #expect(object.count == 499)
        object["n"] = .some(.null)
        #expect(object["n"]?.isNull == true)
    }

    @Test func ordersByBytes() {
        let object: JSONObject = ["\u{E9}": 3, "f": 2, "e\u{301}": 1, "\u{10000}": 5, "\u{E000}": 4]
        #expect(object.values == [1, 2, 3, 4, 5])
        #expect(object["\u{E9}"] == 3)
        #expect(object["e\u{301}"] == 1)
    }

    @Test func refusesAKeyTwice() throws {
        #expect(throws: JSONError.duplicateKey("a")) {
            try JSONObject([(key: "a", value: 1), (key: "b", value: 2), (key: "a", value: 1)])
        }
        #expect(throws: JSONError.duplicateKey("a")) { try JSONObject([(key: "a", value: 1), (key: "a", value: 1)]) }
        #expect(try JSONObject([(key: "b", value: 1), (key: "a", value: 2)]) == ["a": 2, "b": 1])
    }

    @Test func merges() {
        var object: JSONObject = ["a": 1, "c": 3, "e": 5]
        object.merge(["b": 2, "c": 33, "f": 6])
        #expect(object == ["a": 1, "b": 2, "c": 33, "e": 5, "f": 6])
        object.merge([:])
        #expect(object.count == 5)
        var empty: JSONObject = [:]
        empty.merge(object)
        #expect(empty == object)
        object.merge(["0": 0])
        #expect(object.keys == ["0", "a", "b", "c", "e", "f"])
    }

    @Test func takesOutMany() throws {
        var object: JSONObject = ["a": 1, "b": 2, "c": 3]
        object.removeAll { key, value in key == "a" || value == 3 }
        #expect(object == ["b": 2])
        #expect(throws: JSONError.syntax(offset: 1)) {
            try object.removeAll { (_, _) throws(JSONError) in throw .syntax(offset: 1) }
        }
        #expect(object == ["b": 2])
    }

    @Test func isASequence() {
        let object: JSONObject = ["b": 2, "a": 1]
        #expect(object.map(\.key) == ["a", "b"])
        #expect(object.underestimatedCount == 2)
    }
}
