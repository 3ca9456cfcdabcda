extension UsageReport {
    /// JSON (packaging/admin-api.json has the schema), costs with exactly six decimals.
    var json: [UInt8] {
        var text = JSONText()
        text.object { report in
            report.text("time", time)
            report.text("source", source.rawValue)
            report.text("configuration", configuration)
            report.member("files")
            report.array { list in
                for file in files {
                    list.element()
                    list.object {
                        $0.text("path", file.path)
                        $0.texts("services", file.services)
                    }
                }
            }
            report.texts("uncounted", uncounted)
            report.text("history", history.rawValue)
            if let since { report.text("since", since) }
            if let until { report.text("until", until) }
            if let week {
                report.member("week")
                report.line { $0.week(week) }
            }
            report.member("total")
            report.line { $0.sum(total) }
            report.member("tables")
            report.array { list in
                for table in tables {
                    list.element()
                    list.table(table)
                }
            }
            report.texts("notes", notes)
            report.texts("problems", problems)
        }
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

    fileprivate mutating func table(_ table: UsageTable) {
        object { object in
            object.texts("by", table.by.map(\.rawValue))
            object.member("rows")
            object.array { list in
                for row in table.rows {
                    list.element()
                    list.line { line in
                        for (dimension, value) in zip(table.by, row.values) { line.value(value, of: dimension) }
                        line.sum(row.sum)
                    }
                }
            }
        }
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
