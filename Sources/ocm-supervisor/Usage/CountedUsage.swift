/// What is known of the usage of all services of a configuration: what a query is answered from.
struct CountedUsage {
    struct File {
        var path: String
        /// The services that count in it, at least one.
        var services: [String]
        var book: UsageBook
        /// What has to be known of it, for people.
        var notes: [String] = []
        /// What keeps it from being the whole of it, for people.
        var problems: [String] = []
    }

    enum Source: String, Sendable {
        /// A running supervisor, with what it has not saved yet.
        case supervisor
        /// The files, with what their journals have beyond them.
        case files
    }

    var source: Source
    /// The configuration's path.
    var configuration: String
    var files: [File]
    /// Services without a usage file.
    var uncounted: [String]
    /// At which the past is valued too.
    var prices: PriceBook

    /// Reduced to the file of one service, where one is named.
    func narrowed(to service: String?) throws(UsageQueryError) -> CountedUsage {
        guard let service else { return self }
        if uncounted.contains(service) { throw .uncounted(service) }
        var narrowed = self
        narrowed.files = files.filter { $0.services.contains(service) }
        if narrowed.files.isEmpty {
            throw .unknownService(service, known: (files.flatMap(\.services) + uncounted).sorted())
        }
        narrowed.uncounted = []
        return narrowed
    }
}

/// Why a question about usage has no answer.
enum UsageQueryError: Error, Equatable {
    case daysAndWeeks
    case backwards(since: String, until: String)
    case unknownService(String, known: [String])
    case uncounted(String)
    /// A parameter of the admin socket's that does not say what it should.
    case parameter(String, wanted: String)

    var text: String {
        switch self {
        case .daysAndWeeks:
            "days and weeks do not combine: the history by day does not know for which week of the login's limit a request "
                + "counted; ask by day since the week's start (--by day --since week), or by week"
        case .backwards(let since, let until):
            "the period ends (\(until)) before it begins (\(since))"
        case .unknownService(let service, let known):
            "there is no service \(service.quoted); there are: \(known.joined(separator: ", "))"
        case .uncounted(let service):
            "nothing is counted of service \(service.quoted): it has no usages_path"
        case .parameter(let name, let wanted):
            "\(name) takes \(wanted)"
        }
    }
}
