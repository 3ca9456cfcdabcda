/// The outbounds of a file: those that could be read, and the tags of all.
struct Outbounds {
    var read: [OutboundConfiguration] = []
    var tags: Set<String> = []

    /// The message for a detour to a tag that no outbound has.
    func unknown(_ tag: String) -> String {
        let remedy =
            Spelling.nearest(to: tag, among: tags.sorted()).map { "did you mean \($0.quoted)?" }
            ?? "add one to outbounds or leave the detour out"
        return "there is no outbound \(tag.quoted); \(remedy)"
    }
}

extension ConfigurationDecoder {
    func outbounds(_ elements: [SourceValue]) -> Outbounds {
        var outbounds = Outbounds()
        var places: [String: SourceValue] = [:]
        for (index, element) in elements.enumerated() {
            let tag = tag(of: element) ?? "\(index)"
            outbounds.tags.insert(tag)
            if let first = places.updateValue(element, forKey: tag) {
                diagnostics.error(
                    "\(tag.quoted) is the tag of \(first.path.text) too; give each outbound its own",
                    at: element["tag"] ?? element)
            }
            if let outbound = outbound(element, index: index, tag: tag) { outbounds.read.append(outbound) }
        }
        checkDetours(of: outbounds, elements)
        return outbounds
    }

    /// The tag that the file gives; without one an outbound is known by its number, as in sing-box.
    private func tag(of value: SourceValue) -> String? {
        guard let tag = value["tag"], !tag.isInert else { return nil }
        return Form.name.read(tag, diagnostics)
    }

    private func outbound(_ value: SourceValue, index: Int, tag: String) -> OutboundConfiguration? {
        guard let type = outboundType(value) else { return nil }
        return Fields.read(value, diagnostics, as: "an outbound of type \(type.quoted)") { fields in
            fields.pass("type", "tag")
            let kind = kind(type, &fields)
            return OutboundConfiguration(index: index, tag: tag, kind: kind, dialing: dialing(&fields))
        }
    }

    /// The type, where it is one that can be used; else the error is reported and the other fields are left alone.
    private func outboundType(_ value: SourceValue) -> String? {
        guard case .object = value.content else {
            diagnostics.error("is \(value.kind); write an object: { \"type\": \"direct\", \"tag\": … }", at: value)
            return nil
        }
        guard let type = value["type"] else {
            let path = SourcePath.member(value.path, "type")
            diagnostics.error("is missing; write \"direct\", \"socks\" or \"http\"", at: value.offset, path: path)
            return nil
        }
        guard let word = Form.text.read(type, diagnostics) else { return nil }
        guard ["direct", "socks", "http"].contains(word) else {
            let remedy = "run it in sing-box behind a socks inbound, and name that as an outbound of type \"socks\""
            diagnostics.error("\(word.quoted) can't be used here; \(remedy)", at: type)
            return nil
        }
        return word
    }

    private func kind(_ type: String, _ fields: inout Fields) -> OutboundConfiguration.Kind {
        switch type {
        case "direct":
            for field in ["override_address", "override_port", "proxy_protocol"] {
                fields.refuse(field, "remove it")
            }
            return .direct
        case "socks":
            fields.pass("network", "udp_over_tcp")
            let version: OutboundConfiguration.SocksVersion = fields.take("version", .choice) ?? .v5
            return .socks(proxy(&fields), version: version)
        default:
            let path = fields.takeText("path") ?? ""
            let headers = fields.value("headers").map { self.headers($0, reasonAgainst: { _ in nil }) } ?? []
            return .http(
                proxy(&fields), path: path, headers: headers, tls: fields.value("tls").flatMap { clientTLS($0) })
        }
    }

    private func proxy(_ fields: inout Fields) -> OutboundConfiguration.Proxy {
        let server = fields.take("server", .host)
        let port = fields.take("server_port", .port)
        if fields.object["server"] == nil { fields.missing("server", "is missing; write the proxy's host") }
        if fields.object["server_port"] == nil { fields.missing("server_port", "is missing; write the proxy's port") }
        let username = fields.takeText("username", .secret)
        let password = fields.takeText("password", .secret)
        return OutboundConfiguration.Proxy(
            server: server ?? "", port: port ?? 0, username: username, password: password)
    }

    private func dialing(_ fields: inout Fields) -> OutboundConfiguration.Dialing {
        var dialing = OutboundConfiguration.Dialing()
        dialing.detour = fields.takeText("detour", .name)
        dialing.bindInterface = fields.takeText("bind_interface", .interface)
        dialing.inet4BindAddress = address(&fields, "inet4_bind_address", isIPv6: false)
        dialing.inet6BindAddress = address(&fields, "inet6_bind_address", isIPv6: true)
        dialing.routingMark = fields.take("routing_mark", .mark) ?? 0
        dialing.reuseAddress = fields.take("reuse_addr", .boolean) ?? false
        dialing.networkNamespace = fields.takeText("netns")
        if let timeout = fields.take("connect_timeout", .duration), timeout > .zero { dialing.connectTimeout = timeout }
        dialing.fastOpen = fields.take("tcp_fast_open", .boolean) ?? false
        dialing.multipath = fields.take("tcp_multi_path", .boolean) ?? false
        dialing.keepAlive = keepAlive(&fields)
        fields.pass(
            "udp_fragment", "bind_address_no_port", "domain_resolver", "domain_strategy", "network_strategy",
            "network_type",
            "fallback_network_type", "fallback_delay")
        return dialing
    }

    private func address(_ fields: inout Fields, _ name: String, isIPv6: Bool) -> NumericAddress? {
        guard let value = fields.value(name), !value.isInert, let address = Form.address.read(value, diagnostics) else {
            return nil
        }
        guard address.isIPv6 == isIPv6 else {
            diagnostics.error(
                "\(address.text.quoted) is not an IPv\(isIPv6 ? 6 : 4) address; write one of that kind", at: value)
            return nil
        }
        return address
    }

    /// Detours lead to outbounds that exist, and never back.
    private func checkDetours(of outbounds: Outbounds, _ elements: [SourceValue]) {
        var next: [String: String] = [:]
        var places: [String: SourceValue] = [:]
        for outbound in outbounds.read {
            guard let detour = outbound.dialing.detour, let place = elements[outbound.index]["detour"] else { continue }
            if outbounds.tags.contains(detour) {
                (next[outbound.tag], places[outbound.tag]) = (detour, place)
            } else {
                diagnostics.error(outbounds.unknown(detour), at: place)
            }
        }
        var settled: Set<String> = []
        for outbound in outbounds.read {
            var way: [String] = []
            var tag: String? = outbound.tag
            while let here = tag, settled.insert(here).inserted {
                way.append(here)
                tag = next[here]
            }
            guard let tag, let start = way.firstIndex(of: tag), let place = places[tag] else { continue }
            let circle = (way[start...] + [tag]).map(\.quoted).joined(separator: " → ")
            diagnostics.error("leads back to itself (\(circle)); remove a detour of the circle", at: place)
        }
    }
}
