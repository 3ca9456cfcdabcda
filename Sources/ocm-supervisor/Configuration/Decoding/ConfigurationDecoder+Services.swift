extension ConfigurationDecoder {
    /// The services of type ocm; services of other types are passed over.
    func services(_ fields: inout Fields, outbounds: Outbounds) -> [ServiceConfiguration] {
        guard let list = fields.value("services") else {
            fields.missing("services", "is missing; write a list with a service of type \"ocm\"")
            return []
        }
        guard let elements = Form.elements.read(list, diagnostics) else { return [] }
        let kinds = elements.map { kind(of: $0) }
        if kinds.allSatisfy({ $0 == .foreign }) {
            diagnostics.error(
                "has no service of type \"ocm\"; add one: { \"type\": \"ocm\", \"listen_port\": 8080 }", at: list)
        }
        var services: [(value: SourceValue, service: ServiceConfiguration)] = []
        for (index, value) in elements.enumerated() where kinds[index] == .ocm {
            guard let service = service(value, index: index, outbounds: outbounds) else { continue }
            services.append((value, service))
        }
        refuseSharing(services)
        return nameTheUnnamed(services.map(\.service))
    }

    private enum ServiceKind {
        case ocm, foreign
        /// What is wrong with it has been reported.
        case unreadable
    }

    private func kind(of value: SourceValue) -> ServiceKind {
        guard case .object = value.content else {
            diagnostics.error("is \(value.kind); write an object: { \"type\": \"ocm\", … }", at: value)
            return .unreadable
        }
        guard let type = value["type"] else {
            let path = SourcePath.member(value.path, "type")
            diagnostics.error("is missing; write \"type\": \"ocm\"", at: value.offset, path: path)
            return .unreadable
        }
        switch type.content {
        case .string("ocm"):
            return .ocm
        case .string(let word):
            diagnostics.warning("is of type \(word.quoted), which plays no part here; it is passed over", at: value)
            return .foreign
        default:
            diagnostics.error("is \(type.kind); write \"ocm\"", at: type)
            return .unreadable
        }
    }

    private func service(_ value: SourceValue, index: Int, outbounds: Outbounds) -> ServiceConfiguration? {
        Fields.read(value, diagnostics, as: "a service") { fields in
            fields.pass("type")
            var service = ServiceConfiguration(
                index: index, tag: fields.takeText("tag", .name) ?? "", credentialPath: "")
            service.listener = listener(&fields)
            service.credentialPath = credentialPath(&fields)
            fields.refuse("credentials", "name one login per service in credential_path")
            service.usagesPath = fields.takeText("usages_path", path)
            service.users = users(&fields, listener: service.listener)
            if let headers = fields.value("headers") {
                service.headers = self.headers(headers) { HeaderRules.reasonAgainst($0) }
            }
            service.detour = detour(&fields, among: outbounds)
            if let tls = fields.value("tls") { service.tls = self.serverTLS(tls) }
            return service
        }
    }

    private func credentialPath(_ fields: inout Fields) -> String {
        let given = fields.takeText("credential_path", path)
        if let path = given ?? surroundings.credentialPath { return path }
        fields.missing("credential_path", "is missing, and this user has no home directory; name the auth.json")
        return ""
    }

    /// The tag of the outbound that a service goes through; plain direct ones are the same as none.
    private func detour(_ fields: inout Fields, among outbounds: Outbounds) -> String? {
        guard let value = fields.value("detour"), !value.isInert, let tag = Form.name.read(value, diagnostics) else {
            return nil
        }
        guard outbounds.tags.contains(tag) else {
            diagnostics.error(outbounds.unknown(tag), at: value)
            return nil
        }
        guard let outbound = outbounds.read.first(where: { $0.tag == tag }), !outbound.isPlainDirect else { return nil }
        diagnostics.error(
            "\(tag.quoted) is not supported yet; leave it out, or name an outbound of type \"direct\" without options",
            at: value)
        return tag
    }

    /// What two services can't have in common: the tag, the listening address, the usage file.
    private func refuseSharing(_ services: [(value: SourceValue, service: ServiceConfiguration)]) {
        var tags: [String: SourceValue] = [:]
        var addresses: [String: SourceValue] = [:]
        for (value, service) in services {
            if let tag = value["tag"], !service.tag.isEmpty, let first = tags.updateValue(value, forKey: service.tag) {
                diagnostics.error(
                    "\(service.tag.quoted) is the tag of \(first.path.text) too; give each service its own", at: tag)
            }
            let listener = service.listener
            let address = "\(listener.address.text) port \(listener.port)"
            if let port = value["listen_port"], listener.port > 0,
                let first = addresses.updateValue(value, forKey: address)
            {
                diagnostics.error(
                    "\(address) is where \(first.path.text) listens too; give each service its own", at: port)
            }
        }
    }

    /// "ocm", "ocm-2", … for the services without a tag, stepping over tags that the file gives.
    private func nameTheUnnamed(_ services: [ServiceConfiguration]) -> [ServiceConfiguration] {
        var taken = Set(services.map(\.tag))
        return services.map { service in
            guard service.tag.isEmpty else { return service }
            var (named, number) = (service, 1)
            repeat {
                named.tag = number == 1 ? "ocm" : "ocm-\(number)"
                number += 1
            } while !taken.insert(named.tag).inserted
            return named
        }
    }
}
