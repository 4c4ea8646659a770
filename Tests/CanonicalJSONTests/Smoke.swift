import CanonicalJSON
import Testing

struct SmokeTests {
    @Test func parse() throws {
        let text = #"{"b": [1, 2.5, true, null, "é\n\ud83d\ude00\\"], "a": {"z": {}, "y": []}}"#
        let document = try JSONDocument(parsing: Array(text.utf8))
        let root = document.root
        #expect(root.count == 2)
        #expect(root["a"]?["y"]?.kind == .array)
        #expect(root["b"].map { Array($0.elements).map(\.kind) } == [.integer, .number, .boolean, .null, .string])
        #expect(root["b"].map { Array($0.elements)[4].string } == "é\n😀\\")
        #expect(throws: JSONError.notCanonicalizable(number: "2.5")) { try root.canonicalBytes() }
        #expect(String(decoding: try #require(root["a"]).canonicalBytes(), as: UTF8.self) == #"{"y":[],"z":{}}"#)
        let value = root.value()
        let json = value.jsonBytes(pretty: false)
        #expect(try JSONValue(parsing: json) == value)
        print(String(decoding: value.jsonBytes(pretty: true), as: UTF8.self))
        for i in 0..<json.count { #expect(throws: JSONError.self) { try JSONDocument(parsing: Array(json[..<i])) } }
        var big: JSONObject = [:]
        for i in 0..<1000 { big["k\(i * 7919 % 1000)"] = .integer(Int64(i)) }
        #expect(big.count == 1000)
        let doc = try JSONDocument(parsing: JSONValue.object(big).jsonBytes(pretty: false))
        #expect(doc.root.isCanonical)
        for (k, v) in big { #expect(doc.root[k]?.integer == v.integer) }
        #expect(doc.root["nope"]?.kind == nil)
        #expect(doc.root.value() == .object(big))
    }
}
