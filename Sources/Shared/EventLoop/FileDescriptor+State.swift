internal import Glibc

extension FileDescriptor {
    /// Whether the other side of a connection has ended (POLLHUP, poll(2)).
    package var isHungUp: Bool {
        var query = pollfd(fd: number, events: 0, revents: 0)
        return unsafe poll(&query, 1, 0) > 0 && query.revents & Int16(POLLHUP | POLLERR) != 0
    }
}
