/// Which service each descriptor belongs to that the service manager has handed over: a value, nothing is opened or closed.
///
/// A socket belongs to the service whose tag is its name. Where there is one service alone, its socket units need no
/// FileDescriptorName=. What OCM itself has left in the manager's store has names of its own (``StoredName``).
struct SocketAssignment: Equatable {
    /// Stand in place of what `listen` says.
    var activated: [InheritedListeners.Socket] = []
    /// From the store: OCM has bound them itself, before it was started anew.
    var kept: [InheritedListeners.Socket] = []
    /// From the store, and of no use any more.
    var obsolete: [HandedDescriptor] = []
    var problems: [SocketProblem] = []

    init(_ handed: [HandedDescriptor], services: [String]) {
        for descriptor in handed { assign(descriptor, services) }
        if activated.count > ListenerSet.countAtMost, let last = handed.last {
            problems.append(SocketProblem(last, .tooMany))
        }
    }

    private mutating func assign(_ descriptor: HandedDescriptor, _ services: [String]) {
        if !services.contains(descriptor.name), let stored = StoredName(descriptor.name) {
            restore(descriptor, stored, services)
            return
        }
        if let fault = SocketProblem.Fault(of: descriptor) {
            problems.append(SocketProblem(descriptor, fault))
        } else if services.contains(descriptor.name) {
            activated.append(InheritedListeners.Socket(service: descriptor.name, number: descriptor.number))
        } else if !descriptor.isNamed, services.count == 1 {
            activated.append(InheritedListeners.Socket(service: services[0], number: descriptor.number))
        } else {
            problems.append(
                SocketProblem(descriptor, descriptor.isNamed ? .noService(tags: services) : .unnamed(tags: services)))
        }
    }

    private mutating func restore(_ descriptor: HandedDescriptor, _ stored: StoredName, _ services: [String]) {
        if case .listener(let service) = stored, descriptor.kind == .listener, services.contains(service) {
            kept.append(InheritedListeners.Socket(service: service, number: descriptor.number))
        } else {
            obsolete.append(descriptor)
        }
    }
}

extension HandedDescriptor {
    /// Without FileDescriptorName= a socket has the name of its unit, and "unknown" from managers that name none.
    fileprivate var isNamed: Bool {
        !(name.isEmpty || name == "unknown" || name.hasSuffix(".socket"))
    }
}

/// A socket of the service manager's that can't be served: what, which, remedy.
struct SocketProblem: Equatable {
    enum Fault: Equatable {
        case noSocket, notOfStreams, notListening, foreignFamily
        /// It has a name that is no service's tag, or none where there are several services.
        case noService(tags: [String])
        case unnamed(tags: [String])
        case tooMany
    }

    let name: String
    let address: String?
    let fault: Fault

    init(_ descriptor: HandedDescriptor, _ fault: Fault) {
        name = descriptor.name
        address = descriptor.address.map { "\($0)" }
        self.fault = fault
    }
}

extension SocketProblem.Fault {
    fileprivate init?(of descriptor: HandedDescriptor) {
        switch descriptor.kind {
        case .noSocket: self = .noSocket
        case .otherSocket: self = .notOfStreams
        case .silentStream: self = .notListening
        case .listener:
            guard descriptor.address == nil else { return nil }
            self = .foreignFamily
        }
    }
}

extension SocketProblem: CustomStringConvertible {
    var description: String {
        let place = address.map { $0.isEmpty ? "" : " (\($0))" } ?? ""
        let socket = "the service manager's socket \(name.quoted)\(place)"
        return switch fault {
        case .noSocket:
            "the service manager's descriptor \(name.quoted) is no socket: remove OpenFile= or the like from the unit"
        case .notOfStreams: "\(socket) is none of streams: use ListenStream= in its socket unit"
        case .notListening: "\(socket) does not listen: use ListenStream= and Accept=no in its socket unit"
        case .foreignFamily: "\(socket) is neither IPv4, IPv6 nor Unix: give another ListenStream= in its socket unit"
        case .noService(let tags):
            "\(socket) has the name of no service: set FileDescriptorName= in its socket unit to \(Self.choice(tags))"
        case .tooMany:
            "there are more than \(ListenerSet.countAtMost) sockets of the service manager's: "
                + "take some ListenStream= out of the socket units"
        case .unnamed(let tags):
            "\(socket) names no service: set FileDescriptorName= in its socket unit to \(Self.choice(tags))"
        }
    }

    private static func choice(_ tags: [String]) -> String {
        tags.map(\.quoted).joined(separator: " or ")
    }
}
