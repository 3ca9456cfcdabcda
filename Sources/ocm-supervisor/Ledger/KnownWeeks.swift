/// The starts of the weeks that are known, in Unix seconds.
struct KnownWeeks: Equatable, Sendable {
    /// Ascending, each once.
    private var starts: [Int64] = []

    mutating func insert(_ start: Int64) {
        let place = place(of: start)
        if place == starts.count || starts[place] != start { starts.insert(start, at: place) }
    }

    /// The one nearest to a moment; nil where there is none within a minute.
    func near(_ moment: Int64) -> Int64? {
        let place = place(of: moment)
        return starts[max(0, place - 1)..<min(starts.count, place + 1)]
            .min { $0.distance(to: moment).magnitude < $1.distance(to: moment).magnitude }
            .flatMap { $0.distance(to: moment).magnitude <= 60 ? $0 : nil }
    }

    /// The index of the first that is not before a moment.
    private func place(of moment: Int64) -> Int {
        var (low, high) = (0, starts.count)
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] < moment { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
