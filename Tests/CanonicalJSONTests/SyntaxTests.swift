import CanonicalJSON
import Testing

/// What is a document and what is none (RFC 8259), with the offset where the first mistake is.
struct SyntaxTests {
    @Test(arguments: [
        "null", "true", "false", "0", "-1", "\"\"", "[]", "{}", " [ ] ", "\t\r\n{ }\n",
        "[1]", "[1,2]", "[[],[[]],{}]", #"{"a":1}"#, #"{"a":{"b":[{"c":null}]},"d":[]}"#,
        #"{ "a" : 1 , "b" : [ 1 , 2 ] }"#, #"{"":0}"#, #"["\u0000","\b\f\n\r\t\/\\\""]"#,
        "[1e5,1E-5,1.5e+5,0.5,-0,-0.0]",
        "\"\u{7F}\"", "\"\u{2028}\u{2029}\"", "\"😀é\u{FFFF}\u{10FFFF}\"", #""\ud83d\ude00""#,
    ])
    func accepts(_ text: String) throws {
        #expect(throws: Never.self) { try parse(text) }
    }

    @Test(
        arguments: [
            ("", 0), (" ", 1), ("\u{FEFF}1", 0), ("nul", 3), ("nulL", 3), ("True", 0), ("truee", 4), ("NaN", 0),
            ("Infinity", 0), ("-Infinity", 1), ("undefined", 0), ("'a'", 0), ("//x\n1", 0), ("/**/1", 0), ("1 2", 2),
            ("1,", 1),
            ("[1] x", 4), ("{}{}", 2), ("[", 1), ("]", 0), ("}", 0), ("[1", 2), ("[1,", 3), ("[1,]", 3), ("[,1]", 1),
            ("[,]", 1), ("[1 2]", 3), ("[1,,2]", 3), ("[1}", 2), ("[}", 1), ("[1]]", 3), ("[1:2]", 2),
            ("{", 1), ("{]", 1), ("{1:2}", 1), ("{a:1}", 1), (#"{"a"}"#, 4), (#"{"a":}"#, 5), (#"{"a":1"#, 6),
            (#"{"a":1,"#, 7),
            (#"{"a":1,}"#, 7), (#"{"a" 1}"#, 5), (#"{"a"::1}"#, 5), (#"{"a":1]"#, 6), (#"{"a":1 "b":2}"#, 7),
            (#"{,"a":1}"#, 1), (#"{"a":1,,"b":2}"#, 7), (#"{null:1}"#, 1), (#"{"a","b"}"#, 4), ("\u{0B}1", 0),
            ("\u{A0}1", 0),
            ("\0", 0), ("1\0", 1), ("[1\u{0C}]", 2), ("*", 0), ("\"", 1), ("\"a", 2), ("\"\\", 2), ("\"\\\"", 3),
            (#""\x41""#, 2),
            (#""\u12""#, 5), (#""\u12G4""#, 5), (#""\u"#, 3), (#""\'""#, 2), (#""\U0041""#, 2), ("\"\\\n\"", 2),
            ("\"a\nb\"", 2),
            ("\"\t\"", 1), ("\"\0\"", 1), ("\"123456789\u{1F}\"", 10), (#""\ud83d\ude0""#, 12),
        ] as [(String, Int)]
    )
    func refuses(_ text: String, offset: Int) {
        #expect(parseError(text.bytes) == .syntax(offset: offset))
    }

    /// Every beginning of a document is no document, and none is read past its end.
    @Test(arguments: [
        #"{"b": [1, 25, true, null, false, "é\n\ud83d\ude00\\"], "a": {"z": {}, "y": [-1.5e+10]}}"#,
        #"["0123456789abcdef",{"key":"value","other":[[[]]]}]"#,
    ])
    func refusesEveryPrefix(_ text: String) {
        for count in 0..<text.utf8.count {
            #expect(parseError(Array(text.bytes[..<count])) != nil, "the first \(count) bytes")
        }
        #expect(parseError(text.bytes) == nil)
    }

    @Test func tellsKindsApart() throws {
        let root = try parse(#"[null,true,false,1,-0,1.0,1e2,"x",[],{}]"#)
        #expect(
            root.elements.map(\.kind) == [
                .null, .boolean, .boolean, .integer, .number, .number, .number, .string, .array, .object,
            ]
        )
        #expect(root.elements.map(\.isNull).filter { $0 }.count == 1)
        #expect(root.elements.map(\.boolean) == [nil, true, false, nil, nil, nil, nil, nil, nil, nil])
        #expect(root.elements.map(\.integer) == [nil, nil, nil, 1, nil, nil, nil, nil, nil, nil])
        #expect(root.elements.map(\.number?.text) == [nil, nil, nil, nil, "-0", "1.0", "1e2", nil, nil, nil])
        #expect(root.elements.map(\.string) == [nil, nil, nil, nil, nil, nil, nil, "x", nil, nil])
    }

    @Test func answersNothingForAnotherKind() throws {
        for text in ["null", "true", "1", "1.5", "\"x\"", "[1]"] {
            let node = try parse(text)
            #expect(node["x"]?.kind == nil)
            #expect(node.members.map(\.key).isEmpty)
            #expect(!node.isSorted)
        }
        let object = try parse(#"{"x":1}"#)
        #expect(object.elements.map(\.kind).isEmpty)
        #expect(!object.isString("x"))
        #expect(try parse("\"x\"").count == 0)
    }

    @Test func knowsWhereValuesStand() throws {
        let text = #" {"a" : [ 1, "x\n" ] , "b":{ } , "c":-12.5, "d":true} "#
        let root = try parse(text)
        func slice(_ node: JSONNode?) -> String? { node.map { Array(text.bytes[$0.byteRange]).text } }
        #expect(slice(root) == String(text.dropFirst().dropLast()))
        #expect(slice(root["a"]) == #"[ 1, "x\n" ]"#)
        #expect(root["a"]?.elements.map { slice($0) } == ["1", #""x\n""#])
        #expect(slice(root["b"]) == "{ }")
        #expect(slice(root["c"]) == "-12.5")
        #expect(slice(root["d"]) == "true")
    }

    @Test func keepsTheBytes() throws {
        let bytes = " [1] ".bytes
        #expect(try JSONDocument(parsing: bytes).bytes == bytes)
    }
}
