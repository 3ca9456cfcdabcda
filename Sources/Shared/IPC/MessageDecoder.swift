/// Takes fields from the bytes of a message, each with its bound. Whatever the bytes are, it only returns or throws.
package struct MessageDecoder {
    private let bytes: [UInt8]
    private var offset = 0

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package mutating func take<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) throws(IPCError) -> Value {
        let size = Value.bitWidth / 8
        guard bytes.count - offset >= size else { throw .truncated }
        var value: Value = 0
        for index in (0..<size).reversed() {
            value = (size == 1 ? 0 : value << 8) | Value(truncatingIfNeeded: bytes[offset + index])
        }
        offset += size
        return value
    }

    package mutating func takeBool(_ field: StaticString) throws(IPCError) -> Bool {
        switch try take(UInt8.self) {
        case 0: return false
        case 1: return true
        default: throw .invalid(field: field)
        }
    }

    package mutating func takeBytes(_ field: StaticString, atMost limit: Int) throws(IPCError) -> [UInt8] {
        let count = Int(try take(UInt32.self))
        guard count <= limit else { throw .tooLarge(field: field, size: count) }
        guard bytes.count - offset >= count else { throw .truncated }
        defer { offset += count }
        return Array(bytes[offset..<offset + count])
    }

    /// A string, which must be valid UTF-8.
    package mutating func takeString(_ field: StaticString, atMost limit: Int) throws(IPCError) -> String {
        let utf8 = try takeBytes(field, atMost: limit)
        guard let string = String(validating: utf8, as: UTF8.self) else { throw .invalid(field: field) }
        return string
    }

    package mutating func takeList<Element>(
        _ field: StaticString, atMost limit: Int, each: (inout MessageDecoder) throws(IPCError) -> Element
    ) throws(IPCError) -> [Element] {
        let count = Int(try take(UInt32.self))
        guard count <= limit else { throw .tooLarge(field: field, size: count) }
        var list: [Element] = []
        for _ in 0..<count { list.append(try each(&self)) }
        return list
    }

    package mutating func takeOptional<Value>(
        _ field: StaticString, each: (inout MessageDecoder) throws(IPCError) -> Value
    ) throws(IPCError) -> Value? {
        try takeBool(field) ? try each(&self) : nil
    }

    /// To be called behind the last field.
    package func end() throws(IPCError) {
        guard offset == bytes.count else { throw .surplus(bytes.count - offset) }
    }
}
