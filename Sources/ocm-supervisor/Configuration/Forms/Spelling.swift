/// Finds what a misspelt name was meant to be.
enum Spelling {
    /// The nearest of the known names, where one is near enough to be meant.
    static func nearest(to name: String, among known: [String]) -> String? {
        let folded = fold(name)
        let distances = known.map { (name: $0, distance: distance(folded, fold($0))) }
        guard let best = distances.min(by: { $0.distance < $1.distance }), best.distance <= max(1, folded.count / 3)
        else { return nil }
        return best.name
    }

    /// The letters that matter: "listenPort", "listen-port" and "listen_port" are one.
    private static func fold(_ name: String) -> [Character] {
        name.prefix(64).lowercased().filter { $0 != "_" && $0 != "-" }.map { $0 }
    }

    /// How many letters have to be changed, added, removed, or swapped with their neighbour.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in left.indices {
            var next = [row + 1]
            for column in right.indices {
                let isSame = left[row] == right[column]
                var cost = min(last[column] + (isSame ? 0 : 1), last[column + 1] + 1, next[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                next.append(cost)
            }
            (beforeLast, last) = (last, next)
        }
        return last[right.count]
    }
}
