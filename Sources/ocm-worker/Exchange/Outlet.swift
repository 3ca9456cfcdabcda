internal import OCMEventLoop
internal import OCMTLS

/// What goes to one peer: what its connection does not take is kept, and until that is taken, whoever feeds it stops
/// reading.
@EventLoop struct Outlet {
    /// Whoever takes less in the time that a write may stall has stalled.
    private static let leastProgress: UInt64 = 4096

    /// Bytes that the connection has taken.
    private(set) var taken: UInt64 = 0
    /// Since when, and since which byte, a peer that does not take all is to take ``leastProgress`` more.
    private var stallStart = EventLoop.now
    private var stallOffset: UInt64 = 0
    /// What was not taken yet, from `start` on.
    private var unsent: [UInt8] = []
    private var start = 0

    var isBlocked: Bool { start < unsent.count }
    /// Bytes of memory that what is kept takes.
    var held: Int { unsent.count }

    /// - Parameter patience: nanoseconds, those of `timeouts.write_stall`.
    func isStalled(at now: Instant, _ patience: UInt64) -> Bool {
        isBlocked && stallEnd(patience) <= now
    }

    /// Until when a peer that does not take all may take nothing worth waiting for.
    func stallEnd(_ patience: UInt64) -> Instant { stallStart.after(nanoseconds: patience) }

    /// Writes what is kept; false where the peer has not taken all yet.
    mutating func flush(to peer: Transport) throws(TransportError) -> Bool {
        guard isBlocked else { return true }
        let count = try peer.write(unsent.span.extracting(start..<unsent.count))
        note(count)
        start += count
        guard start == unsent.count else { return false }
        unsent = []
        start = 0
        return true
    }

    /// Writes what the peer takes of two pieces that follow each other, and keeps the rest.
    ///
    /// - Parameter isHeld: all is kept: it must not go out yet.
    mutating func send(
        _ first: Span<UInt8>, _ second: Span<UInt8>, to peer: Transport, isHeld: Bool
    ) throws(TransportError) {
        let total = first.count + second.count
        guard total > 0 else { return }
        let count =
            if isBlocked || isHeld {
                0
            } else if first.isEmpty {
                try peer.write(second)
            } else if second.isEmpty {
                try peer.write(first)
            } else {
                try peer.write(first, second)
            }
        note(count)
        if count < total { keep(first, second, from: count) }
    }

    private mutating func keep(_ first: Span<UInt8>, _ second: Span<UInt8>, from count: Int) {
        if unsent.isEmpty {
            unsent.reserveCapacity(first.count + second.count - count)
            noteProgress()
        }
        if count < first.count { unsent.append(first, count..<first.count) }
        unsent.append(second, max(0, count - first.count)..<second.count)
    }

    private mutating func note(_ count: Int) {
        taken += UInt64(count)
        if isBlocked, taken - stallOffset >= Self.leastProgress { noteProgress() }
    }

    /// The peer has taken something worth waiting for, or is to begin.
    private mutating func noteProgress() {
        stallStart = EventLoop.now
        stallOffset = taken
    }
}
