import FuzzSupport

@testable import OCMIPC

/// One input: the direction, the kind, the payload. What is read is encoded as the bytes that it was read from.
@main enum MessageFuzz: Fuzzer {
    static func test(_ input: inout Input) {
        let isFromWorker = input.byte() & 1 == 0
        let kind = input.byte()
        if isFromWorker {
            read(WorkerMessage.self, kind, input.bytes)
        } else {
            read(SupervisorMessage.self, kind, input.bytes)
        }
    }
}

private func read<M: Message>(_ type: M.Type, _ kind: UInt8, _ payload: [UInt8]) {
    guard let kind = M.Kind(rawValue: kind) else { return }
    var decoder = MessageDecoder(payload)
    guard let message = try? M(kind, from: &decoder), (try? decoder.end()) != nil else { return }
    guard message.kind == kind else { fatalError("another kind") }
    var encoder = MessageEncoder()
    message.encode(into: &encoder)
    let encoded = encoder.withBytes { bytes in bytes.indices.map { bytes[$0] } }
    guard encoded == payload else { fatalError("it is encoded in another way than it came") }
    _ = message.descriptorCount
}
