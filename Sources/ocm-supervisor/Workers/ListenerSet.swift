import Glibc
import Logging
import OCMEventLoop

/// The listening sockets of all services. They stay open until the service stops, whatever becomes of the workers.
@EventLoop final class ListenerSet {
    struct Owned: Equatable {
        var service: String
        let address: SocketAddress
        let number: Int32
        /// The service manager's.
        var isActivated = false
    }

    /// More than workers say to have, so that they can be taken over.
    nonisolated static let countAtMost = 512

    var owned: [Owned] = []
    /// What is there to be taken for a service.
    var inherited = InheritedListeners()
    /// Keeps what is bound here over a restart.
    var manager: ServiceManager?

    /// Why a service can't listen.
    struct ListenFailure: Error {
        let service: String
        let address: String
        let port: UInt16
        let reason: SystemError
    }

    /// Opens the listeners of the services that have none yet: inherited ones, or new ones.
    func open(_ services: [ServiceConfiguration], logger: Logger) throws(ListenFailure) {
        var bound: [(service: ServiceConfiguration, number: Int32)] = []
        var unbound: [ServiceConfiguration] = []
        for service in services where !isOpen(service) {
            let activated = inherited.takeActivated(for: service.tag)
            if !activated.isEmpty {
                for number in activated { add(FileDescriptor(owning: number), service, isActivated: true, logger) }
            } else if let kept = inherited.takeKept(for: service.tag, where: { service.listener.fits($0) }) {
                bound.append((service, kept))
            } else {
                unbound.append(service)
            }
        }
        // Before anything is bound: they may have the very address.
        for service in Set(inherited.kept.map(\.service)) { manager?.forget(.listener(service: service)) }
        inherited.closeKept()
        for (service, number) in bound { addOwn(FileDescriptor(owning: number), service, logger) }
        for service in unbound { try bind(service, logger) }
    }

    /// Service and descriptor of each, which stay the set's.
    var descriptors: [(service: String, number: Int32)] { owned.map { ($0.service, $0.number) } }

    /// What the program that is executed in this one's place goes on with; the descriptors stay the set's.
    var handedOver: InheritedListeners {
        InheritedListeners(
            activated: owned.filter(\.isActivated).map(\.socket) + inherited.activated,
            kept: owned.filter { !$0.isActivated }.map(\.socket))
    }

    /// Has the service manager keep nothing: there is to be no next start.
    func forgetStored() {
        for listener in owned where !listener.isActivated { manager?.forget(.listener(service: listener.service)) }
    }

    /// Where a service listens at this moment.
    func addresses(of service: String) -> [SocketAddress] {
        owned.filter { $0.service == service }.map(\.address)
    }

    func close() {
        for listener in owned { close(listener) }
        owned = []
    }

    func close(_ listener: Owned) {
        Glibc.close(listener.number)
    }

    private func isOpen(_ service: ServiceConfiguration) -> Bool {
        owned.contains { $0.service == service.tag }
    }

    private func bind(_ service: ServiceConfiguration, _ logger: Logger) throws(ListenFailure) {
        let text = service.listener.address.text
        guard let address = SocketAddress(literal: text, port: service.listener.port) else {
            throw ListenFailure(
                service: service.tag, address: text, port: service.listener.port, reason: SystemError("if_nametoindex"))
        }
        do throws(SystemError) {
            addOwn(try Listener.bind(to: address), service, logger)
        } catch {
            throw ListenFailure(service: service.tag, address: "\(address)", port: address.port, reason: error)
        }
    }

    /// One that the service manager has not made, and may keep.
    private func addOwn(_ descriptor: consuming FileDescriptor, _ service: ServiceConfiguration, _ logger: Logger) {
        manager?.forget(.listener(service: service.tag))
        manager?.store(descriptor.number, as: .listener(service: service.tag))
        add(descriptor, service, isActivated: false, logger)
    }

    private func add(
        _ descriptor: consuming FileDescriptor, _ service: ServiceConfiguration, isActivated: Bool, _ logger: Logger
    ) {
        // One that comes from elsewhere may be set otherwise.
        keepAlive(descriptor.number, service)
        guard let address = Listener.localAddress(of: descriptor) else { return }
        logger.notice("listening", metadata: ["service": "\(service.tag)", "address": "\(address)"])
        owned.append(
            Owned(
                service: service.tag, address: address, number: descriptor.release(), isActivated: isActivated))
    }
}

extension ListenerSet.Owned {
    var socket: InheritedListeners.Socket { InheritedListeners.Socket(service: service, number: number) }
}

extension ServiceConfiguration.Listener {
    /// Whether a socket listens on the address that is configured; any port will do where none is. It comes from a worker:
    /// a connection has the same address as the listener that it was accepted on.
    @EventLoop fileprivate func fits(_ number: Int32) -> Bool {
        guard Listener.isListening(number), let bound = Listener.localAddress(of: number),
            let wanted = SocketAddress(literal: address.text, port: port == 0 ? bound.port : port)
        else { return false }
        return bound == wanted
    }
}
