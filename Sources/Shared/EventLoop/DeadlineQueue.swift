/// The armed timers in a binary heap: arming, moving and removing take O(log n).
struct DeadlineQueue {
    private struct Entry {
        var deadline: Instant
        var wakeup: Wakeup
    }

    private var heap: ContiguousArray<Entry> = []

    /// The earliest armed deadline; ``Instant/never`` without any.
    var earliest: Instant { heap.first?.deadline ?? .never }

    var count: Int { heap.count }

    /// Sees to it that the wakeup is looked at by the deadline: an earlier timer that is armed already will do.
    @EventLoop mutating func arm(_ wakeup: Wakeup, for deadline: Instant) {
        let index = wakeup.heapIndex
        if index >= 0 {
            guard deadline < heap[index].deadline else { return }
            heap[index].deadline = deadline
            siftUp(index)
        } else if deadline < .never {
            wakeup.heapIndex = heap.count
            heap.append(Entry(deadline: deadline, wakeup: wakeup))
            siftUp(heap.count - 1)
        }
    }

    @EventLoop mutating func remove(_ wakeup: Wakeup) {
        let index = wakeup.heapIndex
        guard index >= 0 else { return }
        wakeup.heapIndex = -1
        let last = heap.removeLast()
        guard index < heap.count else { return }
        place(last, at: index)
        siftUp(index)
        siftDown(last.wakeup.heapIndex)
    }

    /// Fires what is due.
    @EventLoop mutating func fire(at now: Instant) {
        while let first = heap.first, first.deadline <= now {
            remove(first.wakeup)
            if let again = first.wakeup.timerFired(at: now) {
                arm(first.wakeup, for: again)
            }
        }
    }

    @EventLoop private mutating func place(_ entry: Entry, at index: Int) {
        heap[index] = entry
        entry.wakeup.heapIndex = index
    }

    @EventLoop private mutating func siftUp(_ start: Int) {
        var index = start
        let entry = heap[index]
        while index > 0 {
            let parent = (index - 1) / 2
            guard entry.deadline < heap[parent].deadline else { break }
            place(heap[parent], at: index)
            index = parent
        }
        place(entry, at: index)
    }

    @EventLoop private mutating func siftDown(_ start: Int) {
        var index = start
        let entry = heap[index]
        while true {
            var child = 2 * index + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].deadline < heap[child].deadline { child += 1 }
            guard heap[child].deadline < entry.deadline else { break }
            place(heap[child], at: index)
            index = child
        }
        place(entry, at: index)
    }
}
