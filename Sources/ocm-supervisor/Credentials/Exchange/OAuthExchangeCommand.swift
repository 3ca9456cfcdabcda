internal import ArgumentParser
internal import Glibc
internal import OCMEventLoop

/// The child that exchanges a refresh token: one question on standard input, one answer on standard output.
struct OAuthExchangeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "oauth-exchange", abstract: "Exchange a refresh token for the supervisor.", shouldDisplay: false)

    func run() {
        // Whoever ends the supervisor, and with it perhaps all processes of its group, must not end an exchange.
        for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_IGN) }
        EventLoop.run {
            guard let question = ChildAnswer.readQuestion().flatMap({ ExchangeQuestion($0) }) else { return }
            let result: ExchangeResult =
                switch question {
                case .ask(let order): await OAuthExchange(order: order).run()
                case .parse(let answer):
                    OAuthResponse.result(of: answer) ?? .failure(.failed(.exchange, "the answer was cut off"))
                }
            ChildAnswer.give(ChildMessage(result))
        }
    }
}
