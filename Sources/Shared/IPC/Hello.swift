/// The first message of each side.
package struct Hello: Equatable, Sendable {
    /// Version of the protocol.
    package var version: UInt8
    /// Version of the program, for people.
    package var build: String

    package static let currentVersion: UInt8 = 1

    package init(version: UInt8 = Hello.currentVersion, build: String) {
        self.version = version
        self.build = build
    }

    func encode(into encoder: inout MessageEncoder) {
        encoder.put(version)
        encoder.put(build)
    }

    init(from decoder: inout MessageDecoder) throws(IPCError) {
        version = try decoder.take()
        build = try decoder.takeString("build", atMost: 64)
    }
}

/// Who is on the other side, as its hello says: in an upgrade a supervisor meets workers of another version.
///
/// Of versions that follow each other the lower one is spoken: the newer side knows it, and says nothing that is not in
/// it. Of what it says all the same, the older one passes over what it does not know. Versions that are further apart have
/// in common what lasts (``Message/lasting``): with that a worker brings its usage home and drains.
package enum Neighbour: Equatable, Sendable {
    case same
    case older
    case newer
    case stranger

    package init(version: UInt8, own: UInt8 = Hello.currentVersion) {
        self =
            switch Int(version) - Int(own) {
            case 0: .same
            case -1: .older
            case 1: .newer
            default: .stranger
            }
    }
}
