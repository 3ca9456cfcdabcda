internal import OCMEventLoop

/// Names one state of a file among all that it has had: FNV-1a over 128 bits.
///
/// It tells the journal which state of the usage file it continues. Two states meet by accident once in 2¹²⁸; nobody
/// gains by making them meet, so it need not be a cryptographic one.
struct FileDigest: Hashable, Sendable {
    var value: UInt128

    /// Stands for a file that does not exist.
    static let absent = FileDigest(value: 0)

    init(value: UInt128) {
        self.value = value
    }

    init(of bytes: [UInt8]) {
        self = .empty
        add(bytes[...])
    }

    /// In slices.
    @EventLoop init(of bytes: [UInt8], _ pace: Pace) async {
        self = .empty
        for start in stride(from: 0, to: bytes.count, by: Self.piece) {
            add(bytes[start..<min(start + Self.piece, bytes.count)])
            await pace.look()
        }
    }

    private static let piece = 64 << 10
    private static let empty = FileDigest(value: 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D)

    private mutating func add(_ bytes: ArraySlice<UInt8>) {
        for byte in bytes {
            value = (value ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013B
        }
    }
}
