import Testing

@testable import TrustCommands

@Suite struct TableTests {
    @Test func alignsColumnsAndLeavesNoSpacesAtTheEnd() {
        var table = Table(header: ["NAME", "X", "LAST"])
        table.add(["a-long-name", "1", ""])
        table.add(["b", "", "z"])
        #expect(table.lines == ["NAME         X  LAST", "a-long-name  1", "b               z"])
    }

    @Test func escapesCells() {
        var table = Table(header: ["A"])
        table.add(["x\u{1b}c"])
        #expect(table.lines == ["A", "x\\u{1b}c"])
    }
}
