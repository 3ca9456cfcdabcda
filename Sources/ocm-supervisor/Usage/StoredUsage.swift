/// The usage of services whose supervisor does not run: files, journals and the history by day, read and left as they are.
enum StoredUsage {
    /// Throws where a file is there and can't be read at all; what is in it that makes no sense is a problem of the file's.
    static func read(
        _ configuration: Configuration, prices: PriceBook, zone: LocalZone
    ) throws(LedgerError) -> CountedUsage {
        var services: [String: [String]] = [:]
        for service in configuration.services {
            guard let path = service.usagesPath.map(DirectoryStorage.resolve) else { continue }
            services[path, default: []].append(service.tag)
        }
        var files: [CountedUsage.File] = []
        for (path, tags) in services.sorted(by: { $0.key < $1.key }) {
            let storage = DirectoryStorage(path: path)
            let replay = try replay(storage, prices, zone)
            files.append(
                CountedUsage.File(
                    path: path, services: tags.sorted(), book: replay.book, notes: notes(on: replay, in: storage),
                    problems: problems(of: replay, in: storage)))
        }
        return CountedUsage(
            source: .files, configuration: configuration.file, files: files,
            uncounted: configuration.services.filter { $0.usagesPath == nil }.map(\.tag), prices: prices)
    }

    /// Reads without the lock, which a supervisor may hold whose socket is somewhere else. The files belong together if the
    /// journal was not replaced while they were read.
    static func replay(
        _ storage: some LedgerStorage, _ prices: PriceBook, _ zone: LocalZone
    ) throws(LedgerError) -> LedgerReplay {
        var attempts = 0
        while true {
            let before = try storage.read(.journal) ?? []
            let usages = try storage.read(.usages)
            let daily = try storage.read(.daily)
            let journal = try storage.read(.journal)
            attempts += 1
            let isSteady = (journal ?? []).starts(with: before) && before.isEmpty == (journal ?? []).isEmpty
            guard isSteady || attempts == mostAttempts else { continue }
            do throws(JournalEntry.NewerVersion) {
                return try LedgerReplay(usages: usages, daily: daily, journal: journal, prices: prices, zone: zone)
            } catch {
                throw .newerJournal(path: storage.path(of: .journal), version: error.version)
            }
        }
    }

    /// A supervisor saves once a minute at most.
    private static let mostAttempts = 100

    private static func notes(on replay: LedgerReplay, in storage: some LedgerStorage) -> [String] {
        replay.changed.map {
            "\(storage.path(of: $0)) is not as it was saved last; what was counted since is added to it."
        }
    }

    private static func problems(of replay: LedgerReplay, in storage: some LedgerStorage) -> [String] {
        var problems: [String] = []
        for (file, saved) in [(LedgerFile.usages, replay.usages), (.daily, replay.daily)] {
            guard let error = saved.unreadable else { continue }
            problems.append(
                "\(storage.path(of: file)) is not a usage file (\(error.reason)): what it counted is missing")
        }
        let damaged = replay.journal?.damage.reduce(0) { $0 + $1.count } ?? 0
        if damaged > 0 {
            problems.append("\(storage.path(of: .journal)) is damaged: \(damaged) bytes can't be read")
        }
        for file in replay.uncertain {
            problems.append(
                "\(storage.path(of: file)) was changed by another program in the middle of a save: "
                    + "what of the journal it may hold is not counted again")
        }
        return problems
    }
}
