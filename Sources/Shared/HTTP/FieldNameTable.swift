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

    private init() {
        let entries = FieldName.allCases.filter { $0 != .other }
            .map { Entry(name: FoldedToken($0.spelling), id: $0) }
        let exact = entries.filter { !$0.id.isFamily }.sorted { $0.name.count < $1.name.count }
        self.exact = exact
        starts = (0...FoldedToken.maximumCount + 1).map { length in exact.count { $0.name.count < length } }
        families = entries.filter { $0.id.isFamily }
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
}
