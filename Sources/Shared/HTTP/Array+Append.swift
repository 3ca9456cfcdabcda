// Appending what is not an array, without an iterator's detour.

extension [UInt8] {
    mutating func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    mutating func append(_ text: StaticString) {
        unsafe append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// The digits of `number`, without a string in between.
    mutating func append(decimal number: UInt64) {
        append(number, radix: 10)
    }

    mutating func append(hexadecimal number: UInt64) {
        append(number, radix: 16)
    }

    private mutating func append(_ number: UInt64, radix: UInt64) {
        var rest = number
        let start = count
        repeat {
            let digit = UInt8(truncatingIfNeeded: rest % radix)
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            rest /= radix
        } while rest > 0
        self[start...].reverse()
    }
}
