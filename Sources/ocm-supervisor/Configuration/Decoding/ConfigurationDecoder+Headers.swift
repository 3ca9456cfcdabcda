extension ConfigurationDecoder {
    /// An object of field names and values. No error quotes a value, which may be a secret.
    ///
    /// - Parameter reasonAgainst: why a name (in lower case) can't be set, and what to do; `nil` where it can.
    func headers(
        _ value: SourceValue, reasonAgainst: (String) -> String?
    ) -> [ServiceConfiguration.HeaderOverride] {
        guard case .object(let members) = value.content else {
            diagnostics.error("is \(value.kind); write an object: { \"X-Name\": \"value\" }", at: value)
            return []
        }
        var headers: [ServiceConfiguration.HeaderOverride] = []
        var seen: [String: String] = [:]
        for member in members {
            let values = Form.listable(.headerValue).read(member.value, diagnostics) ?? []
            let name = member.name.lowercased()
            if let reason = HeaderRules.isName(member.name) ? reasonAgainst(name) : HeaderRules.badName {
                diagnostics.error(reason, at: member.offset, path: member.value.path)
            } else if let first = seen.updateValue(member.name, forKey: name) {
                diagnostics.error(
                    "is the same field as \(first.quoted); keep one of the two", at: member.offset,
                    path: member.value.path)
            }
            headers.append(ServiceConfiguration.HeaderOverride(name: member.name, values: values))
        }
        return headers
    }
}

/// Which fields a configuration may set on requests to the API.
enum HeaderRules {
    static let badName = "is not the name of a header; use letters, digits and \"-\""

    private static let perConnection: Set = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    ]

    /// A token (RFC 9110 section 5.6.2) of at most 255 bytes.
    static func isName(_ name: String) -> Bool {
        (1...255).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    /// Why a field, its name in lower case, can't be set.
    static func reasonAgainst(_ name: String) -> String? {
        switch name {
        case "authorization", "chatgpt-account-id":
            "can't be set, it comes from the login; remove it"
        case "host", "content-length":
            "can't be set, it follows from the request; remove it"
        case "accept-encoding":
            "can't be set, answers are read uncompressed; remove it"
        case _ where perConnection.contains(name) || name.hasPrefix("sec-websocket-"):
            "can't be set, it belongs to a single connection; remove it"
        default: nil
        }
    }
}

extension Form where Value == String {
    /// A field value without the white space at its ends (RFC 9110 section 5.5), of at most 8192 bytes.
    static var headerValue: Form {
        Form(string: { text throws(Misfit) in
            guard text.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7f) || $0 == 0x09 }) else {
                throw Misfit("contains a line break or another control character; remove it")
            }
            guard text.utf8.count <= 8192 else { throw Misfit("is longer than 8192 bytes; use a shorter value") }
            let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
            let tail = text.drop(while: isBlank)
            let end = tail.lastIndex { !isBlank($0) }.map { tail.index(after: $0) } ?? tail.startIndex
            return String(tail[..<end])
        })
    }
}
