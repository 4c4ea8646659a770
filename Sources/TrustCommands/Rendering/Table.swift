/// Columns of text, as wide as their widest cell, two spaces apart.
struct Table {
    private var rows: [[String]]

    /// A table.
    ///
    /// - Parameter header: The names of the columns.
    init(header: [String]) { rows = [header] }

    /// Adds a row; cells are escaped here.
    mutating func add(_ cells: [String]) { rows.append(cells.map(SafeText.escaped)) }

    /// The lines, without spaces at their ends.
    var lines: [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            var line = ""
            var gap = 0
            for (column, cell) in row.enumerated() {
                // Spaces are only written when something follows them.
                if !cell.isEmpty {
                    line += String(repeating: " ", count: gap) + cell
                    gap = 0
                }
                gap += widths[column] - cell.count + 2
            }
            return line
        }
    }
}
