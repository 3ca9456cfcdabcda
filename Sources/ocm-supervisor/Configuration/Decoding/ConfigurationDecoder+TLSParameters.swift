extension ConfigurationDecoder {
    /// What both ends of TLS can be told.
    func tlsParameters(_ fields: inout Fields) -> TLSParameters {
        var parameters = TLSParameters()
        parameters.alpn = fields.take("alpn", .listable(.protocolName)) ?? []
        parameters.minimumVersion = version(&fields, "min_version") ?? .v12
        parameters.maximumVersion = version(&fields, "max_version") ?? .v13
        if let place = fields.object["max_version"] ?? fields.object["min_version"],
            parameters.minimumVersion > parameters.maximumVersion
        {
            let (low, high) = (parameters.minimumVersion.rawValue, parameters.maximumVersion.rawValue)
            diagnostics.error(
                "leaves no version between min_version \(low) and max_version \(high); raise it or lower min_version",
                at: place)
        }
        if let place = fields.object["min_version"], parameters.minimumVersion < .v12 {
            let version = parameters.minimumVersion.rawValue
            diagnostics.warning(
                "TLS \(version) is broken and lowers the security of all connections; use \"1.2\"", at: place)
        }
        let suites = fields.value("cipher_suites").flatMap { Form.listable(.cipherSuite).read($0, diagnostics) } ?? []
        parameters.cipherSuites = suites.filter { !CipherSuites.ofTLS13.contains($0) }
        if let place = fields.object["cipher_suites"], parameters.cipherSuites.count < suites.count {
            diagnostics.warning("names suites of TLS 1.3, which are always on; they are passed over", at: place)
        }
        parameters.curvePreferences = fields.take("curve_preferences", .listable(.curve)) ?? []
        parameters.kernelTransmit = fields.take("kernel_tx", .boolean) ?? false
        parameters.kernelReceive = fields.take("kernel_rx", .boolean) ?? false
        return parameters
    }

    private func version(_ fields: inout Fields, _ name: String) -> TLSVersion? {
        guard let value = fields.value(name), !value.isInert else { return nil }
        return Form.choice.read(value, diagnostics)
    }
}

/// The suites that sing-box's documentation names (IANA's names).
enum CipherSuites {
    static let upToTLS12 = [
        "TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_256_CBC_SHA", "TLS_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    ]

    static let ofTLS13 = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]
}

extension Form where Value == String {
    static var cipherSuite: Form {
        Form(string: { text throws(Misfit) in
            let known = CipherSuites.upToTLS12 + CipherSuites.ofTLS13
            if known.contains(text) { return text }
            let remedy =
                Spelling.nearest(to: text, among: known).map { "did you mean \($0.quoted)?" }
                ?? "use IANA's name, such as \"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\""
            throw Misfit("\(text.quoted) is not a cipher suite; \(remedy)")
        })
    }

    /// In the spelling of sing-box, whose case does not matter.
    static var curve: Form {
        let known = ["P256", "P384", "P521", "X25519", "X25519MLKEM768"]
        return Form(string: { text throws(Misfit) in
            guard let curve = known.first(where: { $0 == text.uppercased() }) else {
                throw Misfit("\(text.quoted) is not known; use one of \(known.map(\.quoted).joined(separator: ", "))")
            }
            return curve
        })
    }

    /// A protocol of ALPN (RFC 7301 section 3.1): 1…255 bytes.
    static var protocolName: Form {
        Form(string: { text throws(Misfit) in
            guard (1...255).contains(text.utf8.count) else {
                throw Misfit("is not the name of a protocol; write \"h2\" or \"http/1.1\"")
            }
            return text
        })
    }
}
