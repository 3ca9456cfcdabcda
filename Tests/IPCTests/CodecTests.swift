import OCMIPC
import Testing

/// The bytes of a message, without its packet's head.
func encoded(_ message: some Message) -> [UInt8] {
    var encoder = MessageEncoder()
    message.encode(into: &encoder)
    return encoder.bytes
}

extension MessageEncoder {
    var bytes: [UInt8] { withBytes { bytes in bytes.indices.map { bytes[$0] } } }
}

/// Reads a message as a channel does: the whole of the bytes.
func decoded<M: Message>(_ type: M.Type, _ kind: M.Kind, _ bytes: [UInt8]) throws(IPCError) -> M {
    var decoder = MessageDecoder(bytes)
    let message = try M(kind, from: &decoder)
    try decoder.end()
    return message
}

@Suite struct CodecTests {
    @Test(arguments: Samples.supervisor) func whatTheSupervisorSaysSurvivesTheCodec(_ message: SupervisorMessage) throws
    {
        try expectSame(message)
    }

    @Test(arguments: Samples.worker) func whatAWorkerSaysSurvivesTheCodec(_ message: WorkerMessage) throws {
        try expectSame(message)
    }

    private func expectSame<M: Message>(_ message: M) throws {
        let read = try decoded(M.self, message.kind, encoded(message))
        #expect(String(reflecting: read) == String(reflecting: message))
    }

    @Test func theSamplesCoverEveryKind() {
        #expect(Set(Samples.supervisor.map(\.kind)) == Set(SupervisorMessage.Kind.allCases))
        #expect(Set(Samples.worker.map(\.kind)) == Set(WorkerMessage.Kind.allCases))
    }

    @Test func integersAreLittleEndianAndTextStandsBehindItsLength() {
        #expect(
            encoded(WorkerMessage.credentialRejected(service: "ab", generation: 0x0102_0304_0506_0708))
                == [2, 0, 0, 0, 0x61, 0x62, 8, 7, 6, 5, 4, 3, 2, 1])
    }

    @Test func noTruncatedMessageIsRead() {
        for message in Samples.supervisor { expectTruncationsToFail(message) }
        for message in Samples.worker { expectTruncationsToFail(message) }
    }

    private func expectTruncationsToFail<M: Message>(_ message: M) {
        let bytes = encoded(message)
        for count in 0..<bytes.count {
            #expect(throws: IPCError.truncated, "\(message.kind) cut to \(count) bytes") {
                _ = try decoded(M.self, message.kind, Array(bytes.prefix(count)))
            }
        }
    }

    @Test(arguments: [[0], [255], [0, 0, 0, 0]] as [[UInt8]])
    func noSurplusIsPassedOver(_ surplus: [UInt8]) {
        for message in Samples.supervisor { expectSurplusToFail(message, surplus) }
        for message in Samples.worker { expectSurplusToFail(message, surplus) }
    }

    private func expectSurplusToFail<M: Message>(_ message: M, _ surplus: [UInt8]) {
        #expect(throws: IPCError.surplus(surplus.count)) {
            _ = try decoded(M.self, message.kind, encoded(message) + surplus)
        }
    }

    @Test func recordsAreSentInMessagesThatFitIntoAPacket() {
        var records = Array(repeating: Samples.ordinaryRecord, count: 1000)
        for index in records.indices where index % 3 == 0 { records[index].user = Samples.text(1024) }
        var rest = records[...]
        while !rest.isEmpty {
            let batch = UsageRecord.batch(of: rest)
            #expect(!batch.isEmpty && batch.count <= WorkerMessage.recordsAtMost)
            #expect(
                encoded(WorkerMessage.usage(sequence: 1, Array(batch))).count < 40 * 1024)
            rest = rest[batch.endIndex...]
        }
    }
}
