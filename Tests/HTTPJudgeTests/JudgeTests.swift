import OCMHTTP
import Testing

/// llhttp, as strict as SwiftNIO sets it, judges this project's reader.
@Suite struct JudgeTests {
    @Test func `unusual requests are taken by both, with the same meaning, in any cut`() {
        #expect(UnusualRequests.all.count >= 200)
        #expect(Set(UnusualRequests.all).count == UnusualRequests.all.count)
        var random = SeededGenerator(seed: 1)
        for text in UnusualRequests.all { expectAccepted(Stream(Array(text.utf8)), &random) }
    }

    @Test func `unusual answers are taken by both, with the same meaning, in any cut`() {
        var random = SeededGenerator(seed: 2)
        let get = UnusualResponses.all.map { Stream(Array($0.utf8), from: .server(answering: "GET")) }
        let head = UnusualResponses.toHead.map { Stream(Array($0.utf8), from: .server(answering: "HEAD")) }
        #expect(get.count + head.count >= 80)
        for stream in get + head { expectAccepted(stream, &random) }
    }

    @Test func `generated messages mean to both what they were made to mean`() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<Effort.messages {
            let isRequest = Bool.random(using: &random)
            let message =
                isRequest ? GeneratedMessage(requestUsing: &random) : GeneratedMessage(responseUsing: &random)
            let stream = Stream(message.bytes, from: isRequest ? .client : .server(answering: "GET"))
                .cut(using: &random)
            let ours = stream.ours
            #expect(ours.failure == nil && ours.messages == [message.meaning], "\(message.bytes.shown)")
            let theirs = stream.theirs
            #expect(theirs.failure == nil && theirs.messages == [message.meaning], "\(message.bytes.shown)")
        }
    }

    @Test(arguments: Rule.all.indices)
    func `what ours alone refuses breaks a rule that has a name and a section`(index: Int) {
        let rule = Rule.all[index]
        let streams =
            rule.requests.map { Stream(Array($0.utf8)) }
            + rule.responses.map { Stream(Array($0.utf8), from: .server(answering: "GET")) }
        #expect(!streams.isEmpty && !rule.section.isEmpty)
        for stream in streams {
            guard case .stricter(rule.error) = Verdict(stream) else {
                Issue.record("\(stream.bytes.shown): \(Verdict(stream)), not \(rule.error)")
                continue
            }
        }
    }

    @Test func `mutated requests: what is taken means the same, what is refused alone breaks a named rule`() {
        judge(mutationsOf: UnusualRequests.all + Rule.all.flatMap(\.requests), from: .client, seed: 4)
    }

    @Test func `mutated answers: what is taken means the same, what is refused alone breaks a named rule`() {
        judge(
            mutationsOf: UnusualResponses.all + Rule.all.flatMap(\.responses), from: .server(answering: "GET"), seed: 5)
    }

    @Test func `mutated answers to HEAD are judged alike`() {
        judge(
            mutationsOf: UnusualResponses.toHead + UnusualResponses.all, from: .server(answering: "HEAD"), seed: 6)
    }

    private func expectAccepted(_ stream: Stream, _ random: inout SeededGenerator) {
        let whole = stream.ours
        #expect(whole.failure == nil, "\(stream.bytes.shown)")
        #expect(!whole.messages.isEmpty && whole.messages.allSatisfy(\.isComplete), "\(stream.bytes.shown)")
        for stream in [stream, stream.byteByByte, stream.cut(using: &random)] {
            let ours = stream.ours
            let theirs = stream.theirs
            let verdict = Verdict(ours, theirs, stream.sender)
            guard case .same = verdict else {
                Issue.record("\(stream.bytes.shown): \(verdict)")
                return
            }
            #expect(ours.messages == whole.messages, "\(stream.bytes.shown)")
            #expect(theirs.failure == nil, "\(stream.bytes.shown)")
            #expect(theirs.messages.count == whole.messages.count, "\(stream.bytes.shown)")
        }
    }

    private func judge(mutationsOf texts: [String], from sender: Sender, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let seeds = texts.map { Array($0.utf8) }.filter { $0.count < 3000 }
        let named = Rule.all.map(\.error)
        for _ in 0..<Effort.messages {
            let bytes = Mutation.apply(to: seeds.randomElement(using: &random) ?? [], others: seeds, using: &random)
            let whole = Stream(bytes, from: sender)
            let stream = Bool.random(using: &random) ? whole : whole.cut(using: &random)
            switch Verdict(stream) {
            case .same: break
            case .stricter(let error):
                #expect(named.contains(error), "\(bytes.shown)")
            case .differs(let difference):
                Issue.record("\(bytes.shown): \(difference)")
            }
        }
    }
}
