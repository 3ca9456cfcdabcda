import Logging
import LoopTestSupport
import OCMEventLoop
import Testing

@testable import ocm_supervisor

@Suite("The resolver")
struct ResolverTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private static let one = SocketAddress.v4(address: 0x7f00_0001, port: 0)
    private static let two = SocketAddress.v6(high: 0, low: 1, port: 0, scope: 3)

    /// Answers in turn, the last one from then on.
    @EventLoop private final class Answers {
        var list: [ResolverResult]
        var calls = 0
        var delay = Duration.zero

        init(_ list: [ResolverResult]) { self.list = list }

        func next() async -> ResolverResult {
            calls += 1
            let answer = list.count > 1 ? list.removeFirst() : list[0]
            try? await EventLoop.sleep(for: delay)
            return answer
        }
    }

    @EventLoop private static func resolver(_ answers: Answers, lifetime: Duration = .seconds(60)) -> Resolver {
        var timing = Resolver.Timing()
        timing.lifetime = lifetime
        timing.pause = .milliseconds(10)
        return Resolver(timing: timing, logger: logger) { _ in await answers.next() }
    }

    @Test("literals are their own addresses, and nobody is asked")
    func literals() throws {
        try onLoop {
            let answers = Answers([.failure(.notFound)])
            let resolver = Self.resolver(answers)
            let four = try await resolver.addresses(for: "127.0.0.1", port: 80)
            #expect(four.map(\.description) == ["127.0.0.1:80"])
            let six = try await resolver.addresses(for: "::1", port: 81)
            #expect(six.map(\.description) == ["[::1]:81"])
            #expect(answers.calls == 0)
        }
    }

    @Test("many who ask at once lead to one look-up, and an answer that is young to none")
    func singleFlight() throws {
        try onLoop {
            let answers = Answers([.success([Self.one, Self.two])])
            answers.delay = .milliseconds(20)
            let resolver = Self.resolver(answers)
            var done = 0
            for _ in 0..<100 {
                EventLoop.spawn {
                    let addresses = try? await resolver.addresses(for: "host", port: 9)
                    #expect(addresses?.count == 2)
                    done += 1
                }
            }
            while done < 100 { try await EventLoop.sleep(for: .milliseconds(5)) }
            let later = try await resolver.addresses(for: "host", port: 9)
            #expect(later.first == .v4(address: 0x7f00_0001, port: 9))
            #expect(answers.calls == 1)
        }
    }

    @Test("when a later look-up fails, the last good answer stays")
    func lastGood() throws {
        try onLoop {
            let answers = Answers([.success([Self.one]), .failure(.failed("down"))])
            let resolver = Self.resolver(answers, lifetime: .milliseconds(1))
            for _ in 0..<20 {
                let addresses = try await resolver.addresses(for: "host", port: 9)
                #expect(addresses.count == 1)
                try await EventLoop.sleep(for: .milliseconds(3))
            }
            #expect(answers.calls > 2)
        }
    }

    @Test("a failure is an error, and is not asked for again at once")
    func failure() throws {
        try onLoop {
            let answers = Answers([.failure(.notFound)])
            let resolver = Self.resolver(answers)
            for _ in 0..<5 {
                await #expect(throws: ResolverError.notFound) { try await resolver.addresses(for: "host", port: 9) }
            }
            #expect(answers.calls == 1)
        }
    }

    @Test("who follows a name is told of each change, and of failures before the first answer only")
    func follow() throws {
        try onLoop {
            let answers = Answers([
                .failure(.failed("down")), .success([Self.one]), .success([Self.one]), .failure(.notFound),
                .success([Self.two]),
            ])
            let resolver = Self.resolver(answers, lifetime: .milliseconds(5))
            var told: [String] = []
            resolver.follow("host", port: 7) { result in
                switch result {
                case .success(let addresses): told.append(addresses.map(\.description).joined())
                case .failure(let error): told.append("\(error)")
                }
            }
            while answers.calls < 6 { try await EventLoop.sleep(for: .milliseconds(5)) }
            #expect(told == ["down", "127.0.0.1:7", "[::1%3]:7"])
        }
    }

    @Test("an answer of the child is read as it was given, and nothing else is")
    func answers() {
        for result in [.success([Self.one, Self.two]), .failure(.notFound), .failure(.failed("x"))] as [ResolverResult]
        {
            #expect(ChildMessage.addresses(ChildMessage(result).encoded) == result)
        }
        let many = (0..<65).map { SocketAddress.v4(address: $0, port: 0) }
        #expect(ChildMessage.addresses(ChildMessage(.success(many)).encoded) == nil)
        for fields in [[], ["addresses"], ["addresses", "abc"], ["unknown", "x"], ["failed"], ["other"]] {
            #expect(ChildMessage.addresses(ChildMessage(fields.map { Secret($0) }).encoded) == nil)
        }
        #expect(ChildMessage.addresses(Secret("\u{1}\0\0\u{7f}")) == nil)
    }

    @Test("localhost is looked up in a child")
    func child() throws {
        let program = try SupervisorProgram.path
        try onLoop {
            let resolver = Resolver(program: program, logger: Self.logger)
            let addresses = try await resolver.addresses(for: "localhost", port: 5)
            #expect(addresses.allSatisfy { $0.isLoopback && $0.port == 5 })
            await #expect(throws: ResolverError.self) {
                try await resolver.addresses(for: "no-such-host.invalid", port: 5)
            }
        }
    }
}
