internal import OCMTLS

/// What the child that talks to the OAuth server is asked.
enum ExchangeQuestion {
    /// To exchange a refresh token.
    case ask(ExchangeOrder)
    /// To make sense of an answer that was kept: what came over the network is not parsed in the supervisor.
    case parse(Secret)
}

/// One exchange of a refresh token.
struct ExchangeOrder {
    /// The whole URL of the token endpoint.
    let endpoint: BaseURL
    let refreshToken: Secret
    /// Where the raw answer is put before anyone looks at it.
    let copy: String
    /// The token that is in force is as good as gone: ask though the answer can't be promised a place on disk.
    let isUrgent: Bool
    let trust: [TrustSource]
    var deadlines = OAuthCall.Deadlines()
}

extension ExchangeQuestion {
    var message: ChildMessage {
        switch self {
        case .parse(let answer):
            return ChildMessage([Secret("parse"), answer])
        case .ask(let order):
            let (url, deadlines) = (order.endpoint, order.deadlines)
            let texts = [
                "ask", url.isEncrypted ? "https" : "http", url.host, "\(url.port)", url.path, order.copy,
                order.isUrgent ? "urgent" : "", "\(deadlines.connect)", "\(deadlines.handshake)", "\(deadlines.total)",
            ]
            return ChildMessage(texts.map { Secret($0) } + [order.refreshToken, order.trust.message.encoded])
        }
    }

    /// nil for what no supervisor of this version says.
    init?(_ bytes: Secret) {
        if let message = ChildMessage(bytes, count: 2), message.fields[0].string == "parse" {
            self = .parse(message.fields[1])
            return
        }
        guard let message = ChildMessage(bytes, count: 12), let order = ExchangeOrder(message.fields) else {
            return nil
        }
        self = .ask(order)
    }
}

extension ExchangeOrder {
    fileprivate init?(_ fields: [Secret]) {
        let texts = fields.prefix(10).compactMap(\.string)
        let numbers = texts.suffix(3).compactMap { Int($0) }
        guard texts.count == 10, texts[0] == "ask", let port = UInt16(texts[3]), numbers.count == 3,
            let trust = [TrustSource](fields[11])
        else { return nil }
        endpoint = BaseURL(isEncrypted: texts[1] != "http", host: texts[2], port: port, path: texts[4])
        copy = texts[5]
        isUrgent = texts[6] == "urgent"
        deadlines = OAuthCall.Deadlines(connect: numbers[0], handshake: numbers[1], total: numbers[2])
        refreshToken = fields[10]
        self.trust = trust
    }
}

/// Pairs of a kind and what it needs.
extension [TrustSource] {
    fileprivate var message: ChildMessage {
        ChildMessage(
            flatMap { source in
                switch source {
                case .system: [Secret("system"), Secret("")]
                case .file(let path): [Secret("file"), Secret(path)]
                case .directory(let path): [Secret("directory"), Secret(path)]
                case .pem(let bytes): [Secret("pem"), Secret(bytes.span)]
                }
            })
    }

    fileprivate init?(_ bytes: Secret) {
        guard let fields = ChildMessage(bytes)?.fields, fields.count.isMultiple(of: 2) else { return nil }
        self = []
        for index in stride(from: 0, to: fields.count, by: 2) {
            let value = fields[index + 1]
            switch (fields[index].string, value.string) {
            case ("system", _): append(.system)
            case ("file", let path?): append(.file(path: path))
            case ("directory", let path?): append(.directory(path: path))
            case ("pem", let text?): append(.pem(Array<UInt8>(text.utf8)))
            default: return nil
            }
        }
    }
}
