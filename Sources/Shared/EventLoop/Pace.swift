/// Cuts long work into slices, so that the loop gets to everything else in between.
@EventLoop package final class Pace {
    private var sliceEnd: Instant
    private var steps = 0

    /// A slice: about what a connection may have to wait on account of the work.
    private static let slice = Duration.milliseconds(5)
    /// The clock is asked once in so many steps.
    private static let stepsPerLook = 16

    package init() {
        sliceEnd = Instant.now + Self.slice
    }

    /// To be called after each small step; lets the loop go on where it is time.
    package func step() async {
        steps += 1
        guard steps % Self.stepsPerLook == 0 else { return }
        await look()
    }

    /// As ``step()``, after a step that is not so small.
    package func look() async {
        guard Instant.now >= sliceEnd else { return }
        await EventLoop.yield()
        sliceEnd = Instant.now + Self.slice
    }
}
