/// What the tokens of a request cost.
struct Price: Hashable, Sendable {
    var input: TokenPrice
    /// Input that was read from the cache.
    var cachedInput: TokenPrice
    /// Input that was written to the cache.
    var cacheWrite: TokenPrice
    var output: TokenPrice

    /// Where a list names no price of their own, tokens read from and written to the cache cost what input costs.
    init(input: TokenPrice, cachedInput: TokenPrice? = nil, cacheWrite: TokenPrice? = nil, output: TokenPrice) {
        self.input = input
        self.cachedInput = cachedInput ?? input
        self.cacheWrite = cacheWrite ?? input
        self.output = output
    }

    /// Cached tokens and cache writes are parts of the input, each token is paid for once.
    func cost(of counts: TokenCounts) -> PicoDollars {
        let cached = min(counts.cached, counts.input)
        let written = min(counts.cacheWrite, counts.input - cached)
        let plain = counts.input - cached - written
        return input * plain + cachedInput * cached + cacheWrite * written + output * counts.output
    }
}

/// The prices of a model in one service tier.
struct TierPrice: Hashable, Sendable {
    struct LongContext: Hashable, Sendable {
        /// A request with more input tokens than this is a long one, as a whole.
        var aboveInputTokens: UInt64
        var price: Price
    }

    var price: Price
    var longContext: LongContext?

    init(price: Price, longContext: LongContext? = nil) {
        self.price = price
        self.longContext = longContext
    }

    /// The price of a row that was counted under a context window: a row of long requests keeps the tier's ordinary
    /// price where the table has no other.
    func price(in window: ContextWindow) -> Price {
        window == .long ? longContext?.price ?? price : price
    }
}

/// The context window that a request is counted under.
struct ContextWindow: RawRepresentable, Hashable, Comparable, Sendable {
    /// Tokens, as the usage file shows it.
    var rawValue: Int64

    static let standard = ContextWindow(rawValue: 272_000)
    static let long = ContextWindow(rawValue: 1_050_000)

    init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    static func < (left: ContextWindow, right: ContextWindow) -> Bool {
        left.rawValue < right.rawValue
    }
}
