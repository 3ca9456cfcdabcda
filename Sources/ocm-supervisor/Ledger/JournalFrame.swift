/// The journal's frames: marker, length, checksum, body; all numbers little-endian.
///
/// The checksum covers the frame's place in the file too, so that a frame is none anywhere else.
enum JournalFrame {
    /// "OCMJ"
    static let marker: [UInt8] = [0x4F, 0x43, 0x4D, 0x4A]
    static let headSize = 12
    /// Bounds what a length may say; the largest commit is far smaller.
    static let longestBody = 256 << 20

    /// A frame with this body for this place in the file.
    static func frame(_ body: [UInt8], at offset: Int) -> [UInt8] {
        var writer = ByteWriter()
        writer.bytes.reserveCapacity(headSize + body.count)
        writer.bytes += marker
        writer.integer(UInt32(body.count))
        writer.integer(checksum(of: body, at: offset))
        writer.bytes += body
        return writer.bytes
    }

    /// The body of the frame that begins at a place, nil where there is no whole and sound one.
    static func body(in journal: [UInt8], at offset: Int) -> ArraySlice<UInt8>? {
        guard let length = announcedLength(in: journal, at: offset) else { return nil }
        let start = offset + headSize
        guard length <= journal.count - start else { return nil }
        let body = journal[start..<start + length]
        var reader = ByteReader(journal[offset + 8..<start])
        guard reader.integer(UInt32.self) == checksum(of: body, at: offset) else { return nil }
        return body
    }

    /// The length that a frame's head announces, nil where there is no head or it can't be right.
    static func announcedLength(in journal: [UInt8], at offset: Int) -> Int? {
        guard journal.count - offset >= headSize, journal[offset..<offset + 4].elementsEqual(marker) else { return nil }
        var reader = ByteReader(journal[offset + 4..<offset + 8])
        guard let length = reader.integer(UInt32.self), length <= longestBody else { return nil }
        return Int(length)
    }

    private static func checksum(of body: some Collection<UInt8>, at offset: Int) -> UInt32 {
        var place = ByteWriter()
        place.integer(UInt64(offset))
        place.integer(UInt32(body.count))
        var crc = CRC32C()
        crc.add(place.bytes)
        crc.add(body)
        return crc.value
    }
}
