/// What came of a reload: the answer to `POST /reload`, and a part of the status.
///
/// The members' names are those of the JSON (packaging/admin-api.json has the schema).
struct ReloadResult: Codable, Equatable, Sendable {
    enum Outcome: String, Codable, CaseIterable, Sendable {
        case applied
        /// The configuration says what it said before.
        case unchanged
        /// What ran goes on as it was.
        case refused
        /// It was in force, and workers kept dying: the one before is in force again.
        case takenBack = "taken-back"
        /// It is in force, workers keep dying, and the one before can't be put into force again.
        case stuck
    }

    let outcome: Outcome
    let time: String
    /// What is other than before: `services[codex].users: dave added`.
    var changes: [String] = []
    /// Why it was refused, or is not what serves: all reasons.
    var errors: [String] = []
    /// What is probably not meant.
    var warnings: [String] = []

    init(_ outcome: Outcome, at time: Timestamp = .now) {
        self.outcome = outcome
        self.time = time.wholeSeconds
    }

    static func failed(_ outcome: Outcome, _ errors: [String]) -> ReloadResult {
        var result = ReloadResult(outcome)
        result.errors = errors
        return result
    }
}
