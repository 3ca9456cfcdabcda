/// The known names by length, compared as machine words.
struct FieldNameTable: Sendable {
    static let shared = FieldNameTable()

    private struct Entry {
        let name: FoldedToken
        let id: FieldName
    }

    /// The names of one spelling, the shortest first.
    private let exact: [Entry]
    /// Where in `exact` the names of each length begin, and one more.
    private let starts: [Int]
    private let families: [Entry]
    /// By length, the letters that names begin with, as bits: most names of a head are ruled out by these.
    private let initials: [UInt32]

    private init() {
        let entries = FieldName.allCases.filter { $0 != .other }
            .map { Entry(name: FoldedToken($0.spelling), id: $0) }
        let exact = entries.filter { !$0.id.isFamily }.sorted { $0.name.count < $1.name.count }
        let families = entries.filter { $0.id.isFamily }
        self.exact = exact
        self.families = families
        starts = (0...FoldedToken.maximumCount + 1).map { length in exact.count { $0.name.count < length } }
        initials = (0...FoldedToken.maximumCount + 1).map { length in
            let names = exact.filter { $0.name.count == length } + families.filter { $0.name.count <= length }
            return names.reduce(0) { $0 | Self.bit($1.name.first) }
        }
    }

    /// What the token in `range` names, in any case of letters.
    func id(of range: Range<Int>, in bytes: Span<UInt8>) -> FieldName {
        guard let first = range.first,
            initials[min(range.count, FoldedToken.maximumCount + 1)] & Self.bit(bytes[first]) != 0
        else { return .other }
        return self[bytes.foldedToken(in: range)]
    }

    subscript(_ name: FoldedToken) -> FieldName {
        if name.count <= FoldedToken.maximumCount {
            for index in starts[name.count]..<starts[name.count + 1] where exact[index].name == name {
                return exact[index].id
            }
        }
        for family in families where name.begins(with: family.name) { return family.id }
        return .other
    }

    /// One bit for a letter, the same for both cases; other bytes share the letters' bits.
    private static func bit(_ byte: UInt8) -> UInt32 { 1 &<< UInt32(byte & 31) }
}
