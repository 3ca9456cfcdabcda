import LoopTestSupport
import OCMEventLoop
import Testing

@Suite struct DeadlineTests {
    @Test func thousandsOfSleepersWakeInTheOrderOfTheirDeadlines() throws {
        try onLoop {
            let order = Order()
            let done = Wakeup()
            let start = EventLoop.now
            for index in 0..<5000 {
                let delay = (index * 7919) % 5000
                EventLoop.spawn {
                    try? await EventLoop.sleep(until: start + .microseconds(delay * 20))
                    order.delays.append(delay)
                    if order.delays.count == 5000 { done.signal() }
                }
            }
            try await done.wait(until: start + .seconds(20))
            // One turn fires what is due by then, in order of the deadlines.
            #expect(order.delays == order.delays.sorted())
        }
    }

    @Test func aLoopThatIsRunAgainKnowsWhatTimeItIs() throws {
        try onLoop { _ = EventLoop.now }
        let end = Instant.now + .milliseconds(50)
        while Instant.now < end {}
        try onLoop { #expect(EventLoop.now >= end) }
    }

    @Test func aSignalBeforeTheWaitIsKept() throws {
        try onLoop {
            let wakeup = Wakeup()
            wakeup.signal()
            try await wakeup.wait(until: EventLoop.now + .seconds(1))
            await #expect(throws: WaitError.timedOut) {
                try await wakeup.wait(until: EventLoop.now + .milliseconds(1))
            }
        }
    }

    @Test func aLaterDeadlineHoldsThoughAnEarlierTimerWasArmed() throws {
        try onLoop {
            let wakeup = Wakeup()
            let start = Instant.now
            EventLoop.spawn { wakeup.signal() }
            try await wakeup.wait(until: start + .milliseconds(10))
            await #expect(throws: WaitError.timedOut) { try await wakeup.wait(until: start + .milliseconds(60)) }
            #expect(Instant.now >= start + .milliseconds(60))
        }
    }
}

@EventLoop private final class Order {
    var delays: [Int] = []
}
