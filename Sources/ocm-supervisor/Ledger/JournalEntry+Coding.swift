internal import OCMIPC

extension JournalEntry {
    /// The form of the journal that this version writes; it is told by the base.
    static let version: UInt16 = 1

    private enum Kind: UInt8 {
        case base = 1
        case commit = 2
        case saved = 3
    }

    var body: [UInt8] {
        var writer = ByteWriter()
        switch self {
        case .base(let base):
            writer.integer(Kind.base.rawValue)
            writer.integer(Self.version)
            writer.states(base.files)
            writer.marks(base.marks)
        case .commit(let commit):
            writer.integer(Kind.commit.rawValue)
            writer.integer(commit.time)
            writer.integer(UInt32(commit.batches.count))
            for batch in commit.batches { writer.batch(batch) }
        case .saved(let files):
            writer.integer(Kind.saved.rawValue)
            writer.states(files)
        }
        return writer.bytes
    }

    /// Nil where the body is of no known form. A base of a newer version throws it.
    init?(body: ArraySlice<UInt8>) throws(NewerVersion) {
        var reader = ByteReader(body)
        let entry: JournalEntry?
        switch reader.integer(UInt8.self).flatMap(Kind.init) {
        case .base:
            guard let version = reader.integer(UInt16.self) else { return nil }
            guard version <= Self.version else { throw NewerVersion(version: version) }
            entry = reader.base().map(JournalEntry.base)
        case .commit:
            entry = reader.commit().map(JournalEntry.commit)
        case .saved:
            entry = reader.states().map(JournalEntry.saved)
        case nil:
            return nil
        }
        guard let entry, reader.rest.isEmpty else { return nil }
        self = entry
    }

    struct NewerVersion: Error, Equatable {
        var version: UInt16
    }
}

extension ByteWriter {
    fileprivate mutating func states(_ files: FileStates) {
        integer(files.usages.value)
        integer(files.daily.value)
    }

    fileprivate mutating func marks(_ marks: WorkerMarks) {
        integer(UInt32(marks.marks.count))
        for (worker, mark) in marks.marks.sorted(by: { $0.key.value < $1.key.value }) {
            integer(worker.value)
            integer(mark.sequence)
            integer(mark.seen)
        }
    }

    fileprivate mutating func batch(_ batch: UsageBatch) {
        integer(batch.worker.value)
        integer(UInt32(batch.records.count))
        for numbered in batch.records {
            integer(numbered.sequence)
            record(numbered.record)
        }
    }

    private mutating func record(_ record: UsageRecord) {
        text(record.service)
        text(record.user)
        text(record.model)
        text(record.serviceTier)
        integer(record.inputTokens)
        integer(record.cachedTokens)
        integer(record.cacheWriteTokens)
        integer(record.outputTokens)
        integer(record.reasoningTokens)
        integer(record.weekStart)
        integer(record.time)
    }
}

extension ByteReader {
    fileprivate mutating func states() -> FileStates? {
        guard let usages = integer(UInt128.self), let daily = integer(UInt128.self) else { return nil }
        return FileStates(usages: FileDigest(value: usages), daily: FileDigest(value: daily))
    }

    fileprivate mutating func base() -> JournalBase? {
        guard let files = states(), let count = integer(UInt32.self) else { return nil }
        var marks: [WorkerIdentity: WorkerMarks.Mark] = [:]
        for _ in 0..<count {
            guard let worker = integer(UInt128.self), let sequence = integer(UInt64.self),
                let seen = integer(Int64.self)
            else { return nil }
            marks[WorkerIdentity(value: worker)] = WorkerMarks.Mark(sequence: sequence, seen: seen)
        }
        return JournalBase(files: files, marks: WorkerMarks(marks))
    }

    fileprivate mutating func commit() -> JournalCommit? {
        guard let time = integer(Int64.self), let count = integer(UInt32.self) else { return nil }
        var commit = JournalCommit(time: time, batches: [])
        for _ in 0..<count {
            guard let batch = batch() else { return nil }
            commit.batches.append(batch)
        }
        return commit
    }

    private mutating func batch() -> UsageBatch? {
        guard let worker = integer(UInt128.self), let count = integer(UInt32.self) else { return nil }
        var batch = UsageBatch(worker: WorkerIdentity(value: worker), records: [])
        for _ in 0..<count {
            guard let sequence = integer(UInt64.self), let record = record() else { return nil }
            batch.records.append(NumberedUsage(sequence: sequence, record: record))
        }
        return batch
    }

    private mutating func record() -> UsageRecord? {
        guard let service = text(), let user = text(), let model = text(), let serviceTier = text(),
            let input = integer(UInt64.self), let cached = integer(UInt64.self), let written = integer(UInt64.self),
            let output = integer(UInt64.self), let reasoning = integer(UInt64.self),
            let weekStart = integer(Int64.self), let time = integer(Int64.self)
        else { return nil }
        return UsageRecord(
            service: service, user: user, model: model, serviceTier: serviceTier, inputTokens: input,
            cachedTokens: cached, cacheWriteTokens: written, outputTokens: output, reasoningTokens: reasoning,
            weekStart: weekStart, time: time)
    }
}
