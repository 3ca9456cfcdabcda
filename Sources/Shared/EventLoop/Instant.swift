internal import Glibc

/// A point in time on the monotonic clock (clock_gettime(2), CLOCK_MONOTONIC), in nanoseconds.
package struct Instant: Comparable, Hashable, Sendable {
    package let nanoseconds: UInt64

    package init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// Later than every other: a wait that may take for ever.
    package static let never = Instant(nanoseconds: .max)

    /// Asks the clock. In the loop, ``EventLoop/now`` is cheaper: it was asked once for the turn.
    package static var now: Instant {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec))
    }

    package static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// Saturates at ``never``; a negative duration leads to an earlier instant, not below zero.
    package static func + (instant: Instant, duration: Duration) -> Instant {
        let (seconds, attoseconds) = duration.components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? Instant(nanoseconds: 0) : .never }
        let delta = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        guard !delta.overflow else { return .never }
        if delta.partialValue < 0 {
            let back = delta.partialValue.magnitude
            return Instant(nanoseconds: instant.nanoseconds > back ? instant.nanoseconds - back : 0)
        }
        let (sum, carry) = instant.nanoseconds.addingReportingOverflow(UInt64(delta.partialValue))
        return carry ? .never : Instant(nanoseconds: sum)
    }

    package static func - (left: Instant, right: Instant) -> Duration {
        left.nanoseconds >= right.nanoseconds
            ? .nanoseconds(Int64(clamping: left.nanoseconds - right.nanoseconds))
            : .nanoseconds(-Int64(clamping: right.nanoseconds - left.nanoseconds))
    }
}

extension Instant {
    /// So many nanoseconds later, ``never`` where that is out of range: cheaper than adding a `Duration`.
    @inlinable package func after(nanoseconds delta: UInt64) -> Instant {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(delta)
        return overflow ? .never : Instant(nanoseconds: sum)
    }
}
