extension SeenLimits {
    func encode(into encoder: inout MessageEncoder) {
        encoder.put(generation)
        encoder.put(time)
        limits.encode(into: &encoder)
    }

    init(from decoder: inout MessageDecoder) throws(IPCError) {
        self.init(generation: try decoder.take(), time: try decoder.take(), limits: try RateLimits(from: &decoder))
    }
}

extension RateLimits {
    func encode(into encoder: inout MessageEncoder) {
        encoder.put(activeLimit)
        encoder.put(families) { $1.encode(into: &$0) }
        encoder.putOptional(credits) { $1.encode(into: &$0) }
    }

    init(from decoder: inout MessageDecoder) throws(IPCError) {
        self.init(
            activeLimit: try decoder.takeString("active limit", atMost: Self.limitAtMost),
            families: try decoder.takeList("limits", atMost: Self.familiesAtMost) { decoder throws(IPCError) in
                try Family(from: &decoder)
            },
            credits: try decoder.takeOptional("credits") { decoder throws(IPCError) in try Credits(from: &decoder) })
    }
}

extension RateLimits.Family {
    fileprivate func encode(into encoder: inout MessageEncoder) {
        encoder.put(limit)
        encoder.put(name)
        for window in [primary, secondary] { encoder.putOptional(window) { $1.encode(into: &$0) } }
    }

    fileprivate init(from decoder: inout MessageDecoder) throws(IPCError) {
        func window(_ decoder: inout MessageDecoder) throws(IPCError) -> RateLimits.Window? {
            try decoder.takeOptional("window") { decoder throws(IPCError) in try RateLimits.Window(from: &decoder) }
        }
        self.init(
            limit: try decoder.takeString("limit", atMost: RateLimits.limitAtMost),
            name: try decoder.takeString("limit name", atMost: RateLimits.nameAtMost),
            primary: try window(&decoder), secondary: try window(&decoder))
    }
}

extension RateLimits.Window {
    fileprivate func encode(into encoder: inout MessageEncoder) {
        encoder.putOptional(used) { $0.put($1) }
        encoder.putOptional(minutes) { $0.put($1) }
        encoder.putOptional(resetAt) { $0.put($1) }
    }

    fileprivate init(from decoder: inout MessageDecoder) throws(IPCError) {
        self.init(
            used: try decoder.takeOptional("used") { decoder throws(IPCError) in try decoder.take() },
            minutes: try decoder.takeOptional("minutes") { decoder throws(IPCError) in try decoder.take() },
            resetAt: try decoder.takeOptional("reset") { decoder throws(IPCError) in try decoder.take() })
    }
}

extension RateLimits.Credits {
    fileprivate func encode(into encoder: inout MessageEncoder) {
        encoder.putOptional(isAvailable) { $0.put($1) }
        encoder.putOptional(isUnlimited) { $0.put($1) }
        encoder.put(balance)
    }

    fileprivate init(from decoder: inout MessageDecoder) throws(IPCError) {
        func flag(_ decoder: inout MessageDecoder) throws(IPCError) -> Bool? {
            try decoder.takeOptional("flag") { decoder throws(IPCError) in try decoder.takeBool("flag") }
        }
        self.init(
            isAvailable: try flag(&decoder), isUnlimited: try flag(&decoder),
            balance: try decoder.takeString("balance", atMost: RateLimits.balanceAtMost))
    }
}
