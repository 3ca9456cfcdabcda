/// An amount of money, exact: whole pico-dollars (10⁻¹² USD).
///
/// A list price in USD per million tokens with up to six decimals is a whole number of pico-dollars per token, so a cost
/// never meets a fraction. Sums saturate rather than trap: what they add up was reported by other processes.
struct PicoDollars: Hashable, Comparable, Sendable {
    var amount: UInt128

    static let zero = PicoDollars(amount: 0)

    init(amount: UInt128) {
        self.amount = amount
    }

    static func < (left: PicoDollars, right: PicoDollars) -> Bool {
        left.amount < right.amount
    }

    static func + (left: PicoDollars, right: PicoDollars) -> PicoDollars {
        let (sum, overflow) = left.amount.addingReportingOverflow(right.amount)
        return PicoDollars(amount: overflow ? .max : sum)
    }

    static func += (left: inout PicoDollars, right: PicoDollars) {
        left = left + right
    }

    /// The amount in USD with exactly six decimals, half a micro-dollar rounded up: `1.234567`.
    var dollars: String {
        let (sum, overflow) = amount.addingReportingOverflow(500_000)
        let micros = (overflow ? amount : sum) / 1_000_000
        let fraction = String(micros % 1_000_000)
        return "\(micros / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction
    }
}

/// What one token costs, in whole pico-dollars.
struct TokenPrice: Hashable, Sendable {
    var picoDollars: UInt64

    /// A thousand dollars a token: far above any price, and low enough that no sum of costs overflows.
    static let highest = TokenPrice(picoDollars: 1_000_000_000_000_000)

    init(picoDollars: UInt64) {
        self.picoDollars = picoDollars
    }

    /// Reads a list price, USD per million tokens: digits, and after a point up to six decimals that are not zero.
    ///
    /// The text is read digit by digit, so `0.138` is 138 000 pico-dollars and nothing near it.
    /// Nil for anything else (a sign, an exponent, a seventh decimal) and above ``highest``.
    init?(dollarsPerMillionTokens text: String) {
        var amount: UInt64 = 0
        var decimals: Int?
        var digits = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "."):
                guard decimals == nil, digits > 0 else { return nil }
                decimals = 0
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                let digit = UInt64(byte - UInt8(ascii: "0"))
                digits += 1
                if let count = decimals {
                    if count >= 6 {
                        guard digit == 0 else { return nil }
                        continue
                    }
                    decimals = count + 1
                }
                amount = amount * 10 + digit
                guard amount <= Self.highest.picoDollars else { return nil }
            default:
                return nil
            }
        }
        guard digits > 0, decimals != 0 else { return nil }
        for _ in (decimals ?? 0)..<6 {
            amount *= 10
            guard amount <= Self.highest.picoDollars else { return nil }
        }
        picoDollars = amount
    }

    static func * (price: TokenPrice, tokens: UInt64) -> PicoDollars {
        PicoDollars(amount: UInt128(price.picoDollars) * UInt128(tokens))
    }
}
