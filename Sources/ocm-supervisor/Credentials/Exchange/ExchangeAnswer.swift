/// What the child that talks to the OAuth server answers.
typealias ExchangeResult = Result<RefreshAnswer, RefreshFailure>

extension ChildMessage {
    private static let answerFields = 4

    init(_ result: ExchangeResult) {
        switch result {
        case .success(let answer):
            let tokens = [answer.access, answer.refresh, answer.id]
            self.init([Secret(answer.isWhole ? "tokens" : "partial")] + tokens.map { $0 ?? Secret("") })
        case .failure(.refused(let status, let code)):
            self.init(["status", "\(status)", code, ""].map { Secret($0) })
        case .failure(.answered(let status, let delay)):
            let seconds = delay.map { "\($0.components.seconds)" } ?? ""
            self.init(["status", "\(status)", "", seconds].map { Secret($0) })
        case .failure(.notUnderstood(let status)):
            self.init(["status", "\(status)", "", ""].map { Secret($0) })
        case .failure(.failed(let stage, let text)):
            self.init(["failed", stage.rawValue, text, ""].map { Secret($0) })
        }
    }

    /// nil for what is no answer. Every field is looked at before it is believed: the child has talked to strangers.
    static func result(_ bytes: Secret) -> ExchangeResult? {
        guard let message = ChildMessage(bytes, count: answerFields) else { return nil }
        let fields = message.fields
        let kind = fields[0].string
        switch kind {
        case "tokens", "partial":
            guard fields.allSatisfy({ $0.count <= AuthFile.maximumToken && ($0.isEmpty || $0.isVisibleASCII) }) else {
                return nil
            }
            let tokens = fields.dropFirst().map { $0.isEmpty ? nil : $0 }
            return .success(
                RefreshAnswer(access: tokens[0], refresh: tokens[1], id: tokens[2], isWhole: kind == "tokens"))
        case "status":
            guard let status = fields[1].number, (100...999).contains(status), let code = fields[2].string,
                OAuthAnswer.isCode(code)
            else { return nil }
            let delay = fields[3].number.map { Duration.seconds(min(max($0, 0), 86400)) }
            return .failure(RefreshFailure(status: status, code: code, retryAfter: delay))
        case "failed":
            guard let stage = fields[1].string.flatMap({ RefreshFailure.Stage(rawValue: $0) }),
                let text = fields[2].string, text.utf8.count <= 1024,
                text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
            else { return nil }
            return .failure(.failed(stage, text))
        default:
            return nil
        }
    }
}
