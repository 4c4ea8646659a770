import CanonicalJSON
import ContentTrust
import Testing

@testable import TrustCommands

@Suite struct RefusalTextTests {
    private let refusal = Refusal(
        .tagMoved,
        checked: "tag",
        found: "sha256:aa\u{1b}",
        expected: "sha256:bb",
        next: "trustctl sign image x"
    )

    @Test func saysWhatWasCheckedFoundExpectedAndWhatIsNext() {
        #expect(
            RefusalText.lines(refusal, subject: "reg/app:1", style: Style(isColored: false)) == [
                "refused reg/app:1: the registry serves another digest than the signed one [tag-moved]",
                "  checked:  tag", "  found:    sha256:aa\\u{1b}", "  expected: sha256:bb",
                "  next:     trustctl sign image x",
            ]
        )
    }

    @Test func coloursOnlyWhereWanted() {
        let colored = RefusalText.lines(refusal, subject: "x", style: Style(isColored: true))
        #expect(colored.first?.hasPrefix("\u{1b}[31mrefused\u{1b}[0m x") == true)
    }

    @Test func jsonHasTheSameParts() {
        let object = RefusalText.json(refusal)
        #expect(object["reason"] == "tag-moved")
        #expect(object["exitCode"] == 16)
        #expect(object.keys == ["checked", "exitCode", "expected", "found", "next", "reason"])
    }
}
