/// The grammar of a JSON number (RFC 8259, section 6), byte by byte, and its value as a count.
struct JSONNumber: Sendable {
    private enum Phase: UInt8 {
        case start, minus, zero, integer, point, fraction, exponent, exponentSign, exponentDigits, malformed
    }

    private var phase: Phase = .start
    private var isNegative = false
    private var isExponentNegative = false
    /// Whether digits were dropped, because they do not fit in `mantissa`.
    private var isFull = false
    private var mantissa: UInt64 = 0
    /// Power of ten that `mantissa` is to be multiplied with, the written exponent left aside.
    private var scale = 0
    private var exponent = 0

    /// Whether the bytes taken so far are a number.
    var isComplete: Bool {
        switch phase {
        case .zero, .integer, .fraction, .exponentDigits: true
        default: false
        }
    }

    /// The number without its fraction: 0 where it is negative, `UInt64.max` where it is greater than that.
    var count: UInt64 { count(shifted: 0) }

    /// ``count`` of the number with its point so many places to the right.
    func count(shifted places: Int) -> UInt64 {
        guard !isNegative, mantissa > 0 else { return 0 }
        var power = scale &+ (isExponentNegative ? -exponent : exponent) &+ places
        var value = mantissa
        if power > 0 && isFull { return .max }
        while power > 0 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return .max }
            value = product
            power -= 1
        }
        while power < 0 && value > 0 {
            value /= 10
            power += 1
        }
        return value
    }

    /// Takes what belongs to a number of the bytes at `position`.
    ///
    /// - Returns: whether a byte stopped it: then either the number is complete and the byte is what follows it, or it
    ///   is malformed.
    mutating func take(_ bytes: Span<UInt8>, _ position: inout Int) -> Bool {
        while position < bytes.count {
            guard take(bytes[position]) else { return true }
            position &+= 1
        }
        return false
    }

    /// Takes one more byte; false where it does not belong to a number.
    @inline(__always)
    mutating func take(_ byte: UInt8) -> Bool {
        byte.isDigit ? takeDigit(UInt64(byte &- UInt8(ascii: "0"))) : takeSign(byte)
    }

    private mutating func takeSign(_ byte: UInt8) -> Bool {
        switch (byte, phase) {
        case (UInt8(ascii: "-"), .start):
            phase = .minus
            isNegative = true
        case (UInt8(ascii: "-"), .exponent):
            phase = .exponentSign
            isExponentNegative = true
        case (UInt8(ascii: "+"), .exponent): phase = .exponentSign
        case (UInt8(ascii: "."), .zero), (UInt8(ascii: "."), .integer): phase = .point
        case (UInt8(ascii: "e"), .zero), (UInt8(ascii: "e"), .integer), (UInt8(ascii: "e"), .fraction),
            (UInt8(ascii: "E"), .zero), (UInt8(ascii: "E"), .integer), (UInt8(ascii: "E"), .fraction):
            phase = .exponent
        default: return false
        }
        return true
    }

    @inline(__always)
    private mutating func takeDigit(_ digit: UInt64) -> Bool {
        switch phase {
        case .integer:
            accumulate(digit, isFraction: false)
        case .point, .fraction:
            phase = .fraction
            accumulate(digit, isFraction: true)
        case .start, .minus:
            phase = digit == 0 ? .zero : .integer
            mantissa = digit
        case .exponent, .exponentSign, .exponentDigits:
            phase = .exponentDigits
            // Far beyond what any number of digits can make up for.
            exponent = min(exponent &* 10 &+ Int(digit), 1_000_000_000_000)
        case .zero, .malformed:
            phase = .malformed
            return false
        }
        return true
    }

    @inline(__always)
    private mutating func accumulate(_ digit: UInt64, isFraction: Bool) {
        // Room for the next digit, whichever it is; the last digit of a count near `UInt64.max` is taken with care.
        if mantissa < UInt64.max / 10, !isFull {
            mantissa = mantissa &* 10 &+ digit
            if isFraction { scale &-= 1 }
        } else {
            accumulateWithCare(digit, isFraction: isFraction)
        }
    }

    private mutating func accumulateWithCare(_ digit: UInt64, isFraction: Bool) {
        let (product, overflow) = mantissa.multipliedReportingOverflow(by: 10)
        let (sum, carry) = product.addingReportingOverflow(digit)
        if isFull || overflow || carry {
            isFull = true
            if !isFraction { scale &+= 1 }
        } else {
            mantissa = sum
            if isFraction { scale &-= 1 }
        }
    }
}
