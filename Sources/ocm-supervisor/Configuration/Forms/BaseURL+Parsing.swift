extension BaseURL {
    /// `nil` unless the text is an absolute http or https URL that other paths can be appended to.
    init?(parsing text: String) {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else { return nil }
        let isEncrypted: Bool
        switch text[..<colon].lowercased() {
        case "https": isEncrypted = true
        case "http": isEncrypted = false
        default: return nil
        }
        let rest = text[colon...].dropFirst("://".count)
        let authority = rest.prefix { $0 != "/" }
        guard let (host, port) = Self.split(authority), let path = Self.path(rest.dropFirst(authority.count))
        else { return nil }
        self.init(isEncrypted: isEncrypted, host: host, port: port ?? (isEncrypted ? 443 : 80), path: path)
    }

    var isLoopback: Bool {
        NumericAddress(host)?.isLoopback ?? (host == "localhost" || host.hasSuffix(".localhost"))
    }

    /// Host and port of "host", "host:8443", "[::1]:8443"; the port is `nil` where it is left out.
    private static func split(_ authority: Substring) -> (host: String, port: UInt16?)? {
        var host = authority
        var port: UInt16?
        let bracket = authority.lastIndex(of: "]") ?? authority.startIndex
        if let colon = authority[bracket...].lastIndex(of: ":") {
            let digits = authority[authority.index(after: colon)...]
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt16(digits), number > 0
            else { return nil }
            (host, port) = (authority[..<colon], number)
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            guard let address = NumericAddress(String(host.dropFirst().dropLast())), address.isIPv6 else { return nil }
            return (address.text, port)
        }
        let name = host.lowercased()
        return HostName.isValid(name) ? (name, port) : nil
    }

    /// The path without the "/" at its end; `nil` where it has characters or segments that a path can't be built on.
    private static func path(_ text: Substring) -> String? {
        let isClean = text.utf8.allSatisfy { byte in
            byte > 0x20 && byte < 0x7f && !"?#\\\"<>^`{|}".utf8.contains(byte)
        }
        let segments = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        let isPlain =
            segments.dropLast().allSatisfy { !$0.isEmpty } && !segments.contains(".") && !segments.contains("..")
        guard isClean, isPlain else { return nil }
        return String(text.hasSuffix("/") ? text.dropLast() : text)
    }
}

/// Host names as DNS has them (RFC 1123 section 2.1), IPv4 literals among them.
enum HostName {
    static func isValid(_ name: some StringProtocol) -> Bool {
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...253).contains(name.utf8.count) else { return false }
        return labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.utf8.allSatisfy { byte in
                    let character = Character(Unicode.Scalar(byte))
                    return byte < 0x80
                        && (character.isLetter || character.isNumber || byte == UInt8(ascii: "-")
                            || byte == UInt8(ascii: "_"))
                }
        }
    }
}

extension Form where Value == String {
    /// A host name or an IP literal.
    static var host: Form {
        Form(string: { text throws(Misfit) in
            guard NumericAddress(text) != nil || HostName.isValid(text) else {
                throw Misfit("\(text.quoted) is not a host; write a host name or an IP address")
            }
            return text
        })
    }
}
