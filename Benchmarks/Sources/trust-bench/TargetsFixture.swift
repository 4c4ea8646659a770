/// A generated targets role, as the registry trust store has it: one target a tag.
enum TargetsFixture {
    /// The `signed` part in canonical form; about 180 bytes a tag.
    static func signed(tags: Int) -> [UInt8] {
        var generator = Generator(state: 42)
        var text: [UInt8] = []
        text.reserveCapacity(tags * 240 + 512)
        text += #"{"_type":"targets","expires":"2029-01-01T00:00:00Z","spec_version":"1.0.34","targets":{"#.utf8
        for tag in 0..<tags {
            if tag > 0 { text.append(UInt8(ascii: ",")) }
            let number = String(1_000_000 + tag)
            text += #""v1.\#(number)":{"custom":{"media-type":"application/vnd.oci.image.index.v1+json"},"#.utf8
            text += #""hashes":{"sha256":""#.utf8
            for _ in 0..<4 { text += generator.hex().utf8 }
            text += #""},"length":\#(500 + tag % 1500)}"#.utf8
        }
        text += #"},"version":1,"x-trustctl-repository":"registry.example.com/team/app"}"#.utf8
        return text
    }

    /// A whole document around it, with a signature that nobody made.
    static func document(tags: Int) -> [UInt8] {
        var text = Array(#"{"signatures":[{"keyid":""#.utf8)
        text += String(repeating: "ab", count: 32).utf8
        text += #"","sig":""#.utf8
        text += String(repeating: "3045", count: 36).utf8
        text += #""}],"signed":"#.utf8
        text += signed(tags: tags)
        text.append(UInt8(ascii: "}"))
        return text
    }

    /// Splitmix64: the same document every time.
    private struct Generator {
        var state: UInt64

        mutating func hex() -> String {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            mixed ^= mixed >> 31
            let digits = String(mixed, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
    }
}
