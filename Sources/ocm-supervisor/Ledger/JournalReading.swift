/// A journal read from its beginning to its end, whatever state a crash or a bad disk left it in.
struct JournalReading: Equatable, Sendable {
    /// What follows the base, in the order in which it was written.
    private(set) var entries: [JournalEntry] = []
    /// Nil where the journal has no sound base and therefore can't be continued.
    private(set) var base: JournalBase?
    /// Where the next frame belongs: behind the last sound one.
    private(set) var end = 0
    /// What can't be read, before and after what can; nil where all is well but for a torn tail.
    private(set) var damage: [Range<Int>] = []
    /// Bytes of an incomplete frame at the end, which was never acknowledged.
    private(set) var tornTail = 0

    /// Throws where a newer version wrote the journal.
    init(_ journal: [UInt8]) throws(JournalEntry.NewerVersion) {
        var position = 0
        while position < journal.count {
            if let body = JournalFrame.body(in: journal, at: position), let entry = try JournalEntry(body: body) {
                add(entry)
                position += JournalFrame.headSize + body.count
                end = position
            } else if let next = Self.nextFrame(in: journal, after: position) {
                damage.append(position..<next)
                position = next
            } else {
                if Self.isTorn(journal, at: position) {
                    tornTail = journal.count - position
                } else {
                    damage.append(position..<journal.count)
                }
                break
            }
        }
    }

    private mutating func add(_ entry: JournalEntry) {
        if case .base(let base) = entry {
            // Written twice, so that one bad byte does not cost the journal its beginning.
            if self.base == nil && entries.isEmpty { self.base = base }
        } else {
            entries.append(entry)
        }
    }

    private static func nextFrame(in journal: [UInt8], after position: Int) -> Int? {
        let last = journal.count - JournalFrame.headSize
        guard position < last else { return nil }
        return (position + 1...last).first { offset in
            journal[offset] == JournalFrame.marker[0] && JournalFrame.body(in: journal, at: offset) != nil
        }
    }

    /// Whether what stands at the end is the beginning of a frame whose rest never reached the disk.
    private static func isTorn(_ journal: [UInt8], at position: Int) -> Bool {
        let rest = journal[position...]
        if rest.allSatisfy({ $0 == 0 }) { return true }
        if rest.count < JournalFrame.headSize {
            return rest.prefix(4).elementsEqual(JournalFrame.marker.prefix(rest.count))
        }
        guard let length = JournalFrame.announcedLength(in: journal, at: position) else { return false }
        return length > rest.count - JournalFrame.headSize
    }
}
