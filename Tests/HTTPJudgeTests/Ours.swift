import OCMHTTP

extension Stream {
    /// How this project's reader understands the bytes.
    var ours: Judgement<HTTPError> {
        var reader = OurReader(sender: sender)
        do {
            for part in parts where try !reader.take(part) { return reader.judgement }
            reader.end()
        } catch {
            reader.judgement.failure = error
        }
        return reader.judgement
    }
}

/// Reads one message after the other, as a connection of the worker does.
private struct OurReader {
    let sender: Sender
    var judgement = Judgement<HTTPError>()
    private var request = RequestHead()
    private var response = ResponseHead()
    private var body: BodyReader?
    /// Bytes of a head that is not complete.
    private var pending: [UInt8] = []

    init(sender: Sender) { self.sender = sender }

    /// - Returns: false when nothing more of this connection is a message.
    mutating func take(_ part: [UInt8]) throws(HTTPError) -> Bool {
        pending += part
        while true {
            if body == nil {
                guard let length = try takeHead() else { return true }
                pending.removeFirst(length)
            }
            guard try takeBody() else { return true }
            guard canGoOn else { return false }
        }
    }

    mutating func end() {
        guard let body, body.isWholeAtClose else { return }
        judgement.messages[judgement.messages.count - 1].isComplete = true
    }

    private var canGoOn: Bool {
        guard let last = judgement.messages.last else { return true }
        // After an offer to change the protocol llhttp reads no further; after 101 nobody does.
        if request.field(.upgrade) != nil, sender == .client { return false }
        return last.keepsAlive && !(sender != .client && response.status == 101)
    }

    private mutating func takeHead() throws(HTTPError) -> Int? {
        let bytes = pending
        let length: Int?
        let framing: BodyFraming
        if case .server(let method) = sender {
            length = try response.parse(bytes.span, answering: method == "HEAD" ? .head : .get)
            framing = response.framing
        } else {
            length = try request.parse(bytes.span)
            framing = request.framing
        }
        guard let length else { return nil }
        judgement.messages.append(sender == .client ? requestMessage : responseMessage)
        body = try BodyReader(framing)
        return length
    }

    /// - Returns: whether the body is complete; then it is gone.
    private mutating func takeBody() throws(HTTPError) -> Bool {
        guard var reader = body else { return false }
        var offset = 0
        defer { pending.removeFirst(offset) }
        while let piece = try reader.next(in: pending.span, from: offset) {
            offset = piece.range.upperBound
            if piece.kind == .data { judgement.messages[judgement.messages.count - 1].body += pending[piece.range] }
        }
        body = reader.isComplete ? nil : reader
        guard reader.isComplete else { return false }
        judgement.messages[judgement.messages.count - 1].isComplete = true
        return true
    }

    private var requestMessage: Message {
        Message(
            subject: "\(request.method.name) \(text(request.target))", minorVersion: request.version == .http11 ? 1 : 0,
            fields: request.fields.map { [text($0.name), text($0.value)] }, keepsAlive: request.keepsAlive)
    }

    private var responseMessage: Message {
        Message(
            subject: "\(response.status)", minorVersion: response.version == .http11 ? 1 : 0,
            fields: response.fields.map { [text($0.name), text($0.value)] }, keepsAlive: response.keepsAlive)
    }

    private func text(_ range: ByteRange) -> String { String(decoding: pending[range.bounds], as: UTF8.self) }
}
