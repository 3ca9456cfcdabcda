internal import OCMEventLoop
internal import OCMHTTP

/// What of one read goes out: bytes that were put together, and behind them a run of those that were read, which are
/// written from where they stand.
@EventLoop struct FrameOutput {
    var bytes: [UInt8] = []
    private(set) var run = 0..<0
    /// Frames and parts of frames that were read.
    var frames = 0

    init() {
        swap(&bytes, &Scratch.output)
    }

    /// Gives the memory back.
    mutating func finish() {
        bytes.removeAll(keepingCapacity: true)
        swap(&bytes, &Scratch.output)
    }

    /// Adds a part of what was read.
    @inline(__always) mutating func add(_ range: Range<Int>, of source: Span<UInt8>) {
        if range.lowerBound == run.upperBound, !run.isEmpty {
            run = run.lowerBound..<range.upperBound
        } else {
            join(source)
            run = range
        }
    }

    /// Puts what has been added so far together, so that something else can follow in ``bytes``.
    mutating func join(_ source: Span<UInt8>) {
        bytes.append(source, run)
        run = 0..<0
    }
}
