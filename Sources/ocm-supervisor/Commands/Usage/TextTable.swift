/// Columns of text that fit into a terminal.
struct TextTable {
    struct Column {
        var title: String
        var cells: [String]
        /// Numbers stand at the right.
        var isNumber = false
        /// The column goes when there is no room; the highest first. Zero stays.
        var dispensable = 0
    }

    var columns: [Column]
    /// How long the bar of each row is, 0 to 1; none where there are fewer than rows.
    var bars: [Double] = []
    let terminal: Terminal

    private static let gap = 2
    private static let shortestName = 6
    private static let bar = 8...40

    /// Lines without their ends, the titles first.
    var lines: [String] {
        let columns = fitted()
        let widths = columns.map(Self.width)
        let used = Self.total(widths)
        let room = min(terminal.width.map { $0 - used - Self.gap } ?? 0, Self.bar.upperBound)
        let hasBars = terminal.showsUnicode && room >= Self.bar.lowerBound
        var lines = [Self.line(columns.map(\.title), columns, widths)]
        for row in 0..<(columns.first?.cells.count ?? 0) {
            var line = Self.line(columns.map { $0.cells[row] }, columns, widths)
            if hasBars, row < bars.count, bars[row] > 0 {
                let padding = used + Self.gap - Terminal.columns(of: line)
                line += String(repeating: " ", count: padding) + Self.bar(bars[row], room)
            }
            lines.append(line)
        }
        return lines
    }

    /// Without the columns that there is no room for, and names cut where that is not enough.
    private func fitted() -> [Column] {
        var columns = columns
        guard let limit = terminal.width else { return columns }
        while Self.total(columns.map(Self.width)) > limit {
            if let most = columns.map(\.dispensable).max(), most > 0 {
                columns.removeAll { $0.dispensable == most }
                continue
            }
            let names = columns.indices.filter { !columns[$0].isNumber }
            guard let widest = names.max(by: { Self.width(columns[$0]) < Self.width(columns[$1]) }),
                case let width = Self.width(columns[widest]), width > Self.shortestName
            else { return columns }
            let excess = Self.total(columns.map(Self.width)) - limit
            let target = max(Self.shortestName, width - excess)
            columns[widest].cells = columns[widest].cells.map { cut($0, to: target) }
            columns[widest].title = cut(columns[widest].title, to: target)
        }
        return columns
    }

    private func cut(_ text: String, to width: Int) -> String {
        guard Terminal.columns(of: text) > width else { return text }
        var kept = text[...]
        while Terminal.columns(of: kept) > width - 1 { kept = kept.dropLast() }
        return kept + (terminal.showsUnicode ? "…" : "~")
    }

    private static func width(_ column: Column) -> Int {
        column.cells.reduce(Terminal.columns(of: column.title)) { max($0, Terminal.columns(of: $1)) }
    }

    private static func total(_ widths: [Int]) -> Int {
        widths.reduce(0, +) + gap * max(0, widths.count - 1)
    }

    private static func line(_ cells: [String], _ columns: [Column], _ widths: [Int]) -> String {
        var line = ""
        for (index, cell) in cells.enumerated() {
            let padding = String(repeating: " ", count: max(0, widths[index] - Terminal.columns(of: cell)))
            if index > 0 { line += String(repeating: " ", count: gap) }
            line += columns[index].isNumber ? padding + cell : cell + padding
        }
        while line.last == " " { line.removeLast() }
        return line
    }

    /// In eighths of a character; whatever is not nothing is seen.
    private static func bar(_ share: Double, _ room: Int) -> String {
        let eighths = max(1, Int((share * Double(room * 8)).rounded()))
        let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        return String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
    }
}
