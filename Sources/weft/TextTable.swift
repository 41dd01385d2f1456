// Tables as docker and ipvsadm print them: capital headings, columns as wide as their widest cell,
// text to the left, numbers to the right.

struct TextTable {
    enum Alignment {
        case left, right
    }

    private let headings: [(title: String, alignment: Alignment)]
    private var rows: [[String]] = []

    init(_ headings: [(title: String, alignment: Alignment)]) { self.headings = headings }

    mutating func add(_ cells: [String]) {
        precondition(cells.count == headings.count)
        rows.append(cells)
    }

    var isEmpty: Bool { rows.isEmpty }

    /// The lines, without trailing spaces.
    var text: String {
        var widths = headings.map(\.title.count)
        for row in rows {
            for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.count) }
        }
        let lines = ([headings.map(\.title)] + rows).map { row in
            line(row, widths)
        }
        return lines.joined(separator: "\n")
    }

    private func line(_ row: [String], _ widths: [Int]) -> String {
        var line = ""
        for (index, cell) in row.enumerated() {
            let padding = String(repeating: " ", count: widths[index] - cell.count)
            if index > 0 { line += "   " }
            line += headings[index].alignment == .left ? cell + padding : padding + cell
        }
        while line.last == " " { line.removeLast() }
        return line
    }
}
