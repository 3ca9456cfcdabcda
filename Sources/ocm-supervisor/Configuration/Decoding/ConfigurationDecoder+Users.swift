internal import OCMTLS

extension ConfigurationDecoder {
    /// The users of a service. Errors name users by their place or name, never by a token.
    func users(_ fields: inout Fields, listener: ServiceConfiguration.Listener) -> [ServiceConfiguration.User] {
        let value = fields.value("users")
        let elements = value.flatMap { Form.elements.read($0, diagnostics) } ?? []
        if elements.isEmpty, !listener.address.isLoopback, value?.isInert ?? true {
            let message =
                "nobody needs a token at \(listener.address.text), and whoever reaches it uses the login; add users"
            let place = value?.offset ?? fields.object.offset
            diagnostics.warning(message, at: place, path: .member(fields.object.path, "users"))
        }
        var users: [ServiceConfiguration.User] = []
        var names: [String: SourceValue] = [:]
        var digests: [SHA256Digest: SourceValue] = [:]
        for element in elements {
            guard let user = user(element) else { continue }
            if let name = user.name, let first = names.updateValue(element, forKey: name) {
                diagnostics.error(
                    "\(name.quoted) is the name of \(first.path.text) too; give each user a name of its own",
                    at: element["name"] ?? element)
            }
            if let digest = user.digest, let first = digests.updateValue(element, forKey: digest) {
                diagnostics.error(
                    "is the token of \(first.path.text) too; give each user a token of its own (`ocm-supervisor token`)",
                    at: element["token"] ?? element["token_sha256"] ?? element)
            }
            if let name = user.name, let digest = user.digest {
                users.append(ServiceConfiguration.User(name: name, digest: digest))
            }
        }
        return users
    }

    private func user(_ value: SourceValue) -> (name: String?, digest: SHA256Digest?)? {
        Fields.read(value, diagnostics, as: "a user") { fields in
            let name = fields.take("name", .name)
            if value["name"] == nil { fields.missing("name", "is missing; give the user a name") }
            let token = fields.take("token", .token)
            let digest = fields.take("token_sha256", .tokenDigest)
            for field in ["credential", "external_credential", "allow_external_usage"] {
                fields.refuse(field, "a service has one login, the one of its credential_path")
            }
            switch (value["token"], value["token_sha256"]) {
            case (nil, nil):
                fields.missing("token", "is missing; `ocm-supervisor token` makes one")
            case (_?, let second?):
                diagnostics.error("stands beside a token; keep one of the two", at: second)
            default: break
            }
            return (name, token ?? digest)
        }
    }
}

extension Form where Value == SHA256Digest {
    /// A token that an Authorization field can carry (RFC 6750 section 2.1, any visible ASCII), read as its digest.
    static var token: Form {
        Form(string: { text throws(Misfit) in
            guard !text.isEmpty else { throw Misfit("is empty; `ocm-supervisor token` makes one") }
            guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
                throw Misfit(
                    "contains a space or a character beyond ASCII, which no client can send; use letters, digits and \"-\""
                )
            }
            guard text.utf8.count <= 4096 else { throw Misfit("is longer than 4096 bytes; use a shorter one") }
            return SHA256Digest(of: text)
        })
    }

    static var tokenDigest: Form {
        Form(string: { text throws(Misfit) in
            guard let digest = SHA256Digest(hexadecimal: text) else {
                throw Misfit("is not a SHA-256 in hex; write its 64 digits, as `ocm-supervisor token` prints them")
            }
            guard digest != SHA256Digest(of: "") else {
                throw Misfit("is the SHA-256 of an empty token; `ocm-supervisor token` makes a pair")
            }
            return digest
        })
    }
}
