internal import OCMEventLoop

/// Who has a client's connection, and the task that serves it.
@EventLoop enum Occupant {
    case connection(ClientConnection, Task<Void, Never>)
    case webSocket(WebSocketRelay, Task<Void, Never>)

    /// Whether a response is not whole yet.
    var isServing: Bool {
        switch self {
        case .connection(let connection, _): connection.exchange != nil
        case .webSocket(let relay, _): relay.isResponding
        }
    }

    func noteDrain() {
        switch self {
        case .connection(let connection, _): connection.noteDrain()
        case .webSocket(let relay, _): relay.noteDrain()
        }
    }

    /// Ends what is open of a user who is none any more.
    func endRevoked() {
        switch self {
        case .connection(let connection, let task): if connection.exchange?.isRevoked == true { task.cancel() }
        case .webSocket(let relay, _): relay.noteUsers()
        }
    }

    func cancel() {
        switch self {
        case .connection(_, let task), .webSocket(_, let task): task.cancel()
        }
    }
}
