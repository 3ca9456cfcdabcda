import Glibc
import Logging
import OCMEventLoop

/// The listening sockets of all services. They stay open until the service stops, whatever becomes of the workers.
@EventLoop final class ListenerSet {
    struct Owned {
        var service: String
        let address: SocketAddress
        let number: Int32
        /// The service manager's.
        var isActivated = false
    }

    var owned: [Owned] = []

    /// Why a service can't listen.
    struct ListenFailure: Error {
        let service: String
        let address: String
        let reason: SystemError
    }

    /// Binds the listeners of the services, but for those that are in use already.
    ///
    /// - Parameter returned: what the workers of an earlier supervisor listen on; those that no service wants are closed.
    func open(
        _ services: [ServiceConfiguration], returned: [(service: String, number: Int32)], logger: Logger
    ) throws(ListenFailure) {
        var returned = returned
        var unbound: [ServiceConfiguration] = []
        for service in services where !isOpen(service) {
            let index = returned.firstIndex { $0.service == service.tag && service.listener.fits($0.number) }
            if let index {
                add(FileDescriptor(owning: returned.remove(at: index).number), service, logger)
            } else {
                unbound.append(service)
            }
        }
        // Before anything is bound: they may have the very address.
        for (_, number) in returned { Glibc.close(number) }
        for service in unbound { try bind(service, logger) }
    }

    /// Service and descriptor of each, which stay the set's.
    var descriptors: [(service: String, number: Int32)] { owned.map { ($0.service, $0.number) } }

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
            throw ListenFailure(service: service.tag, address: text, reason: SystemError("if_nametoindex"))
        }
        do throws(SystemError) {
            add(try Listener.bind(to: address), service, logger)
        } catch {
            throw ListenFailure(service: service.tag, address: "\(address)", reason: error)
        }
    }

    private func add(_ descriptor: consuming FileDescriptor, _ service: ServiceConfiguration, _ logger: Logger) {
        if let keepAlive = service.listener.keepAlive {
            Listener.keepAlive(
                descriptor, idle: Int32(clamping: keepAlive.idle.components.seconds),
                interval: Int32(clamping: keepAlive.interval.components.seconds))
        }
        guard let address = Listener.localAddress(of: descriptor) else { return }
        logger.notice("listening", metadata: ["service": "\(service.tag)", "address": "\(address)"])
        owned.append(Owned(service: service.tag, address: address, number: descriptor.release()))
    }
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
