/// The checksum of the journal's frames (Castagnoli, as in iSCSI and ext4): it finds every flipped byte and every burst
/// of up to 32 bits, which is what a disk gets wrong; nobody forges the supervisor's own file.
struct CRC32C: Sendable {
    private var state: UInt32 = .max

    var value: UInt32 { ~state }

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            state = Self.table[Int(truncatingIfNeeded: state ^ UInt32(byte)) & 0xFF] ^ (state >> 8)
        }
    }

    private static let table: [UInt32] = (0..<256).map { (index: UInt32) in
        (0..<8).reduce(index) { crc, _ in crc & 1 == 0 ? crc >> 1 : (crc >> 1) ^ 0x82F6_3B78 }
    }
}
