import ContentTrust
import Testing
import TrustCrypto

@testable import TrustCommands

@Suite struct DigestFileTests {
    private static let digest = "sha256:" + String(repeating: "ab", count: 32)

    @Test(arguments: [
        digest,
        "\(digest)\n",
        "  \(digest)\r\n",
        "{\"containerimage.digest\": \"\(digest)\", \"image.name\": \"reg.io/app:1\"}",
        "\n{\n  \"buildx.build.ref\": \"x\", \"containerimage.digest\":\"\(digest)\"\n}\n",
    ])
    func reads(text: String) throws {
        #expect(try DigestFile.digest(parsing: Array(text.utf8), checked: "file").description == Self.digest)
    }

    @Test(arguments: [
        "", "\n", "sha256:abc", "\(digest) \(digest)", "\(digest)\n\(digest)\n", digest.uppercased(),
        "sha512:" + String(repeating: "ab", count: 64), "md5:00", "{}", "{\"containerimage.digest\": 1}",
        "{\"containerimage.digest\": \"\(digest)\"", "{\"containerimage.digest\": \"\(digest)\"} x",
        "{\"containerimage.digest\": \"\(digest)\", \"containerimage.digest\": \"\(digest)\"}",
        "[\"\(digest)\"]", "\u{feff}\(digest)",
    ])
    func refuses(text: String) {
        let error = #expect(throws: Refusal.self) {
            try DigestFile.digest(parsing: Array(text.utf8), checked: "file")
        }
        #expect(error?.reason == .usage)
    }
}
