import OCMEventLoop

/// Why the program that runs goes on.
enum UpgradeFailure: Error, Equatable {
    /// It starts, stops, or does something else that has to come to its end first.
    case notServing(String)
    case underWay
    /// The new program can't be executed.
    case program(path: String, SystemError)
    /// It ran on trial, and ended without having said that it could take over.
    case trial(ChildProcess.Exit, said: [String])
    case trialTimedOut(after: Duration, said: [String])
    /// It ended well, and is no OCM that could be tried.
    case noVerdict(said: [String])
    /// New tokens of a login are in memory alone, which does not outlive the program.
    case unsaved(login: String, problem: String)
    /// A refresh of a login did not come to its end.
    case refreshing(login: String)
    /// Another configuration is being made ready.
    case reloading
    /// A worker has ended, and what it said last is not read to its end.
    case burying
    /// Workers could not be found again: they would end, and with them what they have open.
    case noRendezvous
    /// A program or the configuration file is another one than in the trial.
    case changed
    /// The disk does not take the last usage of workers that have ended.
    case usage
    case system(SystemError)
    /// The trial went well, and the execution did not.
    case execution(path: String, SystemError)

    /// For people, one line each; at least one.
    var reasons: [String] {
        switch self {
        case .notServing(let state): ["OCM is \(state): an upgrade is possible while it is serving"]
        case .underWay: ["another upgrade is under way"]
        case .program(let path, let error): ["\(path) can't be executed: \(error.reason)"]
        case .trial(let exit, let said):
            said.isEmpty ? ["the new program ended on trial with \(exit), and said nothing"] : said
        case .trialTimedOut(let time, let said):
            ["the new program did not get through its trial within \(time.components.seconds) s"] + said
        case .noVerdict(let said): ["the new program is no OCM that can take over: it did not answer its trial"] + said
        case .unsaved(let login, let problem):
            ["new tokens of \(login) could not be written yet (\(problem)), and would be lost"]
        case .refreshing(let login): ["the refresh of \(login) does not come to its end"]
        case .reloading: ["a reload does not come to its end"]
        case .burying: ["a worker that has ended does not come to its end"]
        case .noRendezvous:
            [
                "the workers could not be found again by the new program, the log says why since the start: "
                    + "mend that, and restart"
            ]
        case .changed: ["the programs or the configuration file have changed since the trial: ask again"]
        case .usage: ["the disk does not take the usage of workers that have ended, and it would be lost"]
        case .system(let error): ["\(error)"]
        case .execution(let path, let error): ["\(path) could not be executed: \(error.reason)"]
        }
    }
}
