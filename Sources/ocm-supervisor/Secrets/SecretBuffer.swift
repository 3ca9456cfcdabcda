/// Room of a fixed size that secret bytes are read into piece by piece; zeroed at its end.
@safe final class SecretBuffer {
    private let memory: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(capacity: Int) {
        unsafe memory = SecretMemory.allocate(capacity)
    }

    deinit {
        unsafe SecretMemory.release(memory)
    }

    var isFull: Bool { unsafe count == memory.count }

    /// What is not filled yet; say with `noteFilled` how much of it has been.
    var room: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[count...])
    }

    func noteFilled(_ count: Int) {
        unsafe self.count = min(self.count + count, memory.count)
    }

    /// Takes as much as there is room for.
    func append(_ bytes: Span<UInt8>) {
        let part = bytes.extracting(first: unsafe min(bytes.count, memory.count - count))
        unsafe part.withUnsafeBytes { unsafe room.copyMemory(from: $0) }
        noteFilled(part.count)
    }

    func withBytes<Result, Thrown: Error>(
        _ body: (Span<UInt8>) throws(Thrown) -> Result
    ) throws(Thrown) -> Result {
        let filled = unsafe UnsafeBufferPointer(rebasing: memory.bindMemory(to: UInt8.self)[..<count])
        return try unsafe body(filled.span)
    }

    var contents: Secret {
        withBytes { Secret($0) }
    }
}
