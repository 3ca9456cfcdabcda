internal import OCMEventLoop

/// Who has a client's connection.
@EventLoop enum Occupant {
    case connection(ClientConnection, Task<Void, Never>)
    case webSocket(WebSocketRelay)

    /// Whether a response is not whole yet.
    var isServing: Bool {
        switch self {
        case .connection(let connection, _): connection.exchange != nil
        case .webSocket(let relay): relay.isResponding
        }
    }

    func noteDrain() {
        switch self {
        case .connection(let connection, _): connection.noteDrain()
        case .webSocket(let relay): relay.noteDrain()
        }
    }

    /// Ends what is open of a user who is none any more, and has a WebSocket wait for what it has to wait for now.
    func noteChange() {
        switch self {
        case .connection(let connection, let task): if connection.exchange?.isRevoked == true { task.cancel() }
        case .webSocket(let relay): relay.noteChange()
        }
    }

    func cancel() {
        switch self {
        case .connection(_, let task): task.cancel()
        case .webSocket(let relay): relay.cut()
        }
    }
}
