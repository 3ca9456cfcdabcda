/// What the `x-codex-*` fields of a response say about the login's limits.
struct RateLimitFields: Sendable {
    /// Start of the active limit's weekly window, Unix seconds rounded to the minute; 0 where the fields name none.
    var weekStart: Int64 {
        0
    }

    /// Takes in one field of a response's head; names in any case, fields of other meaning are passed over.
    mutating func add(name: Span<UInt8>, value: Span<UInt8>) {
    }
}
