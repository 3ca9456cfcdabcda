/// The service tier under which a request is priced and counted.
enum ServiceTier: String, CaseIterable, Comparable, Sendable {
    case standard = "default"
    case flex
    case priority

    /// Normalises what a response named: trimmed, in any case; whatever is not flex or priority is the default tier.
    init(normalising name: String) {
        let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        let trimmed = name.utf8.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        self = ServiceTier(rawValue: String(decoding: Array(trimmed), as: UTF8.self).lowercased()) ?? .standard
    }

    static func < (left: ServiceTier, right: ServiceTier) -> Bool {
        left.rawValue < right.rawValue
    }
}
