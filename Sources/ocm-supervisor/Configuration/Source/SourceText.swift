/// The bytes of a configuration file, with the lines that they fall into.
struct SourceText: Sendable {
    /// The file as it was named by whoever asked for it.
    let file: String
    let bytes: [UInt8]
    /// Offsets of the first byte of each line.
    private let lineStarts: [Int]

    init(file: String, bytes: [UInt8]) {
        self.file = file
        self.bytes = bytes
        lineStarts = [0] + bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
    }

    /// The line of an offset, from 1.
    func line(of offset: Int) -> Int {
        var (low, high) = (0, lineStarts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low + 1
    }

    /// The column of an offset, from 1, in Unicode scalars.
    func column(of offset: Int) -> Int {
        let start = lineStarts[line(of: offset) - 1]
        return bytes[start..<min(offset, bytes.count)].count { $0 & 0xc0 != 0x80 } + 1
    }
}
