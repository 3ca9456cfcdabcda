internal import OCMHTTP
internal import OCMTLS

/// Who sends a request, as its Authorization field proves.
enum Authorization {
    /// Nil where the service has no users.
    case granted(user: User?)
    case refused(Refusal)

    enum Refusal: Equatable {
        case missing, malformed, unknown

        var message: String {
            switch self {
            case .missing: "missing api key"
            case .malformed: "invalid api key format"
            case .unknown: "invalid api key"
            }
        }
    }

    /// `Authorization: Bearer TOKEN` (RFC 6750 section 2.1), the scheme in any case.
    init(_ head: RequestHead, in bytes: Span<UInt8>, users: UserTable) {
        guard !users.isEmpty else {
            self = .granted(user: nil)
            return
        }
        guard let field = head.field(.authorization), !field.value.isEmpty else {
            self = .refused(.missing)
            return
        }
        let value = bytes.extracting(field.value)
        guard let start = Self.startOfToken(value) else {
            self = .refused(.malformed)
            return
        }
        let digest = SHA256Digest(of: value.extracting(start..<value.count))
        self = users.user(of: digest).map { .granted(user: $0) } ?? .refused(.unknown)
    }

    private static func startOfToken(_ value: Span<UInt8>) -> Int? {
        let scheme: StaticString = "bearer "
        guard value.count > scheme.utf8CodeUnitCount else { return nil }
        for index in 0..<scheme.utf8CodeUnitCount {
            let expected = unsafe scheme.utf8Start[index]
            guard value[index] | (expected == UInt8(ascii: " ") ? 0 : 0x20) == expected else { return nil }
        }
        var start = scheme.utf8CodeUnitCount
        while start < value.count, value[start] == UInt8(ascii: " ") { start += 1 }
        return start < value.count ? start : nil
    }
}
