import Glibc
import Logging
import OCMEventLoop

/// The listening sockets of all services. They stay open until the service stops, whatever becomes of the workers.
@EventLoop final class ListenerSet {
    private var owned: [(service: String, number: Int32)] = []
    private var bound: [(service: String, address: SocketAddress)] = []

    /// Why a service can't listen.
    struct ListenFailure: Error {
        let service: String
        let address: String
        let reason: SystemError
    }

    /// Binds the listeners of the services, but for those that are in use already.
    ///
    /// - Parameter returned: what the workers of an earlier supervisor listen on; those that no service wants are closed.
    init(
        _ services: [ServiceConfiguration], returned: [(service: String, number: Int32)], logger: Logger
    ) throws(ListenFailure) {
        var returned = returned
        defer { for (_, number) in returned { Glibc.close(number) } }
        for service in services {
            if let index = returned.firstIndex(where: { $0.service == service.tag && service.listener.fits($0.number) })
            {
                owned.append(returned.remove(at: index))
            } else {
                try bind(service, logger)
            }
        }
    }

    /// Service and descriptor of each, which stay the set's.
    var descriptors: [(service: String, number: Int32)] { owned }

    /// Where a service listens at this moment.
    func addresses(of service: String) -> [SocketAddress] {
        bound.filter { $0.service == service }.map(\.address)
    }

    func close() {
        for (_, number) in owned { Glibc.close(number) }
        owned = []
        bound = []
    }

    private func bind(_ service: ServiceConfiguration, _ logger: Logger) throws(ListenFailure) {
        let listener = service.listener
        let text = listener.address.text
        guard let address = SocketAddress(literal: text, port: listener.port) else {
            throw ListenFailure(service: service.tag, address: text, reason: SystemError("if_nametoindex"))
        }
        do throws(SystemError) {
            let descriptor = try Listener.bind(to: address)
            if let keepAlive = listener.keepAlive {
                Listener.keepAlive(
                    descriptor, idle: Int32(clamping: keepAlive.idle.components.seconds),
                    interval: Int32(clamping: keepAlive.interval.components.seconds))
            }
            let bound = Listener.localAddress(of: descriptor) ?? address
            logger.notice("listening", metadata: ["service": "\(service.tag)", "address": "\(bound)"])
            self.bound.append((service.tag, bound))
            owned.append((service.tag, descriptor.release()))
        } catch {
            throw ListenFailure(service: service.tag, address: "\(address)", reason: error)
        }
    }
}

extension ServiceConfiguration.Listener {
    /// Whether a socket has the address that is configured; any port will do where none is.
    @EventLoop fileprivate func fits(_ number: Int32) -> Bool {
        guard let bound = Listener.localAddress(of: number),
            let wanted = SocketAddress(literal: address.text, port: port == 0 ? bound.port : port)
        else { return false }
        return bound == wanted
    }
}
