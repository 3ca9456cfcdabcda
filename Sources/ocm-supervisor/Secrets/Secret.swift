/// Bytes that must not outlive their use: a token, an API key, the text of auth.json.
///
/// The memory, see ``SecretMemory``, is zeroed when the last owner lets go, and nothing prints it. The type is not Sendable, so that the
/// compiler keeps secrets where they were read: they can't ride in an error, a log line or a task's result.
@safe final class Secret {
    private let memory: UnsafeMutableRawBufferPointer
    let count: Int

    /// Copies `bytes`; the caller's copy is the caller's to clear.
    convenience init(_ bytes: Span<UInt8>) {
        self.init(capacity: bytes.count) { output in
            for index in bytes.indices { output.append(bytes[index]) }
        }
    }

    /// Lets `fill` write at most `capacity` bytes straight into the memory that will be zeroed.
    init<Thrown: Error>(
        capacity: Int, fill: (inout OutputSpan<UInt8>) throws(Thrown) -> Void
    ) throws(Thrown) {
        let memory = unsafe SecretMemory.allocate(capacity)
        let bytes = unsafe memory.bindMemory(to: UInt8.self)
        var output = unsafe OutputSpan(buffer: bytes, initializedCount: 0)
        do throws(Thrown) {
            try fill(&output)
        } catch {
            _ = unsafe output.finalize(for: bytes)
            unsafe SecretMemory.release(memory)
            throw error
        }
        count = unsafe output.finalize(for: bytes)
        unsafe self.memory = unsafe memory
    }

    deinit {
        unsafe SecretMemory.release(memory)
    }

    var isEmpty: Bool { count == 0 }

    func withBytes<Result, Thrown: Error>(
        _ body: (Span<UInt8>) throws(Thrown) -> Result
    ) throws(Thrown) -> Result {
        let bytes = unsafe UnsafeBufferPointer(rebasing: memory.bindMemory(to: UInt8.self)[..<count])
        return try unsafe body(bytes.span)
    }

    /// Compares without telling by its duration where the two differ.
    func matches(_ other: Secret) -> Bool {
        guard count == other.count else { return false }
        return withBytes { left in
            other.withBytes { right in
                var difference: UInt8 = 0
                for index in left.indices { difference |= left[index] ^ right[index] }
                return difference == 0
            }
        }
    }

    /// Whether every byte may stand in a field value as one token: visible ASCII. Anything else (a line end above
    /// all) would let the file's author write fields of their own into requests.
    var isVisibleASCII: Bool {
        withBytes { bytes in bytes.indices.allSatisfy { (0x21...0x7e).contains(bytes[$0]) } }
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    var description: String { "<secret>" }
    var debugDescription: String { "<secret>" }
    var customMirror: Mirror { Mirror(self, children: [:]) }
}
