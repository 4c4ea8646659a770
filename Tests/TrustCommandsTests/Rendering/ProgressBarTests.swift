import Testing

@testable import TrustCommands

@Suite struct ProgressBarTests {
    @Test func fitsTheTerminal() {
        for width in [1, 20, 40, 80, 200] {
            for done in [0, 1, 50, 100] {
                let line = ProgressBar.line(label: "signing", done: done, total: 100, width: width)
                #expect(line.count <= max(width, "signing 100 % (100 of 100)".count))
            }
        }
    }

    @Test func showsTheShare() {
        #expect(ProgressBar.line(label: "x", done: 1, total: 2, width: 30) == "x [#####-----]  50 % (1 of 2)")
        #expect(ProgressBar.line(label: "x", done: 2, total: 2, width: 10) == "x 100 % (2 of 2)")
    }
}
