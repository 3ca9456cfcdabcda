extension ConfigurationDecoder {
    /// TLS for clients; `nil` where it is not enabled.
    func serverTLS(_ value: SourceValue) -> ServerTLSConfiguration? {
        Fields.read(value, diagnostics, as: "tls") { fields in
            let isEnabled = fields.take("enabled", .boolean) ?? false
            let serverName = fields.takeText("server_name", .host)
            let parameters = tlsParameters(&fields)
            let certificate = pemSource(&fields, "certificate", "certificate_path", label: "CERTIFICATE")
            let key = pemSource(&fields, "key", "key_path", label: "PRIVATE KEY")
            let authentication: ServerTLSConfiguration.ClientAuthentication =
                fields.take("client_authentication", .choice) ?? .no
            let clientCertificates = clientAuthorities(&fields, authentication)
            let handshakeTimeout = fields.take("handshake_timeout", .duration)
            for field in ["acme", "certificate_provider"] {
                fields.refuse(field, "let an ACME client of the system renew certificate_path and key_path")
            }
            for field in ["ech", "reality", "client_certificate_public_key_sha256"] {
                fields.refuse(field, "remove it")
            }
            guard isEnabled else { return nil }
            if certificate == nil, !isGiven(value, "certificate", "certificate_path") {
                fields.missing("certificate_path", "is missing; TLS needs a certificate and its key")
            }
            if key == nil, !isGiven(value, "key", "key_path") {
                fields.missing("key_path", "is missing; TLS needs a certificate and its key")
            }
            diagnostics.error(
                "is not supported yet; put a proxy that ends TLS in front, or set enabled to false", at: value)
            guard let certificate, let key else { return nil }
            return ServerTLSConfiguration(
                serverName: serverName, parameters: parameters, certificate: certificate, key: key,
                clientAuthentication: authentication, clientCertificates: clientCertificates,
                handshakeTimeout: handshakeTimeout.map { $0 == .zero ? .seconds(15) : $0 } ?? .seconds(15))
        }
    }

    /// TLS towards a proxy; `nil` where it is not enabled.
    func clientTLS(_ value: SourceValue) -> ClientTLSConfiguration? {
        Fields.read(value, diagnostics, as: "tls") { fields in
            let isEnabled = fields.take("enabled", .boolean) ?? false
            var tls = ClientTLSConfiguration()
            tls.serverName = fields.takeText("server_name", .host)
            tls.sendsServerName = !(fields.take("disable_sni", .boolean) ?? false)
            tls.isInsecure = fields.take("insecure", .boolean) ?? false
            tls.parameters = tlsParameters(&fields)
            tls.certificate = pemSource(&fields, "certificate", "certificate_path", label: "CERTIFICATE")
            tls.clientCertificate = pemSource(
                &fields, "client_certificate", "client_certificate_path", label: "CERTIFICATE")
            tls.clientKey = pemSource(&fields, "client_key", "client_key_path", label: "PRIVATE KEY")
            for field in ["ech", "reality", "utls", "certificate_public_key_sha256"] {
                fields.refuse(field, "remove it")
            }
            fields.pass("fragment", "fragment_fallback_delay", "record_fragment")
            return isEnabled ? tls : nil
        }
    }

    private func isGiven(_ value: SourceValue, _ names: String...) -> Bool {
        names.contains { name in value[name].map { !$0.isInert } ?? false }
    }

    /// Text in the file itself, or the path of a file; not both.
    private func pemSource(_ fields: inout Fields, _ inline: String, _ file: String, label: String) -> PEMSource? {
        let text = fields.value(inline).flatMap { $0.isInert ? nil : $0 }
        let path = fields.takeText(file, self.path)
        guard let text else { return path.map { .file($0) } }
        if let place = fields.object[file], !place.isInert {
            diagnostics.error("stands beside \(inline); keep one of the two", at: place)
        }
        return pem(text, label: label).map { .inline($0) }
    }

    private func clientAuthorities(
        _ fields: inout Fields, _ authentication: ServerTLSConfiguration.ClientAuthentication
    ) -> [PEMSource] {
        var sources: [PEMSource] = []
        if let text = fields.value("client_certificate"), !text.isInert, let pem = pem(text, label: "CERTIFICATE") {
            sources.append(.inline(pem))
        }
        if let paths = fields.value("client_certificate_path"), !paths.isInert {
            sources += (Form.listable(path).read(paths, diagnostics) ?? []).map { .file($0) }
        }
        let needsAuthority = authentication == .verifyIfGiven || authentication == .requireAndVerify
        let isGiven = isGiven(
            fields.object, "client_certificate", "client_certificate_path", "client_certificate_public_key_sha256")
        if needsAuthority, !isGiven {
            let mode = authentication.rawValue.quoted
            fields.missing(
                "client_certificate_path",
                "is missing; client_authentication \(mode) needs the authority of the clients' certificates")
        }
        return sources
    }
}
