import CanonicalJSON
import Testing

struct LimitTests {
    @Test func boundsBytes() {
        let limits = JSONLimits(maximumBytes: 5)
        #expect(parseError("[1,2]".bytes, limits: limits) == nil)
        #expect(parseError("[1,2] ".bytes, limits: limits) == .tooLarge(limit: 5))
        #expect(parseError([], limits: JSONLimits(maximumBytes: 0)) == .syntax(offset: 0))
        #expect(parseError("1".bytes, limits: JSONLimits(maximumBytes: -1)) == .tooLarge(limit: -1))
    }

    @Test(arguments: [("[", "]"), (#"{"a":"#, "}")])
    func boundsDepth(open: String, close: String) {
        func nested(_ depth: Int) -> [UInt8] {
            (String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)).bytes
        }
        #expect(parseError(nested(64)) == nil)
        #expect(parseError(nested(65)) == .tooDeep(limit: 64))
        #expect(parseError("1".bytes, limits: JSONLimits(maximumDepth: 0)) == nil)
        #expect(parseError("[]".bytes, limits: JSONLimits(maximumDepth: 0)) == .tooDeep(limit: 0))
        #expect(parseError(nested(3), limits: JSONLimits(maximumDepth: 2)) == .tooDeep(limit: 2))
        // Found out at once, however deep it goes on.
        #expect(parseError(String(repeating: open, count: 1_000_000).bytes) == .tooDeep(limit: 64))
        // No limits go beyond the hard ones, and those are safe for everything that can be done with a tree.
        let limits = JSONLimits(maximumDepth: .max)
        #expect(parseError(nested(513), limits: limits) == .tooDeep(limit: 512))
        #expect(throws: Never.self) {
            let value = try JSONValue(parsing: nested(512), limits: limits)
            #expect(value == value)
            #expect(value.hashValue == value.hashValue)
            #expect(try value.canonicalBytes() == nested(512))
            #expect(try JSONValue(parsing: value.jsonBytes(pretty: true), limits: limits) == value)
        }
    }

    @Test func boundsValues() {
        let limits = JSONLimits(maximumValues: 4)
        #expect(parseError("[1,2,3]".bytes, limits: limits) == nil)
        #expect(parseError("[1,2,3,4]".bytes, limits: limits) == .tooManyValues(limit: 4))
        #expect(parseError(#"{"a":1,"b":2,"c":[]}"#.bytes, limits: limits) == nil)
        #expect(parseError(#"{"a":1,"b":2,"c":[[]]}"#.bytes, limits: limits) == .tooManyValues(limit: 4))
        #expect(parseError("[[],[],[],[],[]]".bytes, limits: limits) == .tooManyValues(limit: 4))
    }

    /// Documents with more index than text make the tape grow, at every kind of word.
    @Test(arguments: ["1", "[]", "{}", "[[1]]", #"{"":0}"#, #"{"b":0,"a":[]}"#, "\"\"", "null"])
    func growsTheIndex(item: String) throws {
        for count in [1, 2, 3, 60, 100, 127, 128, 129, 1000, 50_000] {
            let text = "[" + Array(repeating: item, count: count).joined(separator: ",") + "]"
            let root = try parse(text)
            #expect(root.count == count)
            let expected = try parse(item).value()
            #expect(root.elements.allSatisfy { $0.value() == expected })
            #expect(try root.withCanonicalBytes { $0.count } == text.utf8.count)
        }
    }

    /// The room for the positions of keys is asked for when an object closes.
    @Test func growsTheIndexAtTheEndOfObjects() throws {
        for count in 1...300 {
            let members = (0..<count).map { "\"\(1000 - $0)\":0" }.joined(separator: ",")
            let root = try parse("[{\(members)},{\(members)}]")
            for object in root.elements {
                #expect(object.count == count)
                #expect(object["1000"]?.integer == 0)
                #expect(object["\(1001 - count)"]?.integer == 0)
                #expect(object["\(1000 - count)"]?.kind == nil)
            }
        }
    }

    @Test func readsManyValues() throws {
        let count = 1_000_000
        let text = "[" + String(repeating: "0,", count: count - 1) + "0]"
        let root = try parse(text)
        #expect(root.count == count)
        #expect(root.elements.reduce(0) { sum, node in sum + (node.integer == 0 ? 1 : 0) } == count)
    }
}
