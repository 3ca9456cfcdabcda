extension WorkerConfiguration {
    func encode(into encoder: inout MessageEncoder) {
        encoder.put(generation)
        log.encode(into: &encoder)
        limits.encode(into: &encoder)
        timeouts.encode(into: &encoder)
        encoder.put(webSockets)
        encoder.put(services) { $1.encode(into: &$0) }
        encoder.put(roots)
    }

    init(from decoder: inout MessageDecoder) throws(IPCError) {
        self.init(
            generation: try decoder.take(), log: try Log(from: &decoder), limits: try Limits(from: &decoder),
            timeouts: try Timeouts(from: &decoder), webSockets: try decoder.takeBool("webSockets"),
            services: try decoder.takeList("services", atMost: 256) { decoder throws(IPCError) in
                try Service(from: &decoder)
            },
            roots: try decoder.takeBytes("roots", atMost: Bounds.roots))
    }
}

extension WorkerConfiguration.Log {
    fileprivate func encode(into encoder: inout MessageEncoder) {
        encoder.put(level)
        encoder.put(form)
        encoder.put(hasTime)
        encoder.put(access)
    }

    fileprivate init(from decoder: inout MessageDecoder) throws(IPCError) {
        self.init(
            level: try decoder.take(), form: try decoder.take(), hasTime: try decoder.takeBool("hasTime"),
            access: try decoder.takeBool("access"))
    }
}

extension WorkerConfiguration.Service {
    fileprivate func encode(into encoder: inout MessageEncoder) {
        encoder.put(tag)
        encoder.put(users) { encoder, user in
            encoder.put(user.name)
            encoder.put(user.digest)
        }
        encoder.put(headers) { encoder, header in
            encoder.put(header.name)
            encoder.put(header.values) { $0.put($1) }
        }
        chatGPT.encode(into: &encoder)
        openAI.encode(into: &encoder)
    }

    fileprivate init(from decoder: inout MessageDecoder) throws(IPCError) {
        self.init(
            tag: try decoder.takeString("tag", atMost: Bounds.tag),
            users: try decoder.takeList("users", atMost: 100_000) { decoder throws(IPCError) in
                let name = try decoder.takeString("user", atMost: Bounds.userName)
                let digest = try decoder.takeBytes("digest", atMost: 32)
                guard digest.count == 32 else { throw .invalid(field: "digest") }
                return WorkerConfiguration.User(name: name, digest: digest)
            },
            headers: try decoder.takeList("headers", atMost: 1000) { decoder throws(IPCError) in
                WorkerConfiguration.Header(
                    name: try decoder.takeString("header", atMost: Bounds.headerName),
                    values: try decoder.takeList("values", atMost: 1000) { decoder throws(IPCError) in
                        try decoder.takeString("value", atMost: Bounds.headerValue)
                    })
            },
            chatGPT: try WorkerConfiguration.Endpoint(from: &decoder),
            openAI: try WorkerConfiguration.Endpoint(from: &decoder))
    }
}

extension WorkerConfiguration.Endpoint {
    fileprivate func encode(into encoder: inout MessageEncoder) {
        encoder.put(usesTLS)
        encoder.put(host)
        encoder.put(port)
        encoder.put(path)
    }

    fileprivate init(from decoder: inout MessageDecoder) throws(IPCError) {
        self.init(
            usesTLS: try decoder.takeBool("usesTLS"), host: try decoder.takeString("host", atMost: Bounds.host),
            port: try decoder.take(), path: try decoder.takeString("path", atMost: Bounds.path))
    }
}

extension WorkerConfiguration.Limits {
    fileprivate func encode(into encoder: inout MessageEncoder) {
        for limit in [
            headBytes, headFields, bodyBytes, replayBody, buffers, connections, connectionsPerAddress, requestsPerUser,
            webSocketsPerUser, webSocketMessage,
        ] {
            encoder.put(limit)
        }
    }

    fileprivate init(from decoder: inout MessageDecoder) throws(IPCError) {
        self.init(
            headBytes: try decoder.take(), headFields: try decoder.take(), bodyBytes: try decoder.take(),
            replayBody: try decoder.take(), buffers: try decoder.take(), connections: try decoder.take(),
            connectionsPerAddress: try decoder.take(), requestsPerUser: try decoder.take(),
            webSocketsPerUser: try decoder.take(), webSocketMessage: try decoder.take())
    }
}

extension WorkerConfiguration.Timeouts {
    fileprivate func encode(into encoder: inout MessageEncoder) {
        for timeout in [
            head, idle, bodyStall, writeStall, handshake, upstreamConnect, upstreamSilence, webSocketPing,
        ] {
            encoder.put(timeout)
        }
    }

    fileprivate init(from decoder: inout MessageDecoder) throws(IPCError) {
        self.init(
            head: try decoder.take(), idle: try decoder.take(), bodyStall: try decoder.take(),
            writeStall: try decoder.take(), handshake: try decoder.take(), upstreamConnect: try decoder.take(),
            upstreamSilence: try decoder.take(), webSocketPing: try decoder.take())
    }
}
