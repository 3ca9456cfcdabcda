/// What a supervisor leaves to the program that it executes in its own place, and before that to the trial of it: which
/// descriptor is what, and what can't be found out from files.
///
/// The login and the usage are not in it. They are on disk, and an upgrade waits until they are.
struct Handover: Equatable, Sendable {
    struct Listener: Equatable, Sendable {
        let service: String
        /// Whether the service manager has opened it (socket activation).
        var isActivated = false
        let descriptor: Int32
    }

    struct AdminSocket: Equatable, Sendable {
        let path: String
        /// Of the socket's file: what no other file of that name has.
        let device: UInt64
        let inode: UInt64
        let descriptor: Int32
    }

    /// Of the program that hands over.
    var version: String
    /// Which attempt it is since the process began, and when it was asked for.
    var number: UInt32
    var begun: Timestamp
    /// When the process was started, which it was once.
    var started: Timestamp
    /// Where the programs before keep what must be found again; an upgrade can't change it.
    var stateDirectory: String
    var listeners: [Listener] = []
    var adminSocket: AdminSocket?
    /// The directory where workers are found again, open and locked.
    var rendezvous: Int32?
    /// Children that are still to be reaped.
    var children: [Int32] = []
    /// Descriptors that this version has no use for, and has to close: a newer one may hand over more.
    var unknown: [Int32] = []

    /// All descriptors that are handed over.
    var descriptors: [Int32] {
        listeners.map(\.descriptor) + [adminSocket?.descriptor, rendezvous].compactMap { $0 } + unknown
    }
}
