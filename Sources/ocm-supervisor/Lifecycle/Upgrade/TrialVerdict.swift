import OCMIPC

/// What a program says on its standard output that could take over. Nothing but an OCM says this by chance.
struct TrialVerdict: Equatable, Sendable {
    /// Of the program that was tried.
    let version: String

    /// The bytes `OCMV`, and what follows has this form.
    private static let mark: UInt32 = 0x564d_434f
    private static let format: UInt8 = 1

    var encoded: [UInt8] {
        var encoder = MessageEncoder()
        encoder.put(Self.mark)
        encoder.put(Self.format)
        encoder.put(version)
        return encoder.contents
    }

    init(version: String) {
        self.version = version
    }

    /// Nil where it is none. A later version may say more.
    init?(encoded bytes: [UInt8]) {
        var decoder = MessageDecoder(bytes)
        guard let mark = try? decoder.take(UInt32.self), mark == Self.mark,
            let format = try? decoder.take(UInt8.self), format >= Self.format,
            let version = try? decoder.takeString("version", atMost: 64)
        else { return nil }
        self.version = version
    }
}
