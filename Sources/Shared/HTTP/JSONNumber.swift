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
    var count: UInt64 {
        guard !isNegative, mantissa > 0 else { return 0 }
        var power = scale &+ (isExponentNegative ? -exponent : exponent)
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

    /// Takes one more byte; false where it does not belong to a number: then either the number is complete and the
    /// byte is what follows it, or it is malformed.
    mutating func take(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return takeDigit(UInt64(byte &- UInt8(ascii: "0")))
        case UInt8(ascii: "-"): return takeMinus()
        case UInt8(ascii: "+"): return move(from: .exponent, to: .exponentSign)
        case UInt8(ascii: "."):
            return move(from: .zero, to: .point) || move(from: .integer, to: .point)
        case UInt8(ascii: "e"), UInt8(ascii: "E"):
            return move(from: .zero, to: .exponent) || move(from: .integer, to: .exponent)
                || move(from: .fraction, to: .exponent)
        default: return false
        }
    }

    private mutating func move(from: Phase, to next: Phase) -> Bool {
        guard phase == from else { return false }
        phase = next
        return true
    }

    private mutating func takeMinus() -> Bool {
        if move(from: .start, to: .minus) {
            isNegative = true
            return true
        }
        if move(from: .exponent, to: .exponentSign) {
            isExponentNegative = true
            return true
        }
        return false
    }

    private mutating func takeDigit(_ digit: UInt64) -> Bool {
        switch phase {
        case .start, .minus:
            phase = digit == 0 ? .zero : .integer
            accumulate(digit, scaleIfKept: 0, scaleIfDropped: 1)
        case .integer:
            accumulate(digit, scaleIfKept: 0, scaleIfDropped: 1)
        case .point, .fraction:
            phase = .fraction
            accumulate(digit, scaleIfKept: -1, scaleIfDropped: 0)
        case .exponent, .exponentSign, .exponentDigits:
            phase = .exponentDigits
            // Far beyond what any number of digits can make up for.
            exponent = min(exponent * 10 + Int(digit), 1_000_000_000_000)
        case .zero, .malformed:
            phase = .malformed
            return false
        }
        return true
    }

    private mutating func accumulate(_ digit: UInt64, scaleIfKept: Int, scaleIfDropped: Int) {
        let (product, overflow) = mantissa.multipliedReportingOverflow(by: 10)
        let (sum, carry) = product.addingReportingOverflow(digit)
        if isFull || overflow || carry {
            isFull = true
            scale += scaleIfDropped
        } else {
            mantissa = sum
            scale += scaleIfKept
        }
    }
}
