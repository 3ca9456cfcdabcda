/// What an access or id token says about itself: the payload of a JWT (RFC 7519), its signature not looked at; it is
/// the API that judges the token.
struct TokenClaims: Equatable, Sendable {
    var expiry: Timestamp?
    var issued: Timestamp?
    var account: String?
    /// The person, of whom an account may have several.
    var user: String?
    var plan: String?
    var email: String?

    /// All nil for a token that is no JWT.
    init(_ token: Secret) {
        let payload = token.withBytes { bytes in Self.payload(bytes) }
        payload?.withBytes { bytes in
            guard let outline = try? JSONOutline(bytes) else { return }
            read(outline.root, bytes)
        }
    }

    private mutating func read(_ root: JSONOutline.Node, _ text: Span<UInt8>) {
        expiry = Self.time(root["exp"], text)
        issued = Self.time(root["iat"], text)
        let account = root["https://api.openai.com/auth"]
        self.account = Self.string(account?["chatgpt_account_id"], text).flatMap { Self.isAccount($0) ? $0 : nil }
        user =
            Self.string(account?["chatgpt_user_id"], text) ?? Self.string(account?["user_id"], text)
            ?? Self.string(root["sub"], text)
        plan = Self.string(account?["chatgpt_plan_type"], text).map { Self.legible($0) }
        email =
            (Self.string(root["email"], text)
            ?? Self.string(root["https://api.openai.com/profile"]?["email"], text)).map { Self.legible($0) }
    }

    /// Whether it can stand in a request's field, and in a message to a worker.
    static func isAccount(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }

    /// What is shown to people, cut to what an address may have (RFC 5321, section 4.5.3.1.3): characters that a terminal
    /// obeys, or that turn the order of those around them, are shown as missing.
    private static func legible(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(254).map { scalar -> Unicode.Scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
                "\u{fffd}"
            default: scalar
            }
        }
        return String(String.UnicodeScalarView(scalars))
    }

    /// The middle one of three parts between dots.
    private static func payload(_ token: Span<UInt8>) -> Secret? {
        let dots = token.indices.filter { token[$0] == UInt8(ascii: ".") }
        guard dots.count == 2 else { return nil }
        return Base64URL.decode(token.extracting(dots[0] + 1..<dots[1]))
    }

    private static func string(_ value: JSONOutline.Node?, _ text: Span<UInt8>) -> String? {
        guard let value, value.kind == .string else { return nil }
        let string = JSONString.decoded(text.extracting(value.range))
        return string.isEmpty ? nil : string
    }

    /// A NumericDate: seconds since 1970, perhaps with a fraction, which is dropped.
    private static func time(_ value: JSONOutline.Node?, _ text: Span<UInt8>) -> Timestamp? {
        guard let value, value.kind == .number, value.range.count <= 32 else { return nil }
        let literal = String(decoding: value.range.map { text[$0] }, as: UTF8.self)
        guard let seconds = Double(literal), let whole = Int64(exactly: seconds.rounded(.towardZero)) else {
            return nil
        }
        return Timestamp(seconds: whole)
    }
}
