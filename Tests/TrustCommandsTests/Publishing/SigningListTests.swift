import ContentTrust
import Testing
import TrustCrypto

@testable import TrustCommands

@Suite struct SigningListTests {
    private static let one = "sha256:" + String(repeating: "11", count: 32)
    private static let two = "sha256:" + String(repeating: "22", count: 32)

    private func list(_ text: String) throws -> SigningList {
        var list = SigningList()
        try list.add(file: Array(text.utf8), name: "list")
        return list
    }

    @Test func groupsByRepositoryInOrder() throws {
        let list = try list(
            """
            # nightly images
            reg.io/b:1 \(Self.one)

            reg.io/a
              reg.io/b:2@\(Self.two)\t
            reg.io/b:1\t\(Self.one)\r
            alpine:3
            """
        )
        #expect(list.groups.map(\.subject.description) == ["reg.io/b", "reg.io/a", "docker.io/library/alpine"])
        #expect(list.groups[0].entries.map(\.tag) == ["1", "2"])
        #expect(list.groups[0].entries.map { $0.digest?.description } == [Self.one, Self.two])
        #expect(list.groups[1].entries.map(\.tag) == ["latest"])
        #expect(list.count == 4)
        #expect(list.asksForDigests)
    }

    @Test(arguments: [
        "reg.io/a:1 \(one)\nreg.io/a:1 \(two)",
        "reg.io/a:1 \(one)\nreg.io/a:1",
        "reg.io/a:1@\(one) \(two)",
        "reg.io/a@\(one)",
        "reg.io/a:1 sha256:12",
        "reg.io/a:1 \(one) x",
        "REG/A:1",
    ])
    func refuses(text: String) {
        let error = #expect(throws: Refusal.self) { try list("# comment\n" + text) }
        #expect(error?.reason == .usage)
        #expect(error?.checked.hasPrefix("list, line ") == true)
    }
}
