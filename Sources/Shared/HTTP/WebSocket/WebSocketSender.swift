/// Who sends the frames of one direction: a client masks every one of its frames, a server none (RFC 6455 section 5.1).
package enum WebSocketSender: Sendable {
    case client, server
}
