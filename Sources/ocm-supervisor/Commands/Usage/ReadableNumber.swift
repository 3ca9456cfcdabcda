/// Numbers for people.
enum ReadableNumber {
    /// `1,234`
    static func grouped(_ digits: String) -> String {
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// Up to 9,999 as it is, then three digits and a unit: `12.3k`, `4.57M`, `123G`.
    static func short(_ count: UInt64) -> String {
        guard count >= 10_000 else { return grouped("\(count)") }
        var unit: UInt64 = 1000
        for name in ["k", "M", "G", "T", "P", "E"] {
            let decimals = count / unit < 10 ? 2 : count / unit < 100 ? 1 : 0
            let scale: UInt64 = [1, 10, 100][decimals]
            let rounded = (UInt128(count) * UInt128(scale) + UInt128(unit / 2)) / UInt128(unit)
            if rounded < 1000 { return point(String(rounded), decimals) + name }
            // Rounding may bring a fourth digit.
            if rounded == 1000, decimals > 0 { return point(String(rounded / 10), decimals - 1) + name }
            unit *= 1000
        }
        return grouped("\(count)")
    }

    /// `$1,234.56`; something that is less than half a cent is not nothing.
    static func dollars(_ cost: PicoDollars) -> String {
        let cents = cost.amount / 10_000_000_000 + (cost.amount % 10_000_000_000 >= 5_000_000_000 ? 1 : 0)
        if cents == 0 && cost != .zero { return "<$0.01" }
        let digits = String(repeating: "0", count: max(0, 3 - String(cents).count)) + String(cents)
        return "$\(grouped(String(digits.dropLast(2)))).\(digits.suffix(2))"
    }

    /// `$1,234.567890`
    static func exactDollars(_ cost: PicoDollars) -> String {
        let parts = cost.dollars.split(separator: ".")
        return "$\(grouped(String(parts[0]))).\(parts[1])"
    }

    private static func point(_ digits: String, _ decimals: Int) -> String {
        decimals == 0 ? digits : "\(digits.dropLast(decimals)).\(digits.suffix(decimals))"
    }
}
