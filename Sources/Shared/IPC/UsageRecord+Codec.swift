extension UsageRecord {
    package func encode(into encoder: inout MessageEncoder) {
        encoder.put(service)
        encoder.put(user)
        encoder.put(model)
        encoder.put(serviceTier)
        encoder.put(inputTokens)
        encoder.put(cachedTokens)
        encoder.put(cacheWriteTokens)
        encoder.put(outputTokens)
        encoder.put(reasoningTokens)
        encoder.put(weekStart)
        encoder.put(time)
    }

    package init(from decoder: inout MessageDecoder) throws(IPCError) {
        self.init(
            service: try decoder.takeString("service", atMost: Bounds.tag),
            user: try decoder.takeString("user", atMost: Bounds.userName),
            model: try decoder.takeString("model", atMost: Bounds.model),
            serviceTier: try decoder.takeString("serviceTier", atMost: Bounds.tier),
            inputTokens: try decoder.take(), cachedTokens: try decoder.take(), cacheWriteTokens: try decoder.take(),
            outputTokens: try decoder.take(), reasoningTokens: try decoder.take(), weekStart: try decoder.take(),
            time: try decoder.take())
    }
}
