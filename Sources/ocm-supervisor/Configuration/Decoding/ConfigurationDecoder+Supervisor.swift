import OCMEventLoop

extension ConfigurationDecoder {
    /// The section `supervisor`, and what stands in for it where it is left out.
    func supervisor(_ value: SourceValue?, into configuration: inout Configuration, root: SourceValue) {
        var stateDirectory: String?
        var adminSocket: String?
        if let value {
            let read: Configuration? = Fields.read(value, diagnostics, as: "supervisor") { fields in
                var read = configuration
                stateDirectory = fields.takeText("state_directory", path)
                adminSocket = fields.takeText("admin_socket", path)
                processes(&fields, into: &read)
                read.trustedProxies =
                    fields.takeNotYet(
                        "trusted_proxies", .listable(.addressRange), "remove it: limits see the proxy's address") ?? []
                read.pricingPath = fields.takeText("pricing_path", path)
                if let value = fields.value("endpoints") { read.endpoints = endpoints(value) ?? read.endpoints }
                if let value = fields.value("limits") { read.limits = limits(value) ?? read.limits }
                if let value = fields.value("timeouts") { read.timeouts = timeouts(value) ?? read.timeouts }
                return read
            }
            configuration = read ?? configuration
        }
        let section = value ?? root
        configuration.stateDirectory = stateDirectory ?? defaultStateDirectory(section)
        configuration.adminSocket =
            adminSocket ?? surroundings.adminSocket ?? "\(configuration.stateDirectory)/admin.sock"
        configuration.namesAdminSocket = adminSocket != nil
        checkLength(ofSocket: configuration.adminSocket, section)
    }

    private func processes(_ fields: inout Fields, into configuration: inout Configuration) {
        if let workers = fields.take("workers", .integer(1...Configuration.maximumWorkers)) {
            configuration.workers = workers
        }
        configuration.workerUser = fields.takeText("worker_user", .workerUser)
        if let timeout = fields.take("drain_timeout", .duration) { configuration.drainTimeout = timeout.unlessZero }
        if let timeout = fields.take("stop_timeout", .duration) { configuration.stopTimeout = timeout.unlessZero }
        configuration.websockets = fields.take("websockets", .boolean) ?? true
    }

    private func defaultStateDirectory(_ section: SourceValue) -> String {
        if let directory = surroundings.stateDirectory { return directory }
        diagnostics.error(
            "is missing, and this user has no home directory; name a directory", at: section.offset,
            path: .member(.member(.root, "supervisor"), "state_directory"))
        return ""
    }

    /// sockaddr_un has room for 107 bytes and the end of the string (unix(7)).
    private func checkLength(ofSocket path: String, _ section: SourceValue) {
        guard path.utf8.count > SocketAddress.longestPath else { return }
        let place = section["admin_socket"]
        diagnostics.error(
            "is longer than the \(SocketAddress.longestPath) bytes that a socket's path may have; choose a shorter one",
            at: place?.offset ?? section.offset,
            path: .member(.member(.root, "supervisor"), "admin_socket"))
    }

    private func endpoints(_ value: SourceValue) -> Configuration.Endpoints? {
        Fields.read(value, diagnostics, as: "endpoints") { fields in
            var endpoints = Configuration.Endpoints()
            endpoints.chatgpt = fields.take("chatgpt", .baseURL) ?? endpoints.chatgpt
            endpoints.openai = fields.take("openai", .baseURL) ?? endpoints.openai
            endpoints.oauth = fields.take("oauth", .baseURL) ?? endpoints.oauth
            return endpoints
        }
    }
}

extension Duration {
    /// `nil` where zero switches a limit off.
    fileprivate var unlessZero: Duration? { self == .zero ? nil : self }
}

extension Form where Value == String {
    /// The name of an account that is not root's.
    static var workerUser: Form {
        Form(string: { text throws(Misfit) in
            guard text != "root", text != "0" else {
                throw Misfit(
                    "can't be root, a worker reads what strangers send; create a user for it, such as \"ocm-worker\"")
            }
            guard text.utf8.count <= 255, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ":") })
            else {
                throw Misfit("\(text.quoted) is not the name of a user; write it as `getent passwd` shows it")
            }
            return text
        })
    }
}
