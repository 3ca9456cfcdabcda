/// The space that all reads of the process go to: what is in it is gone after the next suspension, so it is looked at, and
/// written on or copied, at once. A connection that waits owns no buffer.
@safe @EventLoop package final class ReadBuffer {
    package static let shared = ReadBuffer(capacity: 64 * 1024)

    /// To be read into.
    package let space: UnsafeMutableRawBufferPointer

    private init(capacity: Int) {
        unsafe space = .allocate(byteCount: capacity, alignment: 64)
        unsafe space.initializeMemory(as: UInt8.self, repeating: 0)
    }

    /// The beginning of it: for a read that is to bring no more than `count` bytes.
    @inlinable package func space(atMost count: Int) -> UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(rebasing: space[..<min(count, space.count)])
    }

    /// Calls `body` with the first `count` bytes.
    @inlinable
    package func withBytes<Result, Failure: Error>(
        _ count: Int, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: space[..<count]).bindMemory(to: UInt8.self)
        return try unsafe body(bytes.span)
    }

    /// As ``withBytes(_:_:)``; the bytes may be changed where they stand.
    @inlinable
    package func withMutableBytes<Result, Failure: Error>(
        _ count: Int, _ body: (inout MutableSpan<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: space[..<count]).bindMemory(to: UInt8.self)
        var span = unsafe bytes.mutableSpan
        return try body(&span)
    }
}
