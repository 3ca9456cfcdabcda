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

extension UsageRecord {
    /// As many of these, from the first on, as one message takes; at least one.
    package static func batch(of records: ArraySlice<UsageRecord>) -> ArraySlice<UsageRecord> {
        var size = 0
        var end = records.startIndex
        for record in records.prefix(WorkerMessage.recordsAtMost) {
            size += record.encodedSize
            if size > Self.bytesAtMost, end > records.startIndex { break }
            end += 1
        }
        return records[..<end]
    }

    /// Half of a packet: the rest is left to who reads this.
    private static let bytesAtMost = 32 * 1024

    private var encodedSize: Int {
        service.utf8.count + user.utf8.count + model.utf8.count + serviceTier.utf8.count + 4 * 4 + 7 * 8
    }
}
