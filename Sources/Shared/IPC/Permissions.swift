/// How far a worker has come, as both sides see it: decides which messages may come.
package enum WorkerState: String, CaseIterable, Sendable {
    /// Only the other side's hello may come.
    case started
    /// Not ready yet.
    case configuring
    /// Its supervisor was lost; it tells the next one what it has.
    case returning
    /// Ready: has or may get listeners.
    case serving
    /// Accepts no more.
    case draining
}

extension WorkerMessage.Kind {
    /// What the supervisor takes from a worker in each state; anything else is fatal for that worker.
    package static let permitted: [WorkerState: Set<WorkerMessage.Kind>] = [
        .started: [.hello],
        .configuring: [.ready],
        .returning: [.listener, .ready],
        .serving: [.usage, .credentialRejected, .resolve, .limits, .ready, .pong],
        .draining: [.usage, .credentialRejected, .resolve, .limits, .ready, .pong, .drained],
    ]
}

extension SupervisorMessage.Kind {
    /// What a worker takes from the supervisor in each state.
    package static let permitted: [WorkerState: Set<SupervisorMessage.Kind>] = [
        .started: [.hello],
        .configuring: [.configure],
        .serving: [.configure, .listen, .credential, .addresses, .acknowledge, .drain, .report, .log, .ping, .leave],
        .draining: [.configure, .credential, .addresses, .acknowledge, .drain, .report, .log, .ping, .leave],
    ]
}
