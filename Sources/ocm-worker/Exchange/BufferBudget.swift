internal import OCMEventLoop

/// The memory of all buffers of a worker (`limits.buffers`), in bytes.
///
/// Everything that a connection keeps from one turn of the loop to the next counts: a head that is not complete, what the
/// other side does not take, what was sent ahead, a body that may have to be sent again. Each kind gives way before the
/// one that matters more, so that a flood of one leaves room for the others:
///
/// | what | as memory gets scarce |
/// |---|---|
/// | bodies for sending again | are not kept: see ``keep(_:)`` |
/// | what the other side does not take | less is read at a time, down to ``least``: see ``readSize`` |
/// | heads in pieces | beyond ``least`` they are refused: see ``isTight`` |
/// | new connections | are turned away: see ``admit()`` |
///
/// What is there already is never cut: it has ``least``, which was set aside when it began.
@EventLoop final class BufferBudget {
    /// What a connection, and an exchange on it, may have however scarce memory is; and about what they cost besides.
    static let least = 4096

    private var limit: Int
    /// Of that, bodies that are kept for sending again.
    private var kept = 0
    private var others = 0

    init(_ limit: Int) {
        self.limit = limit
    }

    func update(_ limit: Int) {
        self.limit = limit
    }

    /// Bytes that are counted now.
    var taken: Int { kept + others }

    /// How much to read at once: all of it may have to be kept.
    var readSize: Int {
        // One connection among many gets a small part of what is free, so that the last of them gets something too.
        let free = min(limit / 2 - others, limit + limit / 8 - taken)
        return max(free >> 6, Self.least)
    }

    /// Memory is scarce: whoever wants more than ``least`` has to go without.
    var isTight: Bool { others >= limit / 2 || taken >= limit + limit / 8 }

    /// Counts a new connection in, unless what is left is for those that there are. To be given back with ``release(_:)``.
    func admit() -> Bool {
        guard others < limit - limit / 4, taken < limit + limit / 4 else { return false }
        others += Self.least
        return true
    }

    /// Counts bytes of a body in that is kept for sending it again, if there is room.
    func keep(_ count: Int) -> Bool {
        // What the rest holds up to an eighth does not lessen what the limit says for bodies.
        guard kept <= limit, count <= limit - kept, taken <= limit + limit / 8 - count else { return false }
        kept += count
        return true
    }

    func forget(_ count: Int) {
        kept -= count
    }

    func release(_ count: Int) {
        others -= count
    }

    fileprivate func change(_ difference: Int) {
        others += difference
    }
}

/// What one connection or exchange has of the budget.
struct BufferShare {
    private var bytes = 0

    /// Says how many bytes it keeps now.
    @EventLoop @inline(__always) mutating func update(_ count: Int, of budget: BufferBudget) {
        guard count != bytes else { return }
        budget.change(count - bytes)
        bytes = count
    }
}
