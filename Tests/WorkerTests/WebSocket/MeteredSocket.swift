import OCMHTTP

@testable import ocm_worker

/// A WebSocket whose two directions are read and metered as a relay does it.
struct MeteredSocket {
    var meter = WebSocketMeter()
    var findings: [ServerMessageMeter.Finding] = []
    /// Bytes of the payloads of the API that had been scanned when something was found last.
    var scanned = 0
    private var fromClient = WebSocketFrameReader(from: .client)
    private var fromServer = WebSocketFrameReader(from: .server)

    /// A message in so many fragments, which comes in reads of so many bytes.
    mutating func client(
        _ message: String, _ opcode: WebSocketOpcode = .text, fragments: Int = 1, reads: Int = .max
    ) throws {
        var frames = Self.frames(message, opcode, fragments, MaskingKey(9, 8, 7, 6))
        for start in stride(from: 0, to: frames.count, by: min(reads, frames.count)) {
            var read = Array(frames[start..<min(start + min(reads, frames.count), frames.count)])
            try clientBytes(&read)
        }
        frames = []
    }

    mutating func clientBytes(_ read: inout [UInt8]) throws {
        var bytes = read.mutableSpan
        var position = 0
        while case .data(let part) = try fromClient.next(in: &bytes, at: &position) {
            meter.scanClient(part, of: bytes.span)
        }
    }

    mutating func server(
        _ message: String, _ opcode: WebSocketOpcode = .text, fragments: Int = 1, reads: Int = .max
    ) throws {
        let frames = Self.frames(message, opcode, fragments, nil)
        scanned = 0
        for start in stride(from: 0, to: frames.count, by: min(reads, frames.count)) {
            var read = Array(frames[start..<min(start + min(reads, frames.count), frames.count)])
            try serverBytes(&read)
        }
    }

    mutating func serverBytes(_ read: inout [UInt8]) throws {
        var bytes = read.mutableSpan
        var position = 0
        while case .data(let part) = try fromServer.next(in: &bytes, at: &position) {
            let finding = meter.scanServer(part, of: bytes.span)
            if findings.isEmpty { scanned += part.payload.count }
            if let finding { findings.append(finding) }
        }
    }

    static func frames(
        _ message: String, _ opcode: WebSocketOpcode, _ fragments: Int, _ key: MaskingKey?
    ) -> [UInt8] {
        let payload = Array(message.utf8)
        var output: [UInt8] = []
        for index in 0..<fragments {
            let fragment = Array(
                payload[(payload.count * index / fragments)..<(payload.count * (index + 1) / fragments)])
            let frame = WebSocketFrameHead(
                index == 0 ? opcode : .continuation, payloadLength: UInt64(fragment.count),
                isFinal: index == fragments - 1, maskingKey: key)
            frame.write(into: &output)
            let start = output.count
            output += fragment
            var bytes = output.mutableSpan
            key?.apply(to: &bytes, in: start..<bytes.count)
        }
        return output
    }
}
