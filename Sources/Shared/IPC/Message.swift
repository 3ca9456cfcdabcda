/// A message of one of the two directions.
package protocol Message: Sendable {
    /// What the message is, in its packet's head.
    associatedtype Kind: RawRepresentable<UInt8>, CaseIterable & Hashable & Sendable

    /// Those that keep their form in every version of the protocol.
    static var lasting: Set<Kind> { get }

    /// Whether it may come in a memory file where it is large.
    static var mayBeLarge: Bool { get }

    var kind: Kind { get }

    /// How many descriptors come with it.
    var descriptorCount: ClosedRange<Int> { get }

    func encode(into encoder: inout MessageEncoder)
    init(_ kind: Kind, from decoder: inout MessageDecoder) throws(IPCError)
}

extension Message {
    /// Throws what the other side would find wrong with it: a list that is longer than it may be, say.
    package func check() throws(IPCError) {
        var encoder = MessageEncoder()
        encode(into: &encoder)
        var decoder = MessageDecoder(encoder.withBytes { bytes in bytes.indices.map { bytes[$0] } })
        _ = try Self(kind, from: &decoder)
        try decoder.end()
    }
}
