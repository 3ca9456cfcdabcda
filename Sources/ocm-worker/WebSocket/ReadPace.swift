internal import OCMEventLoop

/// How much one end of a WebSocket is read at once: little where it sends crumbs, each of which costs as much as a frame that
/// says something, so that others have their turn.
@EventLoop struct ReadPace {
    /// Bytes that one direction moves before others have their turn.
    private static let turn = 512 * 1024
    private static let smallRead = 4096
    /// Frames of fewer bytes than this, on average, are crumbs where there are many.
    private static let crumb = 64
    private static let many = 256

    private var moved = 0
    private var isCrumbling = false

    /// A turn begins.
    mutating func begin() {
        moved = 0
    }

    /// Others should have their turn.
    var isOver: Bool { moved > Self.turn || (isCrumbling && moved > 0) }

    func size(_ budget: BufferBudget) -> Int {
        isCrumbling ? Self.smallRead : budget.readSize
    }

    /// So many bytes were read, in so many frames.
    mutating func note(_ bytes: Int, frames: Int) {
        moved += bytes
        isCrumbling = frames * Self.crumb > bytes && (isCrumbling || frames > Self.many)
    }
}
