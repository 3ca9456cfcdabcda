internal import OCMEventLoop

extension UsageReport {
    /// JSON (packaging/admin-api.json has the schema), costs with exactly six decimals; in slices.
    @EventLoop func json(_ pace: Pace) async -> [UInt8] {
        var text = JSONText()
        text.beginObject()
        text.text("time", time)
        text.text("source", source.rawValue)
        text.text("configuration", configuration)
        text.member("files")
        text.array { list in
            for file in files {
                list.element()
                list.object {
                    $0.text("path", file.path)
                    $0.texts("services", file.services)
                }
            }
        }
        text.texts("uncounted", uncounted)
        text.text("history", history.rawValue)
        if let since { text.text("since", since) }
        if let until { text.text("until", until) }
        if let week {
            text.member("week")
            text.line { $0.week(week) }
        }
        text.member("total")
        text.line { $0.sum(total) }
        text.member("tables")
        text.beginArray()
        for table in tables {
            text.element()
            text.beginObject()
            text.texts("by", table.by.map(\.rawValue))
            text.member("rows")
            text.beginArray()
            for row in table.rows {
                text.element()
                text.line { $0.row(row, of: table) }
                await pace.step()
            }
            text.endArray()
            text.endObject()
        }
        text.endArray()
        text.texts("notes", notes)
        text.texts("problems", problems)
        text.endObject()
        text.end()
        return text.bytes
    }
}

extension JSONText {
    fileprivate mutating func text(_ name: String, _ value: String) {
        member(name)
        string(value)
    }

    fileprivate mutating func texts(_ name: String, _ values: [String]) {
        member(name)
        array { list in
            for value in values {
                list.element()
                list.string(value)
            }
        }
    }

    fileprivate mutating func week(_ week: UsageReport.Week) {
        member("start_unix")
        number("\(week.start)")
        text("start", week.started)
        text("resets", week.resets)
    }

    fileprivate mutating func row(_ row: UsageTable.Row, of table: UsageTable) {
        for (dimension, value) in zip(table.by, row.values) { self.value(value, of: dimension) }
        sum(row.sum)
    }

    private mutating func value(_ value: String, of dimension: UsageDimension) {
        switch dimension {
        case .user, .model, .day: text(dimension.rawValue, value)
        case .tier: text("service_tier", value)
        case .week:
            member("week_start_unix")
            number(value.isEmpty ? "0" : value)
        }
    }

    fileprivate mutating func sum(_ sum: UsageSum) {
        let counts = [
            ("request_count", sum.counts.requests), ("input_tokens", sum.counts.input),
            ("output_tokens", sum.counts.output), ("cached_tokens", sum.counts.cached),
            ("cache_write_tokens", sum.counts.cacheWrite), ("reasoning_tokens", sum.counts.reasoning),
        ]
        for (name, count) in counts {
            member(name)
            number("\(count)")
        }
        member("cost_usd")
        number(sum.cost.dollars)
    }
}
