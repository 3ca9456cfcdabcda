internal import Glibc
internal import OCMEventLoop
internal import OCMTLS

/// What lies beside the file of exchanges that were not brought to their end. All of it is done under the lock.
extension CredentialStore {
    /// Answers that were kept and not written to the file. Children make sense of them; where one can't be run, not
    /// all are read.
    func recoveredAnswers(for target: String) async -> (answers: [RecoveredAnswer], areAllRead: Bool) {
        var answers: [RecoveredAnswer] = []
        var areAllRead = true
        var latest = LatestUnclear()
        guard let paths = try? RecoveryCopy.paths(for: target) else { return ([], false) }
        for path in paths {
            switch RecoveryCopy.read(path) {
            case .nothing: continue
            case .unreadable: areAllRead = false
            case .answer(let spent, let raw, let time):
                switch await sense(of: raw) {
                case .tokens(let answer): answers.append(RecoveredAnswer(answer: answer, spent: spent, time: time))
                case .unclear:
                    latest.note(path, spent, time)
                    answers.append(RecoveredAnswer(answer: nil, spent: spent, time: time))
                // Nothing was given, so nothing was spent.
                case .refusal: unsafe unlink(path)
                case .unknown: areAllRead = false
                }
            }
        }
        return (answers, areAllRead)
    }

    private enum Sense {
        case tokens(RefreshAnswer)
        /// Cut off, or not understood.
        case unclear
        case refusal
        /// Nobody could be asked.
        case unknown
    }

    private func sense(of raw: Secret) async -> Sense {
        switch await ask(.parse(raw), within: .seconds(10)) {
        case .success(let answer)?: answer.isWhole ? .tokens(answer) : .unclear
        case .failure(.refused)?, .failure(.answered)?: .refusal
        case .failure(.failed(.start, _))?, nil: .unknown
        case .failure?: .unclear
        }
    }

    /// Of the answers about one token that are not understood, the latest stays: had the endpoint spent the token
    /// before, it would have refused it from then on. So a stranger in the endpoint's place can't fill the disk.
    private struct LatestUnclear {
        private var copies: [SHA256Digest: (path: String, time: Timestamp)] = [:]

        mutating func note(_ path: String, _ spent: SHA256Digest, _ time: Timestamp) {
            guard let other = copies[spent] else {
                copies[spent] = (path, time)
                return
            }
            unsafe unlink(other.time <= time ? other.path : path)
            if other.time <= time { copies[spent] = (path, time) }
        }
    }
}
