/// The bytes of one input, taken from its front.
public struct Input {
    public private(set) var rest: ArraySlice<UInt8>

    /// What libFuzzer hands over.
    public init(_ start: UnsafePointer<UInt8>?, _ count: Int) {
        rest = Array(UnsafeBufferPointer(start: start, count: count))[...]
    }

    public var isEmpty: Bool { rest.isEmpty }

    /// All that is left.
    public var bytes: [UInt8] { Array(rest) }

    /// The next byte; 0 where there is none.
    public mutating func byte() -> UInt8 {
        rest.popFirst() ?? 0
    }

    /// Some of the next bytes: their number stands before them.
    public mutating func part() -> [UInt8] {
        let count = min(Int(byte()) | Int(byte()) << 8, rest.count)
        defer { rest.removeFirst(count) }
        return Array(rest.prefix(count))
    }

    /// A number of up to eight bytes: how many, then they.
    public mutating func number() -> UInt64 {
        (0..<min(8, byte())).reduce(0) { number, _ in number << 8 | UInt64(byte()) }
    }
}

/// Lengths of pieces, small ones, the same for the same seed.
public struct Pieces {
    private var state: UInt32

    public init(seed: UInt8) {
        state = UInt32(seed) | 1
    }

    public mutating func next() -> Int {
        state = state &* 1_664_525 &+ 1_013_904_223
        return Int(state >> 16) % 20
    }
}
