internal import OCMTLS

/// The life of one login: what auth.json holds, when it is refreshed, what workers are told.
///
/// A value without I/O: events go in with the time at which they happened, actions come out for the store around it to
/// carry out. Its conditions, as `status` shows them:
///
///     absent ──file──► valid ──due, rejected──► refreshing ──tokens──► valid
///       ▲                ▲                        │   │
///       └─file removed───┤         for a while ◄──┘   └──► for good: the file is read again,
///                        │              │                  for ten seconds after "reused"
///                        └── refreshing ┘                         │
///                        ▲                                        ▼
///                        └───────────── the file changes ◄───── dead
///
/// A token that still works stays published whatever happens to its refreshing.
///
/// Whose the tokens in the file are is told by the refresh token alone:
///
/// - One that this process has spent is overwritten with what came of it, whoever has put it back.
/// - Any other is the owner's, and taken, whatever its date: another machine's login of the same account, say.
/// - What it displaces is kept in memory. It goes back into the file when that brings a token that was spent for it: the
///   file had been moved aside. And it stands in when the newcomer was issued earlier, by the same user, and turns out
///   to be dead: then a backup has been restored, whose token an earlier process had spent. Once the newcomer has
///   proved itself by a refresh, or the file has been removed, it does so no more.
struct LoginState {
    enum Action {
        /// Read the file, report with `fileRead`.
        case read
        /// Take the lock, look for recovery copies, read the file, report with `prepared`.
        case prepare
        /// Exchange the refresh token of these, report with `exchanged`. Unless `isUrgent`, nothing is to be asked when
        /// the answer can't be promised a place on disk.
        case ask(Tokens, isUrgent: Bool)
        /// Write these to the file, report with `saved`. `replacing`: what to put them into where the file has been
        /// damaged for good.
        case save(Tokens, replacing: AuthFile?)
        case releaseLock
        /// Recovery copies of what came of these refresh tokens are of no use any more, nor is any that holds nothing.
        case discardRecoveryCopies(of: Set<SHA256Digest>)
        /// After a rejection this may be the generation that was rejected: then it could not be healed.
        case publish(Credential)
        case withdraw(Unavailable)
        case report(CredentialReport)
    }

    enum Holding {
        case nothing(Unavailable.Reason)
        case apiKey(Secret)
        case tokens(Tokens)
    }

    enum Phase {
        case idle
        /// The lock is being taken and the file read again before asking; at `recheck` once more.
        case preparing(since: Timestamp, recheck: Timestamp?)
        case refreshing(asked: Tokens)
        /// Refused for good; until then the file may still bring what works.
        case settling(RefreshFailure, until: Timestamp, recheck: Timestamp)
        case backingOff(until: Timestamp)
        case dead(RefreshFailure)
    }

    enum Publication: Equatable {
        case credential(generation: UInt64)
        case unavailable(Unavailable)
    }

    /// Why a refresh that is due is put off.
    enum Obstacle: Equatable {
        /// The file belongs to another user: a rewrite would take it from them, and a refresh without one would leave
        /// them with a spent token.
        case foreign(owner: UInt32)
        /// The answer can't be promised a place on disk.
        case noRoom(String)
        /// What an earlier process left can't be looked into: it may be the answer to the token that is held.
        case unreadCopies
    }

    /// How the API took the tokens.
    struct Rejections {
        /// The held one has been rejected before.
        var isSeen = false
        /// Tokens that were rejected right after they had come, one after the other.
        var inRow = 0

        mutating func note(age: Duration, timing: LoginTiming) {
            guard !isSeen else { return }
            isSeen = true
            inRow = age < timing.promptRejection ? inRow + 1 : 0
        }
    }

    let timing: LoginTiming
    /// 0 ..< 1, for jitter.
    let random: () -> Double

    var holding = Holding.nothing(.notRead)
    var phase = Phase.idle
    /// What this process has made of the login in the file, where it has.
    var obtained: Obtained?
    /// What the file held, or should have, before it brought others: the latest last.
    var kept: [Obtained] = []
    /// What recovery copies were asked with that belong to no login that is known, and that this was said of.
    var leftovers: Set<SHA256Digest> = []
    /// The file as it was last when it could be used.
    var lastGood: AuthFile?
    /// Since when, and how, the file has been unusable while a login is held.
    var damage: (since: Timestamp, isReported: Bool)?
    /// When the refresh ahead of need is due.
    var refreshDue: Timestamp?
    /// Since when the held token is known.
    var heldSince = Timestamp(nanoseconds: 0)
    var generation: UInt64
    var published: Publication?
    /// The API has rejected the held token.
    var isRejected = false
    var rejections = Rejections()
    /// Attempts to refresh that failed in a row, and how the last one did.
    var failures = 0
    var lastFailure: RefreshFailure?
    var obstacle: Obstacle?
    /// How far the local clock is ahead of the server's, where that makes fresh tokens look expired.
    var clockSkew = Duration.zero

    /// `generation`: the one before the first that will be published.
    init(
        timing: LoginTiming = .standard, generation: UInt64 = 0, random: @escaping () -> Double
    ) {
        self.timing = timing
        self.generation = generation
        self.random = random
    }

    /// What `status` calls the state.
    enum Condition: String, Sendable { case absent, valid, refreshing, failing, dead }

    var condition: Condition {
        switch (holding, phase) {
        case (.nothing, _): .absent
        case (_, .preparing), (_, .refreshing), (_, .settling): failures > 0 ? .failing : .refreshing
        case (_, .backingOff): .failing
        case (_, .dead): .dead
        case (_, .idle): .valid
        }
    }

    /// When `timerFired` wants to be called; earlier does no harm.
    var wakeUp: Timestamp? {
        var moments: [Timestamp] = []
        switch phase {
        case .idle: if case .tokens = holding, let refreshDue { moments.append(refreshDue) }
        case .preparing(_, let recheck): if let recheck { moments.append(recheck) }
        case .settling(_, let until, let recheck): moments.append(min(until, recheck))
        case .backingOff(let until): moments.append(until)
        case .refreshing, .dead: break
        }
        if case .credential = published, case .tokens(let tokens) = holding, let expiry = localExpiry(of: tokens) {
            moments.append(expiry)
        }
        if let obtained, isUnsaved { moments.append(obtained.retry) }
        if let damage, !damage.isReported { moments.append(damage.since + timing.patience) }
        return moments.min()
    }

    /// `wakeUp` has come.
    mutating func timerFired(at now: Timestamp) -> [Action] {
        var actions = refreshTimer(at: now) + savingTimer(at: now)
        if let damage, !damage.isReported, damage.since + timing.patience <= now { actions.append(.read) }
        return actions + publication(at: now)
    }

    var isLoggedOut: Bool {
        if case .nothing(.loggedOut) = holding { true } else { false }
    }
}

/// The durations that the state machine goes by.
struct LoginTiming: Sendable {
    /// Before its expiry a token is refreshed when this, or a third of its life if that is less, is left. The Codex
    /// CLI refreshes five minutes before: that moment is stayed clear of.
    var margin = Duration.seconds(15 * 60)
    /// Age at which a token without expiry is refreshed, as the CLI does.
    var ageWithoutExpiry = Duration.seconds(8 * 86400)
    /// The margin grows by up to this part of it, at random: several OCMs on one login should not ask at once.
    var jitter = 0.1
    /// How long a file may be half-written, or another process be about to write, before that is taken for lasting.
    var patience = Duration.seconds(10)
    /// Between two looks at the file during `patience`.
    var recheck = Duration.milliseconds(250)
    var shortestBackoff = Duration.seconds(1)
    var longestBackoff = Duration.seconds(300)
    /// Before an expiry this near a refresh does not wait for a place to keep the answer.
    var urgency = Duration.seconds(60)
    /// A token that is rejected within this time after it came is not healed by another refresh either.
    var promptRejection = Duration.seconds(2)
    /// As often in a row it is tried nevertheless.
    var promptRejections = 3
    /// A clock that is further ahead is not what makes a fresh token look expired.
    var longestClockSkew = Duration.seconds(86400)
    /// A recovery copy that belongs to no login that is known stays for so long: that login may come back into the file.
    var longestLeftover = Duration.seconds(30 * 86400)
    /// `retry-after` while a file or a login is missing, seconds.
    var retryWithoutLogin = 10

    static let standard = LoginTiming()
}
