import Glibc
import OCMEventLoop
import Testing

@testable import ocm_supervisor

/// A token endpoint on the loop of the test: refresh tokens rotate, the old one is dead before the answer's first byte.
@EventLoop final class TokenServer {
    private let listener: Listener
    let port: UInt16
    /// The one refresh token that is good.
    var valid = "refresh-0"
    var life = Duration.seconds(3600)
    /// Status, fields and body to answer with instead of tokens, once each.
    var orders: [String] = []
    /// What an answer waits for, if anything.
    var gate: Wakeup?
    /// Cut the answer off after so many bytes.
    var cut: Int?
    private(set) var asked: [String] = []
    private(set) var reused = 0
    private var serial = 0

    init() throws {
        let descriptor = try Listener.bind(to: .v4(address: 0x7f00_0001, port: 0))
        port = Listener.localAddress(of: descriptor)?.port ?? 0
        listener = try Listener(adopting: descriptor)
        EventLoop.spawn { await self.serve() }
    }

    func close() { listener.close() }

    var endpoint: BaseURL { BaseURL(isEncrypted: false, host: "127.0.0.1", port: port, path: "/oauth/token") }

    /// The text of an auth.json that is signed in here.
    func signIn(life: Duration? = nil) -> String {
        let (access, refresh) = issue(life ?? self.life)
        return makeFile(access: access, refresh: refresh, lastRefresh: .now)
    }

    func issue(_ life: Duration) -> (access: String, refresh: String) {
        serial += 1
        valid = "refresh-\(serial)"
        return (makeToken(serial: serial, issued: .now, expiry: .now + life), valid)
    }

    private func serve() async {
        while listener.isOpen {
            while let (socket, _) = try? listener.accept() { EventLoop.spawn { await self.answer(socket) } }
            do { try await listener.acceptable() } catch { return }
        }
    }

    private func answer(_ socket: StreamSocket) async {
        defer { socket.close() }
        guard let request = await read(socket), let range = request.range(of: "\"refresh_token\":\"") else { return }
        let token = String(request[range.upperBound...].prefix { $0 != "\"" })
        let text = response(to: token)
        if let gate { try? await gate.wait() }
        let bytes = Array(text.utf8.prefix(cut ?? .max))
        _ = try? socket.write(bytes.span)
    }

    private func read(_ socket: StreamSocket) async -> String? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while !String(decoding: bytes, as: UTF8.self).hasSuffix("\"}") {
            let outcome = buffer.withUnsafeMutableBytes { buffer in try? socket.read(into: buffer) }
            switch outcome {
            case .bytes(let count)?: bytes += buffer[..<count]
            case .wouldBlock?: do { try await socket.readable(until: .never) } catch { return nil }
            case .end?, nil: return nil
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func response(to token: String) -> String {
        asked.append(token)
        if !orders.isEmpty { return orders.removeFirst() }
        guard token == valid else {
            reused += 1
            return "HTTP/1.1 401 Unauthorized\r\n\r\n{\"error\":{\"code\":\"refresh_token_reused\"}}"
        }
        let (access, refresh) = issue(life)
        let body = "{\"access_token\":\"\(access)\",\"refresh_token\":\"\(refresh)\"}"
        return "HTTP/1.1 200 OK\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}

extension String {
    fileprivate func range(of text: String) -> Range<String.Index>? { firstRange(of: text) }
}
