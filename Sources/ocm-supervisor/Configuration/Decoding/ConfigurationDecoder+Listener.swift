extension ConfigurationDecoder {
    /// The listen fields of a service.
    func listener(_ fields: inout Fields) -> ServiceConfiguration.Listener {
        var listener = ServiceConfiguration.Listener()
        if let value = fields.value("listen"), !value.isInert {
            listener.address = Form.address.read(value, diagnostics) ?? listener.address
        }
        listener.port = fields.take("listen_port", .listeningPort) ?? 0
        // Always so, see ``Listener``.
        _ = fields.take("reuse_addr", .boolean)
        listener.keepAlive = keepAlive(&fields)
        listener.bindInterface = fields.takeNotYet(
            "bind_interface", .interface, "listen on an address of that interface")
        listener.routingMark = fields.takeNotYet("routing_mark", .mark, "remove it") ?? 0
        listener.networkNamespace = fields.takeNotYet("netns", .text, "start the service in that namespace")
        listener.fastOpen = fields.takeNotYet("tcp_fast_open", .boolean, "remove it") ?? false
        listener.multipath = fields.takeNotYet("tcp_multi_path", .boolean, "remove it") ?? false
        fields.pass("udp_fragment", "udp_timeout", "udp_disable_domain_unmapping")
        return listener
    }

    /// `nil` where the file switches keep-alive off.
    func keepAlive(_ fields: inout Fields) -> KeepAlive? {
        let form = Form.duration(seconds: 1...32767)
        var keepAlive = KeepAlive()
        let isOff = fields.take("disable_tcp_keep_alive", .boolean) ?? false
        if let idle = fields.value("tcp_keep_alive"), !idle.isInert {
            keepAlive.idle = form.read(idle, diagnostics) ?? keepAlive.idle
        }
        if let interval = fields.value("tcp_keep_alive_interval"), !interval.isInert {
            keepAlive.interval = form.read(interval, diagnostics) ?? keepAlive.interval
        }
        return isOff ? nil : keepAlive
    }
}
