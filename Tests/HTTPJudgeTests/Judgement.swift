/// One message as a reader understood it.
struct Message: Equatable {
    /// Method and target, or status.
    var subject: String
    var minorVersion: Int
    /// Name and value of each field.
    var fields: [[String]]
    var keepsAlive: Bool
    var body: [UInt8] = []
    /// Whether the end of the body was found.
    var isComplete = false
}

/// How a reader understood the bytes of a connection.
struct Judgement<Failure> {
    var messages: [Message] = []
    /// Why it stopped, if it refused something.
    var failure: Failure?
}

/// Who sent the bytes.
enum Sender: Hashable {
    case client
    /// The server, answering requests of this method.
    case server(answering: String)
}

/// Bytes in the parts in which they are read.
struct Stream {
    var parts: [[UInt8]]
    var sender: Sender

    init(_ bytes: [UInt8], from sender: Sender = .client) {
        parts = [bytes]
        self.sender = sender
    }

    var bytes: [UInt8] { Array(parts.joined()) }

    /// The same bytes, one by one.
    var byteByByte: Stream {
        var stream = self
        stream.parts = bytes.map { [$0] }
        return stream
    }

    /// The same bytes, cut at random.
    func cut(using random: inout SeededGenerator) -> Stream {
        var stream = self
        stream.parts = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Int.random(in: 1...min(rest.count, Bool.random(using: &random) ? 3 : 40), using: &random)
            stream.parts.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return stream
    }
}

extension [UInt8] {
    /// For messages in failures.
    var shown: String { String(decoding: self, as: UTF8.self).debugDescription }
}
