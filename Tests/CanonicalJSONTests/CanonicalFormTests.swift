import CanonicalJSON
import Testing

/// The OLPC form; expected bytes as Python's securesystemslib 1.x and Go's docker/go canonical/json write them.
struct CanonicalFormTests {
    @Test(arguments: [
        (#"{"b":1,"a":2}"#, #"{"a":2,"b":1}"#),
        (#" { "a" : [ true , false , null ] } "#, #"{"a":[true,false,null]}"#),
        (#"{"a":[1,true,false,null,{}],"B":""}"#, #"{"B":"","a":[1,true,false,null,{}]}"#),
        (#"{"":0,"A":1,"a":2,"_":3,"aa":4}"#, #"{"":0,"A":1,"_":3,"a":2,"aa":4}"#),
        (##"{"\"":1,"!":2,"#":3,"\\":4}"##, ##"{"!":2,"\"":1,"#":3,"\\":4}"##),
        (#"["\/","\\","\u0000","\u2028"]"#, "[\"/\",\"\\\\\",\"\0\",\"\u{2028}\"]"),
        (#"{"k":"-----BEGIN\nx\t\u0001\u007f\""}"#, "{\"k\":\"-----BEGIN\nx\t\u{1}\u{7F}\\\"\"}"),
        (#"{"a":"\u003cb\u003e\u0026"}"#, #"{"a":"<b>&"}"#),
        (#"{"a":"\u00e9\/"}"#, "{\"a\":\"\u{E9}/\"}"),
        (#"{"a":"\ud83d\ude00"}"#, #"{"a":"😀"}"#),
        (#"{"\ud800\udc00":2,"\ue000":1}"#, "{\"\u{E000}\":1,\"\u{10000}\":2}"),
        (#"{"f":2,"\u00e9":3,"e\u0301":1}"#, "{\"e\u{301}\":1,\"f\":2,\"\u{E9}\":3}"),
        (#"{"a\u0000":5,"a":2,"aa":4}"#, "{\"a\":2,\"a\0\":5,\"aa\":4}"),
        (#"[9007199254740993,-9223372036854775808]"#, "[9007199254740993,-9223372036854775808]"),
        (#"{"z":[{"y":{"x":[{"w":1,"v":2}]}}],"b":{}}"#, #"{"b":{},"z":[{"y":{"x":[{"v":2,"w":1}]}}]}"#),
    ])
    func writes(_ text: String, canonical: String) throws {
        let node = try parse(text)
        #expect(!node.isCanonical || text == canonical)
        #expect(try node.canonicalBytes() == canonical.bytes)
        #expect(try node.withCanonicalBytes { $0.count } == canonical.utf8.count)
        #expect(try node.value().canonicalBytes() == canonical.bytes)
    }

    @Test(arguments: [
        "null", "true", "1", "-5", "\"x\"", "[]", "{}", #"{"a":1,"b":[{"c":"\"\\é😀"}]}"#, "[[[[]]]]",
        "{\"e\u{301}\":1,\"f\":2,\"\u{E9}\":3}", "{\"\u{E000}\":1,\"\u{10000}\":2}",
        #"{"":0,"A":1,"_":3,"a":2,"aa":4}"#,
        #"{"\"":1,"\\":4}"#, "\"\u{7F}/\"",
    ])
    func isFoundWhileParsing(_ text: String) throws {
        let node = try parse(text)
        #expect(node.isCanonical)
        #expect(try node.canonicalBytes() == text.bytes)
        // Whitespace around the value is not its own.
        #expect(try parse(" \(text)\n").isCanonical)
    }

    @Test(arguments: [
        "[1 ]", "[ 1]", "[ ]", "{ }", "[1, 2]", "[1 ,2]", #"{"a": 1}"#, #"{"a" :1}"#, #"{ "a":1}"#, #"{"a":1 }"#,
        #"{"a":1, "b":2}"#, #"{"a":1 ,"b":2}"#,
        "[\n]", #"{"b":1,"a":2}"#, #"[{"b":1,"a":2}]"#, #"["\/"]"#, #"["\n"]"#, #"["\u0041"]"#, #"{"\u0041":1}"#,
        #"{"a\/":1}"#, #"["\u0022"]"#, #"["\u005c"]"#,
        #"[[[[ ]]],1]"#, #"{"a":{"x":[{ }]},"b":1}"#, "[-0]", "[1.0]", "[9223372036854775808]",
        "{\"f\":2,\"e\u{301}\":1}", "{\"\u{10000}\":2,\"\u{E000}\":1}", #"{"\\":4,"\"":1}"#,
    ])
    func isNotFoundWhereTheFormDiffers(_ text: String) throws {
        #expect(try !parse(text).isCanonical)
    }

    /// A part may be canonical within a whole that is not.
    @Test func isFoundForPartsOfADocument() throws {
        let root = try parse(#"{"signed": {"a":1,"b":[2]}, "other": {"b":1,"a":"\n"}, "list":[[1],[ 1]]}"#)
        #expect(!root.isCanonical)
        #expect(root["signed"]?.isCanonical == true)
        #expect(root["signed"]?["b"]?.isCanonical == true)
        #expect(root["other"]?.isCanonical == false)
        #expect(root["other"]?["b"]?.isCanonical == true)
        #expect(root["other"]?["a"]?.isCanonical == false)
        #expect(root["list"]?.elements.map(\.isCanonical) == [true, false])
    }

    /// Signatures are made over the slice without a copy.
    @Test func lendsTheSliceItself() throws {
        let document = try JSONDocument(parsing: #"{"signed":{"a":1}}"#.bytes)
        let start = document.bytes.withUnsafeBufferPointer { $0.baseAddress }
        let lent = try document.root["signed"]?.withCanonicalBytes { $0.withUnsafeBufferPointer { $0.baseAddress } }
        #expect(lent == start.map { $0 + 10 })
    }

    /// What is not JSON in canonical form is written out: the parser would refuse it.
    @Test func mayBeNoJSON() throws {
        let canonical = try parse(#"{"public":"-----BEGIN PUBLIC KEY-----\nabc\n"}"#).canonicalBytes()
        #expect(canonical.contains(0x0A))
        #expect(parseError(canonical) == .syntax(offset: 37))
    }

    @Test func isIdempotent() throws {
        for text in [#"{"b":[1,{"d":"\u00e9","c":"\/"}],"a":"\""}"#, "[ ]", #"{"x":{"z":1,"y":2},"w":[ 3 ]}"#] {
            let once = try parse(text).canonicalBytes()
            let again = try JSONDocument(parsing: once).root
            #expect(again.isCanonical)
            #expect(try again.canonicalBytes() == once)
        }
    }
}
