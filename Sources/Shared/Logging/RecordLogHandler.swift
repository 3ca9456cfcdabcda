package import Logging
internal import OCMEventLoop

/// Writes each message as one record.
package struct RecordLogHandler: LogHandler {
    private let outlet: LogOutlet
    private let empty: LogRecordWriter
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]

    /// - Parameter identifier: name of the program.
    package init(
        _ outlet: LogOutlet, form: LogForm, level: Logger.Level, hasTime: Bool = true, identifier: String
    ) {
        self.outlet = outlet
        empty = LogRecordWriter(form: form, hasTime: hasTime, identifier: identifier)
        logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var writer = empty
        writer.begin(event.level, event.message.description)
        for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }).sorted(by: {
            $0.key < $1.key
        }) {
            writer.field(key, value.description)
        }
        writer.end()
        EventLoop.assumeIsolated { outlet.write(writer) }
    }
}
