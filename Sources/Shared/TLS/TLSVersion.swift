internal import COpenSSL

/// A version of the protocol. Those before 1.2 are broken (RFC 8996) and need OpenSSL's security level 0.
package enum TLSVersion: Int, Comparable, Sendable, CaseIterable {
    case v1_0, v1_1, v1_2, v1_3

    /// The number on the wire.
    var number: Int32 {
        switch self {
        case .v1_0: TLS1_VERSION
        case .v1_1: TLS1_1_VERSION
        case .v1_2: TLS1_2_VERSION
        case .v1_3: TLS1_3_VERSION
        }
    }

    package static func < (left: TLSVersion, right: TLSVersion) -> Bool { left.rawValue < right.rawValue }
}

extension TLSVersion: CustomStringConvertible {
    package var description: String { "TLS 1.\(rawValue)" }
}
