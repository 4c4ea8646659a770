import CanonicalJSON
import Testing

struct DuplicateKeyTests {
    @Test(arguments: [
        (#"{"a":1,"a":1}"#, "a"), (#"{"a":1,"b":2,"a":3}"#, "a"), (#"{"b":1,"a":2,"b":3}"#, "b"), (#"{"":1,"":2}"#, ""),
        (#"{"a":1,"\u0061":2}"#, "a"), (#"{"\u0061":1,"b":2,"a":3}"#, "a"), (#"{"/":1,"\/":2}"#, "/"),
        (#"{"x":{"a":1,"a":2}}"#, "a"), (#"[{"k":[{"a":1,"z":{},"a":2}]}]"#, "a"), (#"{"\ud83d\ude00":1,"😀":2}"#, "😀"),
        (#"{"c":1,"b":2,"a":3,"c":4}"#, "c"), (#"{"c":{"c":1},"b":[{"b":1}],"c":0}"#, "c"),
    ])
    func areRefused(_ text: String, key: String) {
        #expect(parseError(text.bytes) == .duplicateKey(key))
    }

    /// The later of two, in whatever order the keys stand.
    @Test(arguments: [
        (#"{"a":1,"a":1}"#, 7), (#"{"b":1,"a":2,"b":3}"#, 13), (#"[{"k":[{"a":1,"z":{},"a":2}]}]"#, 21),
        (#"{"a":1,"\u0061":2}"#, 7), (#"{"c":1,"b":2,"a":3,"c":4}"#, 19),
    ])
    func areFoundByTheirPlace(_ text: String, offset: Int) {
        #expect(JSONDocument.offsetOfDuplicateKey(in: text.bytes) == offset)
    }

    @Test(arguments: ["{}", #"{"a":1}"#, "{", #"{"a":1,"b":}"#])
    func areNotFoundElsewhere(_ text: String) {
        #expect(JSONDocument.offsetOfDuplicateKey(in: text.bytes) == nil)
    }

    @Test(arguments: [
        "{\"\u{E9}\":1,\"e\u{301}\":2}", #"{"a":1,"A":2}"#, #"{"a":1,"a ":2}"#, #"{"a":1,"a\u0000":2}"#,
        #"{"a":{"a":{"a":1}}}"#,
        #"[{"a":1},{"a":1}]"#, #"{"b":{"a":1},"a":{"b":1}}"#,
    ])
    func areComparedByBytes(_ text: String) {
        #expect(parseError(text.bytes) == nil)
    }

    /// Wherever two equal keys stand among many others.
    @Test(arguments: [(0, 1), (0, 999), (500, 501), (998, 999), (3, 700)])
    func areFoundInLargeObjects(first: Int, second: Int) {
        for shuffled in [false, true] {
            var keys = (0..<1000).map { "key-\(10_000 + $0)" }
            if shuffled {
                var generator = SeededGenerator(state: 7)
                keys.shuffle(using: &generator)
            }
            keys[second] = keys[first]
            let text = "{" + keys.map { "\"\($0)\":{\"x\":[1]}" }.joined(separator: ",") + "}"
            #expect(parseError(text.bytes) == .duplicateKey(keys[first]))
        }
    }

    /// Unsorted keys of a stranger's choice, with long common beginnings: no more than n log n comparisons.
    @Test(.timeLimit(.minutes(1))) func areFoundQuickly() throws {
        let count = 50_000
        var generator = SeededGenerator(state: 1)
        let numbers = (0..<count).map { $0 }.shuffled(using: &generator)
        let text = "{" + numbers.map { "\"\(String(repeating: "k", count: 40))\($0)\":0" }.joined(separator: ",") + "}"
        let root = try parse(text)
        #expect(root.count == count)
        #expect(!root.isSorted)
    }
}
