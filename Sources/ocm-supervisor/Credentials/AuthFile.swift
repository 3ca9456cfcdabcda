/// The text of auth.json and the login that it holds. The text is kept as it came: a rewrite replaces single values.
struct AuthFile {
    enum Login {
        case apiKey(Secret)
        case chatGPT(Tokens)
        /// Well-formed, but without a key or a token: the owner has logged out.
        case none
    }

    /// Why a text is no login.
    enum Fault: Error, Equatable, Sendable {
        /// Half-written, emptied or damaged.
        case malformed(JSONOutline.Fault)
        case empty
        /// A member that should be something else.
        case wrongType(String)
        /// A value that can't stand in a request's field.
        case unprintable(String)
        case tooLong(String)
        case missingKey
    }

    /// Larger files are not read. A login takes 5 to 10 KB; what is a hundred times as large is something else, and
    /// the supervisor, which has one thread, is not to spend its time on it.
    static let maximumSize = 1 << 20

    /// Bytes of a token or key at most: what a message to a worker takes.
    static let maximumToken = 64 << 10

    let text: Secret
    let outline: JSONOutline
    let login: Login

    init(_ text: Secret) throws(Fault) {
        guard !text.isEmpty else { throw .empty }
        self.text = text
        (outline, login) = try text.withBytes { bytes throws(Fault) in
            let outline = try Self.outline(bytes)
            return (outline, try Self.login(outline.root, bytes))
        }
    }

    private static func outline(_ text: Span<UInt8>) throws(Fault) -> JSONOutline {
        do throws(JSONOutline.Fault) { return try JSONOutline(text) } catch { throw .malformed(error) }
    }

    /// An API key wins over tokens beside it, as it does in sing-box; `auth_mode` decides only that it must be there.
    private static func login(_ root: JSONOutline.Node, _ text: Span<UInt8>) throws(Fault) -> Login {
        guard root.kind == .object else { throw .wrongType("the file") }
        let mode = try string("auth_mode", root["auth_mode"], text)
        if let key = try secret("OPENAI_API_KEY", root["OPENAI_API_KEY"], text)?.trimmed, !key.isEmpty {
            try check(key, "OPENAI_API_KEY")
            return .apiKey(key)
        }
        if mode?.lowercased() == "apikey" { throw .missingKey }
        guard let tokens = try tokens(root, text) else { return .none }
        return .chatGPT(tokens)
    }

    private static func tokens(_ root: JSONOutline.Node, _ text: Span<UInt8>) throws(Fault) -> Tokens? {
        guard let object = root["tokens"], object.kind != .null else { return nil }
        guard object.kind == .object else { throw .wrongType("tokens") }
        let access = try token("access_token", object, text)
        let refresh = try token("refresh_token", object, text)
        guard access != nil || refresh != nil else { return nil }
        let account = try string("tokens.account_id", object["account_id"], text)
        if let account, !TokenClaims.isAccount(account) { throw .unprintable("tokens.account_id") }
        return Tokens(
            access: access, refresh: refresh, id: try idToken(object["id_token"], text), account: account,
            lastRefresh: try string("last_refresh", root["last_refresh"], text).flatMap { Timestamp(rfc3339: $0) })
    }

    private static func token(
        _ name: String, _ object: JSONOutline.Node, _ text: Span<UInt8>
    ) throws(Fault) -> Secret? {
        guard let token = try secret("tokens." + name, object[name], text), !token.isEmpty else { return nil }
        try check(token, "tokens." + name)
        return token
    }

    private static func check(_ token: Secret, _ path: String) throws(Fault) {
        guard token.isVisibleASCII else { throw .unprintable(path) }
        guard token.count <= maximumToken else { throw .tooLong(path) }
    }

    /// Not needed for anything but to show the account: of a form that is not known it counts as absent.
    private static func idToken(_ value: JSONOutline.Node?, _ text: Span<UInt8>) throws(Fault) -> Secret? {
        guard let value, value.kind == .string else { return nil }
        return JSONString.secret(text.extracting(value.range))
    }

    private static func secret(
        _ path: String, _ value: JSONOutline.Node?, _ text: Span<UInt8>
    ) throws(Fault) -> Secret? {
        guard let value, value.kind != .null else { return nil }
        guard value.kind == .string else { throw .wrongType(path) }
        return JSONString.secret(text.extracting(value.range))
    }

    /// nil for null and for an empty string.
    private static func string(
        _ path: String, _ value: JSONOutline.Node?, _ text: Span<UInt8>
    ) throws(Fault) -> String? {
        guard let value, value.kind != .null else { return nil }
        guard value.kind == .string else { throw .wrongType(path) }
        let string = JSONString.decoded(text.extracting(value.range))
        return string.isEmpty ? nil : string
    }
}

extension Secret {
    /// Without the white space around it: keys are pasted with a line end.
    fileprivate var trimmed: Secret {
        withBytes { bytes in
            let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0d).contains(byte) }
            let start = bytes.indices.first { !isSpace(bytes[$0]) } ?? bytes.count
            let end = bytes.indices.last { !isSpace(bytes[$0]) }.map { $0 + 1 } ?? start
            return Secret(bytes.extracting(start..<end))
        }
    }
}

extension AuthFile.Fault: CustomStringConvertible {
    var description: String {
        switch self {
        case .malformed(let fault): "it is not valid JSON: \(fault.problem.rawValue) at byte \(fault.offset)"
        case .empty: "it is empty"
        case .wrongType(let path): "\(path) has the wrong type"
        case .unprintable(let path): "\(path) contains white space or characters beyond ASCII"
        case .tooLong(let path): "\(path) is longer than \(AuthFile.maximumToken) bytes"
        case .missingKey: "auth_mode is \"apikey\", but OPENAI_API_KEY is missing"
        }
    }
}
