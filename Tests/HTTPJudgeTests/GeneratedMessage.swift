/// A valid message made at random, beside what it means.
struct GeneratedMessage {
    private(set) var bytes: [UInt8] = []
    private(set) var meaning: Message

    /// A request, which another one may follow when it keeps the connection alive.
    init(requestUsing random: inout SeededGenerator) {
        let method = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"].randomElement(using: &random) ?? ""
        let target = "/" + Self.text(of: Self.targetBytes, 0...60, &random)
        meaning = Message(subject: "\(method) \(target)", minorVersion: 1, fields: [], keepsAlive: true)
        bytes = Array("\(method) \(target) HTTP/1.1\r\n".utf8)
        var lines = Self.lines(&random)
        lines.insert(["Host", "h.example"], at: Int.random(in: 0...lines.count, using: &random))
        finish(lines, endsWithConnection: false, &random)
    }

    /// An answer to GET.
    init(responseUsing random: inout SeededGenerator) {
        let status = [200, 201, 302, 400, 404, 429, 500, 503].randomElement(using: &random) ?? 200
        meaning = Message(subject: "\(status)", minorVersion: 1, fields: [], keepsAlive: true)
        bytes = Array("HTTP/1.1 \(status) \(Self.text(of: Self.valueBytes, 0...20, &random))\r\n".utf8)
        finish(Self.lines(&random), endsWithConnection: true, &random)
    }

    private static let nameBytes = Array("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-_.!#$%&'*+^`|~".utf8)
    private static let targetBytes = Array("abcxyz019-._~!$&'()*+,;=:@/?%{}|\\^\"<>`[]".utf8)
    private static let valueBytes = Array((0x20...0x7E).map { UInt8($0) }) + [9]

    private static func text(of set: [UInt8], _ count: ClosedRange<Int>, _ random: inout SeededGenerator) -> String {
        let bytes = (0..<Int.random(in: count, using: &random)).map { _ in set.randomElement(using: &random) ?? 0x61 }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func lines(_ random: inout SeededGenerator) -> [[String]] {
        (0..<Int.random(in: 0...12, using: &random)).map { _ in
            // The prefix keeps the name from being one that means something.
            let value = text(of: valueBytes, 0...80, &random)
            return ["x-" + text(of: nameBytes, 0...30, &random), value.trimmingBlanks]
        }
    }

    private mutating func finish(
        _ lines: [[String]], endsWithConnection: Bool, _ random: inout SeededGenerator
    ) {
        var lines = lines
        let data = (0..<Int.random(in: 0...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        var body = data
        switch Int.random(in: 0...2, using: &random) {
        case 0:
            lines.append(["Transfer-Encoding", "chunked"])
            body = Self.chunks(of: data, &random)
            meaning.body = data
        case 1 where endsWithConnection:
            meaning.body = data
            meaning.keepsAlive = false
        default:
            lines.append(["content-LENGTH", "\(data.count)"])
            meaning.body = data
        }
        if meaning.keepsAlive, Int.random(in: 0...4, using: &random) == 0 {
            lines.append(["Connection", "x, Close"])
            meaning.keepsAlive = false
        }
        meaning.isComplete = true
        meaning.fields = lines
        for line in lines {
            let before = ["", " ", "\t", "  "].randomElement(using: &random) ?? ""
            // Behind a length a tab is refused, behind an option llhttp does not understand it.
            let after = line[0].hasPrefix("x-") ? before : " "
            bytes += Array("\(line[0]):\(before)\(line[1])\(after)\r\n".utf8)
        }
        bytes += Array("\r\n".utf8) + body
    }

    private static func chunks(of data: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var result: [UInt8] = []
        var rest = data[...]
        while true {
            let count = rest.isEmpty ? 0 : Int.random(in: 1...rest.count, using: &random)
            let digits = String(count, radix: 16, uppercase: Bool.random(using: &random))
            let zeros = String(repeating: "0", count: Int.random(in: 0...4, using: &random))
            let suffix = ["", "", "", ";a", ";a=b", ";a=\"b;\\\"c\"", ";a;b=c"].randomElement(using: &random) ?? ""
            result += Array("\(zeros)\(digits)\(suffix)\r\n".utf8) + rest.prefix(count)
            guard count > 0 else { break }
            result += Array("\r\n".utf8)
            rest = rest.dropFirst(count)
        }
        for _ in 0..<max(0, Int.random(in: -2...2, using: &random)) { result += Array("X-T: trailer\r\n".utf8) }
        return result + Array("\r\n".utf8)
    }
}

extension String {
    /// Without the spaces and tabs at its ends.
    var trimmingBlanks: String {
        let bytes = Array(utf8)
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        guard let first = bytes.firstIndex(where: { !isBlank($0) }), let last = bytes.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }
}
