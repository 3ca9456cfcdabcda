import Glibc

/// Listening sockets that were there before this process: whoever has opened them, they come into the ``ListenerSet`` in
/// this one way. Those that are in here belong to nobody else.
struct InheritedListeners {
    struct Socket: Equatable {
        let service: String
        let number: Int32
    }

    /// The service manager's (socket activation): a service with some of them listens there, whatever `listen` says. They
    /// stay for as long as the process, so that a service which a reload removes and another brings back has them again.
    var activated: [Socket] = []
    /// OCM's own, bound earlier: by the program that this one has replaced, by a supervisor whose workers live on, or from
    /// the service manager's store. One is taken where its service is to listen on just that address.
    var kept: [Socket] = []

    /// What the service manager has handed over to this program, as it came: the next start is to go well with it, too.
    var handed: [HandedDescriptor] = []

    /// Gives away the service manager's sockets for a service.
    mutating func takeActivated(for service: String) -> [Int32] {
        defer { activated.removeAll { $0.service == service } }
        return activated.filter { $0.service == service }.map(\.number)
    }

    /// Gives away the first of OCM's own for a service that is of use.
    mutating func takeKept(for service: String, where isOfUse: (Int32) -> Bool) -> Int32? {
        let index = kept.firstIndex { $0.service == service && isOfUse($0.number) }
        return index.map { kept.remove(at: $0).number }
    }

    /// Closes those of OCM's own that nobody has taken.
    mutating func closeKept() {
        for socket in kept { Glibc.close(socket.number) }
        kept = []
    }
}
