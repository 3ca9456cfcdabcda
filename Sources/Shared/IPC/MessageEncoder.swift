internal import Glibc

/// Appends fields to the bytes of a message: integers little-endian, strings and lists behind their 32-bit count.
///
/// A message may hold a token, so whatever memory the bytes have stood in is zeroed before it is given back.
@safe package struct MessageEncoder: ~Copyable {
    private var memory: UnsafeMutableRawBufferPointer
    package private(set) var count = 0

    /// Most messages fit.
    private static let firstCapacity = 256

    package init() {
        unsafe memory = .allocate(byteCount: Self.firstCapacity, alignment: 1)
    }

    deinit {
        unsafe Self.release(memory)
    }

    private static func release(_ memory: UnsafeMutableRawBufferPointer) {
        // A plain memset before free is dead code to the optimiser; this one is not.
        if let start = memory.baseAddress { unsafe explicit_bzero(start, memory.count) }
        unsafe memory.deallocate()
    }

    package func withBytes<Result, Thrown: Error>(
        _ body: (Span<UInt8>) throws(Thrown) -> Result
    ) throws(Thrown) -> Result {
        let bytes = unsafe UnsafeBufferPointer(rebasing: memory.bindMemory(to: UInt8.self)[..<count])
        return try unsafe body(bytes.span)
    }

    /// By hand and not by realloc(3), which leaves behind what it has moved.
    private mutating func makeRoom(for more: Int) {
        guard unsafe memory.count - count < more else { return }
        let larger = unsafe UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(memory.count * 2, count + more), alignment: 1)
        unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<count]))
        unsafe Self.release(memory)
        unsafe memory = unsafe larger
    }

    private mutating func append(_ bytes: Span<UInt8>) {
        makeRoom(for: bytes.count)
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: bytes)
        }
        count += bytes.count
    }

    package mutating func put<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value) {
        makeRoom(for: MemoryLayout<Value>.size)
        set(value, at: count)
        count += MemoryLayout<Value>.size
    }

    /// Puts a value in the place of an earlier one of its size.
    package mutating func replace<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int, with value: Value) {
        precondition(offset >= 0 && offset + MemoryLayout<Value>.size <= count)
        set(value, at: offset)
    }

    private mutating func set<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, at offset: Int) {
        unsafe memory.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
    }

    package mutating func put(_ value: Bool) {
        put(UInt8(value ? 1 : 0))
    }

    package mutating func put(_ value: Span<UInt8>) {
        put(UInt32(value.count))
        append(value)
    }

    package mutating func put(_ value: [UInt8]) {
        put(value.span)
    }

    package mutating func put(_ value: String) {
        put(value.utf8Span.span)
    }

    package mutating func put<Element>(_ list: [Element], each: (inout MessageEncoder, Element) -> Void) {
        put(UInt32(list.count))
        for element in list { each(&self, element) }
    }

    package mutating func putOptional<Value>(_ value: Value?, each: (inout MessageEncoder, Value) -> Void) {
        put(value != nil)
        if let value { each(&self, value) }
    }
}
