extension Duration {
    /// As messages to workers carry it; nothing below zero.
    var wholeMilliseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (product, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1000)
        return overflow ? .max : product + UInt64(attoseconds / 1_000_000_000_000_000)
    }
}
