import OCMIPC

/// The form in which one version writes it and another reads it: a mark and a format, then entries, each with kind,
/// descriptor and contents.
///
/// A reader passes over kinds that it does not know, and over what follows the fields that it knows within an entry, so a
/// version can add both. A change that an older reader would get wrong takes another format, which that reader refuses in
/// the trial.
extension Handover {
    /// The bytes `OCMH`.
    private static let mark: UInt32 = 0x484d_434f
    static let format: UInt8 = 1
    static let sizeAtMost = 1 << 20
    private static let entriesAtMost = 4096
    private static let pathAtMost = 4096

    private enum Kind: UInt8 {
        case origin = 1
        case listener, adminSocket, rendezvous, children
    }

    private struct Entry {
        let kind: UInt8
        /// -1 where none belongs to it.
        let descriptor: Int32
        let contents: [UInt8]

        init(_ kind: Kind, _ descriptor: Int32 = -1, _ contents: (inout MessageEncoder) -> Void = { _ in }) {
            var encoder = MessageEncoder()
            contents(&encoder)
            self.kind = kind.rawValue
            self.descriptor = descriptor
            self.contents = encoder.contents
        }

        init(from decoder: inout MessageDecoder) throws(IPCError) {
            kind = try decoder.take()
            descriptor = try decoder.take()
            contents = try decoder.takeBytes("contents", atMost: Handover.sizeAtMost)
        }
    }

    // Writing.

    var encoded: [UInt8] {
        var encoder = MessageEncoder()
        encoder.put(Self.mark)
        encoder.put(Self.format)
        encoder.put(entries) { encoder, entry in
            encoder.put(entry.kind)
            encoder.put(entry.descriptor)
            encoder.put(entry.contents)
        }
        return encoder.contents
    }

    private var entries: [Entry] {
        var entries = [
            Entry(.origin) {
                $0.put(version)
                $0.put(number)
                $0.put(begun.nanoseconds)
                $0.put(started.nanoseconds)
                $0.put(stateDirectory)
            }
        ]
        entries += listeners.map { listener in
            Entry(.listener, listener.descriptor) {
                $0.put(listener.service)
                $0.put(listener.isActivated)
            }
        }
        if let adminSocket {
            entries.append(
                Entry(.adminSocket, adminSocket.descriptor) {
                    $0.put(adminSocket.path)
                    $0.put(adminSocket.device)
                    $0.put(adminSocket.inode)
                })
        }
        if let rendezvous { entries.append(Entry(.rendezvous, rendezvous)) }
        if !children.isEmpty { entries.append(Entry(.children) { $0.put(children) { $0.put($1) } }) }
        return entries
    }

    // Reading.

    init(encoded bytes: [UInt8]) throws(HandoverError) {
        let (format, entries) = try Self.orMalformed { () throws(IPCError) in try Self.read(bytes) }
        guard format == Self.format else { throw .unknownFormat(format) }
        self.init(
            version: "", number: 0, begun: Timestamp(seconds: 0), started: Timestamp(seconds: 0), stateDirectory: "")
        for entry in entries {
            var decoder = MessageDecoder(entry.contents)
            try Self.orMalformed { () throws(IPCError) in try take(entry, &decoder) }
        }
    }

    private static func orMalformed<Value>(_ read: () throws(IPCError) -> Value) throws(HandoverError) -> Value {
        do throws(IPCError) { return try read() } catch { throw .malformed(error) }
    }

    /// No entries where the format is another.
    private static func read(_ bytes: [UInt8]) throws(IPCError) -> (format: UInt8, [Entry]) {
        var decoder = MessageDecoder(bytes)
        guard try decoder.take(UInt32.self) == mark else { throw .invalid(field: "mark") }
        let format = try decoder.take(UInt8.self)
        guard format == Self.format else { return (format, []) }
        let entries = try decoder.takeList("entries", atMost: entriesAtMost) { decoder throws(IPCError) in
            try Entry(from: &decoder)
        }
        try decoder.end()
        return (format, entries)
    }

    private mutating func take(_ entry: Entry, _ contents: inout MessageDecoder) throws(IPCError) {
        switch Kind(rawValue: entry.kind) {
        case .origin:
            version = try contents.takeString("version", atMost: 64)
            number = try contents.take()
            begun = Timestamp(nanoseconds: try contents.take())
            started = Timestamp(nanoseconds: try contents.take())
            stateDirectory = try contents.takeString("state directory", atMost: Self.pathAtMost)
        case .listener:
            listeners.append(
                Listener(
                    service: try contents.takeString("service", atMost: 256),
                    isActivated: try contents.takeBool("activated"), descriptor: entry.descriptor))
        case .adminSocket:
            adminSocket = AdminSocket(
                path: try contents.takeString("admin socket", atMost: Self.pathAtMost),
                device: try contents.take(), inode: try contents.take(), descriptor: entry.descriptor)
        case .rendezvous: rendezvous = entry.descriptor
        case .children:
            children = try contents.takeList("children", atMost: 100_000) { contents throws(IPCError) in
                try contents.take()
            }
        case nil: if entry.descriptor >= 0 { unknown.append(entry.descriptor) }
        }
    }
}

extension MessageEncoder {
    /// Of what holds no secret.
    var contents: [UInt8] { withBytes { bytes in bytes.indices.map { bytes[$0] } } }
}
