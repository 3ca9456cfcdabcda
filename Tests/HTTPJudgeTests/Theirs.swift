import NIOCore
import NIOEmbedded
import NIOHTTP1

extension Stream {
    /// How llhttp understands the bytes, as strict as SwiftNIO sets it.
    var theirs: Judgement<any Error> {
        switch sender {
        case .client: requests
        case .server(let method): responses(to: method)
        }
    }

    private var requests: Judgement<any Error> {
        var judgement = Judgement<any Error>()
        let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)
        judge(EmbeddedChannel(handler: ByteToMessageHandler(decoder)), &judgement) { channel, judgement in
            while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
                switch part {
                case .head(let head):
                    judgement.begin(
                        "\(head.method.rawValue) \(head.uri)", head.version, head.headers, head.isKeepAlive)
                case .body(let bytes): judgement.add(bytes)
                case .end: judgement.end()
                }
            }
        }
        return judgement
    }

    private func responses(to method: String) -> Judgement<any Error> {
        var judgement = Judgement<any Error>()
        let decoder = HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes, informationalResponseStrategy: .forward)
        let channel = EmbeddedChannel(handlers: [HTTPRequestEncoder(), ByteToMessageHandler(decoder)])
        do {
            // As many requests as there may be answers in the bytes.
            for _ in 0..<8 {
                let head = HTTPRequestHead(version: .http1_1, method: method == "HEAD" ? .HEAD : .GET, uri: "/")
                try channel.writeOutbound(HTTPClientRequestPart.head(head))
                try channel.writeOutbound(HTTPClientRequestPart.end(nil))
            }
        } catch {
            judgement.failure = error
        }
        judge(channel, &judgement) { channel, judgement in
            while let part = try channel.readInbound(as: HTTPClientResponsePart.self) {
                switch part {
                case .head(let head):
                    let isFinal = head.status.code >= 200 || head.status.code == 101
                    judgement.begin("\(head.status.code)", head.version, head.headers, head.isKeepAlive)
                    // SwiftNIO gives out no end for an interim answer.
                    if !isFinal { judgement.end() }
                case .body(let bytes): judgement.add(bytes)
                case .end: judgement.end()
                }
            }
        }
        return judgement
    }

    private func judge(
        _ channel: EmbeddedChannel, _ judgement: inout Judgement<any Error>,
        collect: (EmbeddedChannel, inout Judgement<any Error>) throws -> Void
    ) {
        do {
            for part in parts { try channel.writeInbound(ByteBuffer(bytes: part)) }
        } catch {
            judgement.failure = error
        }
        do {
            // What was understood before a failure counts; so does an end that the end of the connection brings.
            try collect(channel, &judgement)
            _ = try? channel.finish(acceptAlreadyClosed: true)
            if judgement.failure == nil { try collect(channel, &judgement) }
        } catch {
            judgement.failure = error
        }
    }
}

extension Judgement {
    fileprivate mutating func begin(
        _ subject: String, _ version: HTTPVersion, _ headers: HTTPHeaders, _ keepsAlive: Bool
    ) {
        messages.append(
            Message(
                subject: subject, minorVersion: version.minor,
                fields: headers.map { [$0.name, $0.value.trimmingBlanks] },
                keepsAlive: keepsAlive))
    }

    fileprivate mutating func add(_ bytes: ByteBuffer) { messages[messages.count - 1].body += bytes.readableBytesView }

    fileprivate mutating func end() { messages[messages.count - 1].isComplete = true }
}
