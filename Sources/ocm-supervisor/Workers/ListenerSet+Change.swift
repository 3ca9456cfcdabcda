import Glibc
import Logging
import OCMEventLoop

/// The change from the listeners of one configuration to those of another, in two steps: all that can fail comes first,
/// and changes nothing.
extension ListenerSet {
    /// Listeners that are bound and that nobody is given yet.
    struct Change {
        fileprivate var listeners: [Owned] = []
        /// Those of them that were not there before.
        fileprivate var bound: [Owned] = []
        /// The service manager's, of a service that comes back.
        fileprivate var revived: [Owned] = []
        /// Those that nobody wants any more.
        fileprivate var dropped: [Owned] = []
        private(set) var failures: [ListenFailure] = []
        /// What the next start would say of the service manager's sockets.
        fileprivate(set) var problems: [SocketProblem] = []

        fileprivate mutating func fail(_ failure: ListenFailure) {
            failures.append(failure)
        }
    }

    /// Binds what is new. A listener that another service has had on the very address is taken over.
    func prepare(_ services: [ServiceConfiguration]) -> Change {
        var change = Change()
        change.problems = SocketAssignment(inherited.handed, services: services.map(\.tag)).problems
        change.dropped = owned
        var unbound: [ServiceConfiguration] = []
        for service in services {
            let own = change.dropped.filter { $0.service == service.tag && fits($0, service) }
            if own.isEmpty { unbound.append(service) } else { change.listeners += own }
            change.dropped.removeAll { listener in own.contains { $0.number == listener.number } }
        }
        for service in unbound {
            let revived = activated(for: service)
            guard revived.isEmpty else {
                change.listeners += revived
                change.revived += revived
                continue
            }
            if let index = change.dropped.firstIndex(where: { !$0.isActivated && fits($0, service) }) {
                var listener = change.dropped.remove(at: index)
                listener.service = service.tag
                change.listeners.append(listener)
                continue
            }
            do throws(ListenFailure) {
                let listener = try bound(service, besides: change.dropped)
                change.listeners.append(listener)
                change.bound.append(listener)
            } catch {
                change.fail(error)
            }
        }
        return change
    }

    /// Puts it into force. What is dropped stays open where workers have it, until they have stopped accepting.
    func commit(_ change: Change, _ services: [ServiceConfiguration], _ logger: Logger) {
        for listener in change.dropped {
            logger.notice(
                "listening no more", metadata: ["service": "\(listener.service)", "address": "\(listener.address)"])
            drop(listener)
        }
        for listener in change.bound + change.revived {
            logger.notice(
                "listening", metadata: ["service": "\(listener.service)", "address": "\(listener.address)"])
        }
        inherited.activated.removeAll { socket in change.revived.contains { $0.number == socket.number } }
        let former = owned
        owned = change.listeners
        storeAnew(insteadOf: former)
        for service in services {
            for listener in owned where listener.service == service.tag { keepAlive(listener.number, service) }
        }
    }

    /// The service manager's socket stays, for the service that may come back: it can't be bound once more.
    private func drop(_ listener: Owned) {
        if listener.isActivated { inherited.activated.append(listener.socket) } else { close(listener) }
    }

    private func activated(for service: ServiceConfiguration) -> [Owned] {
        inherited.activated.filter { $0.service == service.tag }.compactMap { socket in
            Listener.localAddress(of: socket.number).map {
                Owned(service: socket.service, address: $0, number: socket.number, isActivated: true)
            }
        }
    }

    /// Has the service manager keep what is bound now.
    private func storeAnew(insteadOf former: [Owned]) {
        for listener in former where !listener.isActivated && !owned.contains(listener) {
            manager?.forget(.listener(service: listener.service))
        }
        for listener in owned where !listener.isActivated && !former.contains(listener) {
            manager?.store(listener.number, as: .listener(service: listener.service))
        }
    }

    /// Takes it back.
    func discard(_ change: Change) {
        for listener in change.bound { Glibc.close(listener.number) }
    }

    /// The service manager's sockets are a service's listeners whatever `listen` says.
    private func fits(_ listener: Owned, _ service: ServiceConfiguration) -> Bool {
        if listener.isActivated { return listener.service == service.tag }
        let port = service.listener.port
        let wanted = SocketAddress(
            literal: service.listener.address.text, port: port == 0 ? listener.address.port : port)
        return listener.address == wanted
    }

    func keepAlive(_ number: Int32, _ service: ServiceConfiguration) {
        Listener.keepAlive(
            of: number,
            service.listener.keepAlive.map {
                (Int32(clamping: $0.idle.components.seconds), Int32(clamping: $0.interval.components.seconds))
            })
    }

    private func bound(_ service: ServiceConfiguration, besides dropped: [Owned]) throws(ListenFailure) -> Owned {
        let text = service.listener.address.text
        guard let address = SocketAddress(literal: text, port: service.listener.port) else {
            throw ListenFailure(
                service: service.tag, address: text, port: service.listener.port, reason: SystemError("if_nametoindex"))
        }
        do throws(SystemError) {
            let descriptor = try Listener.bind(
                to: address, besides: dropped.filter { $0.address.port == address.port }.map(\.number))
            return Owned(
                service: service.tag, address: Listener.localAddress(of: descriptor) ?? address,
                number: descriptor.release())
        } catch {
            throw ListenFailure(service: service.tag, address: "\(address)", port: address.port, reason: error)
        }
    }
}
