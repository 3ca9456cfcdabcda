/// The known names, found by a hash of their first bytes and compared as machine words.
struct FieldNameTable: Sendable {
    static let shared = FieldNameTable()

    private struct Entry {
        let name: FoldedToken
        let id: FieldName
    }

    /// The names of one spelling, and one behind them that no token equals.
    private let exact: [Entry]
    /// For each hash, where in `exact` the one name is that has it.
    private let places: [UInt8]
    /// Makes the hash of each name its own.
    private let multiplier: UInt64
    private let families: [(prefix: TokenPrefix, id: FieldName)]

    private init() {
        let entries = FieldName.allCases.map { Entry(name: FoldedToken($0.spelling), id: $0) }
        // The spelling of `other` is empty, and no token is.
        let exact = entries.filter { !$0.id.isFamily && $0.id != .other } + entries.filter { $0.id == .other }
        families = entries.filter { $0.id.isFamily }.map { (TokenPrefix($0.name), $0.id) }
        var multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15
        var places = Self.places(exact, multiplier)
        while places == nil {
            multiplier = multiplier &* 0xD134_2543_DE82_EF95 &+ 2
            places = Self.places(exact, multiplier)
        }
        self.exact = exact
        self.places = places ?? []
        self.multiplier = multiplier
    }

    /// What a token names, in any case of letters.
    subscript(_ name: FoldedToken) -> FieldName {
        let entry = exact[Int(places[name.hash(multiplier)])]
        if entry.name == name { return entry.id }
        for family in families where family.prefix.begins(name) { return family.id }
        return .other
    }

    /// A place for each hash, or nil where two names have the same.
    private static func places(_ exact: [Entry], _ multiplier: UInt64) -> [UInt8]? {
        let none = UInt8(truncatingIfNeeded: exact.count - 1)
        var places = [UInt8](repeating: none, count: FoldedToken.hashCount)
        for (place, entry) in exact.enumerated().dropLast() {
            let hash = entry.name.hash(multiplier)
            guard places[hash] == none else { return nil }
            places[hash] = UInt8(truncatingIfNeeded: place)
        }
        return places
    }
}
