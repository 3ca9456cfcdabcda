/// The part of a URL that stands before a request's own path.
struct BaseURL: Equatable, Sendable {
    /// https, else http.
    var isEncrypted: Bool
    /// A host name in lower case, or an IP literal without brackets.
    var host: String
    var port: UInt16
    /// Empty, or begins with "/" and does not end with one.
    var path: String

    /// The value of a Host field (RFC 9110 section 7.2): the port is left out where it is the scheme's own.
    var authority: String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return port == (isEncrypted ? 443 : 80) ? name : "\(name):\(port)"
    }

    var text: String {
        "\(isEncrypted ? "https" : "http")://\(authority)\(path)"
    }
}
