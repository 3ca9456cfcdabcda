import CSystemd
import Glibc
import OCMEventLoop

/// The service manager that has started this process: it is told how far the service is, and keeps descriptors for the
/// next start (sd_notify(3)). Where there is none, or it does not want to know, everything here does nothing.
///
/// NOTIFY_SOCKET and WATCHDOG_USEC stay in the environment: a program that is executed in this one's place goes on with
/// them. Children never have them, they are given an environment of their own.
@EventLoop final class ServiceManager {
    private let socket: NotifySocket?
    private var isPresent: Bool { socket != nil }
    /// What the manager had no room for, oldest first: it is told when it has.
    private var unsent: [Notification] = []
    private static let unsentAtMost = 64
    private static let roomInterval = Duration.milliseconds(50)
    /// Half of what the manager waits for a sign of life.
    private let heartbeat: Duration?
    /// Between two requests for more time, which is asked for as long as the loop turns.
    private static let extensionInterval = Duration.seconds(5)
    private static let extensionTime = Duration.seconds(30)
    private static let statusInterval = Duration.seconds(3)

    /// The start, a reload or the end is under way: it takes its time, and the manager's limits on it are not ours.
    private var isInTransit = false
    private var isStopping = false
    private var shown = ""
    private var tasks: [Task<Void, Never>] = []
    private let transition = Wakeup()

    init() {
        socket = NotifySocket()
        var microseconds: UInt64 = 0
        let isWatched = unsafe sd_watchdog_enabled(0, &microseconds) > 0
        heartbeat = isWatched ? .microseconds(Int64(clamping: max(microseconds / 2, 1000))) : nil
    }

    /// The start begins. From now on the manager gets a sign of life from the loop, for as long as it turns.
    func starting() {
        guard isPresent, tasks.isEmpty else { return }
        isInTransit = true
        if let heartbeat { tasks.append(EventLoop.spawn { [self] in await beat(every: heartbeat) }) }
        tasks.append(EventLoop.spawn { [self] in await askForTime() })
    }

    /// The service has started. `status`: what is to be said of it from now on.
    func ready(_ status: @escaping () -> String) {
        let isFirst = shown.isEmpty
        isInTransit = false
        shown = status()
        send(.ready(status: shown))
        if isPresent, isFirst { tasks.append(EventLoop.spawn { [self] in await keepShown(status) }) }
    }

    /// A reload or an upgrade begins; ``ready(_:)`` or ``serving()`` has to follow.
    func reloading() {
        guard !isStopping else { return }
        send(.reloading(at: Instant.now))
        enterTransit()
    }

    /// A reload has come to its end, whichever: what runs is in order.
    func serving() {
        guard !isStopping else { return }
        isInTransit = false
        send(.ready(status: shown))
    }

    /// The end begins.
    func stopping(_ status: String) {
        isStopping = true
        shown = status
        send(.stopping(status: status))
        enterTransit()
    }

    /// The service could not start. Shown by `systemctl status` until it can.
    func failed(_ reason: String, code: Int32?) {
        send(.failed(reason, code: code))
    }

    /// Has the manager keep a descriptor, and give it to the next start under its name.
    func store(_ number: Int32, as name: StoredName) {
        guard let text = name.text else { return }
        send(.stored(as: text), with: [number])
    }

    /// Has the manager let go of what it keeps under a name.
    func forget(_ name: StoredName) {
        guard let text = name.text else { return }
        send(.forgotten(text))
    }

    /// Lets go of a descriptor that was handed over and is of no use.
    func discard(_ descriptor: HandedDescriptor) {
        send(.forgotten(descriptor.name))
        Glibc.close(descriptor.number)
    }

    private func enterTransit() {
        isInTransit = true
        transition.signal()
    }

    private func beat(every interval: Duration) async {
        repeat { send(.alive) } while (try? await EventLoop.sleep(for: interval)) != nil
    }

    private func askForTime() async {
        while true {
            while !isInTransit {
                guard (try? await transition.wait()) != nil else { return }
            }
            send(.extended(by: Self.extensionTime))
            guard (try? await EventLoop.sleep(for: Self.extensionInterval)) != nil else { return }
        }
    }

    private func keepShown(_ status: () -> String) async {
        while (try? await EventLoop.sleep(for: Self.statusInterval)) != nil {
            let line = status()
            if line != shown { send(.status(line)) }
            shown = line
        }
    }

    /// What can't be sent is of no consequence to the service. A descriptor can't wait: it may be another by then.
    private func send(_ notification: Notification, with descriptors: [Int32] = []) {
        guard let socket else { return }
        guard unsent.isEmpty, case .done = socket.send(notification.text, with: descriptors) else {
            if descriptors.isEmpty { keep(notification, for: socket) }
            return
        }
    }

    private func keep(_ notification: Notification, for socket: NotifySocket) {
        unsent.append(notification)
        if unsent.count > Self.unsentAtMost { unsent.removeFirst() }
        guard unsent.count == 1 else { return }
        EventLoop.spawn { [self] in
            while !unsent.isEmpty, (try? await EventLoop.sleep(for: Self.roomInterval)) != nil {
                while let oldest = unsent.first, case .done = socket.send(oldest.text, with: []) {
                    unsent.removeFirst()
                }
            }
        }
    }
}
