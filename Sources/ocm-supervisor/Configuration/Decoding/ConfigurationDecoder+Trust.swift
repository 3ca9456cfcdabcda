extension ConfigurationDecoder {
    /// The stores of sing-box. The two that it carries inside itself come from the system here.
    private enum Store: String, CaseIterable {
        case system, mozilla, chrome, none
    }

    /// The section `certificate`.
    func trust(_ value: SourceValue) -> Configuration.Trust? {
        Fields.read(value, diagnostics, as: "certificate") { fields in
            var trust = Configuration.Trust()
            let store: Store = fields.take("store", .choice) ?? .system
            if let place = value["store"], store == .mozilla || store == .chrome {
                diagnostics.warning(
                    "the store of \(store.rawValue) is not built in; the system's store is used", at: place)
            }
            trust.systemStore = store != .none
            trust.files = fields.take("certificate_path", .listable(path)) ?? []
            trust.directories = fields.take("certificate_directory_path", .listable(path)) ?? []
            if let text = fields.value("certificate"), !text.isInert, let pem = pem(text, label: "CERTIFICATE") {
                trust.certificates = [pem]
                diagnostics.error(
                    "is not supported yet; put the certificates into a file and name it in certificate_path", at: text)
            }
            if store == .none, let place = value["store"],
                ["certificate", "certificate_path", "certificate_directory_path"]
                    .allSatisfy({ value[$0]?.isInert ?? true })
            {
                diagnostics.error("\"none\" leaves nothing to trust; add certificate_path or use \"system\"", at: place)
            }
            return trust
        }
    }

    /// PEM text, as one string or as a list of its lines (RFC 7468).
    func pem(_ value: SourceValue, label: String) -> String? {
        guard let lines = Form.listable(.secret).read(value, diagnostics) else { return nil }
        let text = lines.joined(separator: "\n")
        guard text.contains("-----BEGIN "), text.contains("\(label)-----") else {
            diagnostics.error("is not PEM; it begins with -----BEGIN \(label)-----", at: value)
            return nil
        }
        return text
    }
}
