internal import Glibc

extension PermittedCall {
    /// What a worker does from its first listener to its end. A test watches one and fails where it does something else, or
    /// where something is here that it never does.
    static let all = connections + sockets + supervisor + memory + process

    /// Bytes, and waiting for them. With an address sendto(2) and sendmsg(2) would reach others; the filter sees the one of the
    /// former, and of the latter at least MSG_FASTOPEN, which makes a connection past Landlock.
    private static let connections = [
        PermittedCall("recvfrom"),
        PermittedCall("sendto", .argumentWithout(3, bits: ~sending), .argument(4, is: 0)),
        PermittedCall("sendmsg", .argumentWithout(2, bits: ~sending)),
        PermittedCall("close"),
        PermittedCall("shutdown"),
        PermittedCall("accept4"),
        PermittedCall("epoll_wait"),
        PermittedCall("epoll_pwait"),
        PermittedCall("epoll_ctl"),
    ]

    /// TCP, and no other kind of socket. No port is bound, and none listened on. Of IPPROTO_MPTCP Landlock knows nothing:
    /// the protocol is the default.
    private static let sockets = [
        PermittedCall(
            "socket", .argument(0, is: UInt64(AF_INET)), .argument(1, is: stream), .argument(2, is: 0)),
        PermittedCall(
            "socket", .argument(0, is: UInt64(AF_INET6)), .argument(1, is: stream), .argument(2, is: 0)),
        // Not the length of a Unix socket's address that is as long as ours are.
        PermittedCall("connect", .argument(2, is: UInt64(MemoryLayout<sockaddr_in>.size))),
        PermittedCall("connect", .argument(2, is: UInt64(MemoryLayout<sockaddr_in6>.size))),
        PermittedCall("getsockopt", .argument(1, is: UInt64(SOL_SOCKET))),
        PermittedCall("setsockopt", .argument(1, is: UInt64(SOL_SOCKET)), .argument(2, is: UInt64(SO_LINGER))),
        PermittedCall("setsockopt", .argument(1, is: UInt64(IPPROTO_TCP)), .argument(2, is: UInt64(TCP_NODELAY))),
        PermittedCall(
            "setsockopt", .argument(1, is: UInt64(IPPROTO_TCP)), .argument(2, is: UInt64(TCP_NOTSENT_LOWAT))),
    ]

    /// The channel, the log and the journal.
    private static let supervisor = [
        PermittedCall("recvmsg"),
        PermittedCall("sendmmsg", .argumentWithout(3, bits: ~sending)),
        PermittedCall("write"),
        PermittedCall("memfd_create", .argument(1, is: sealable)),
        PermittedCall("pread64"),
        PermittedCall("fstat"),
        PermittedCall("fcntl", .argument(1, is: UInt64(F_DUPFD_CLOEXEC))),
        PermittedCall("fcntl", .argument(1, is: getSeals)),
        PermittedCall("fcntl", .argument(1, is: addSeals)),
        PermittedCall("dup2", .argument(1, is: UInt64(STDERR_FILENO))),
        PermittedCall("dup3", .argument(1, is: UInt64(STDERR_FILENO))),
    ]

    /// Memory of its own, never to be executed, never of a file.
    private static let memory = [
        PermittedCall("brk"),
        PermittedCall(
            "mmap", .argumentWithout(2, bits: UInt64(PROT_EXEC)), .number(4, is: -1)),
        PermittedCall("mprotect", .argumentWithout(2, bits: UInt64(PROT_EXEC))),
        PermittedCall("mremap"),
        PermittedCall("munmap"),
        PermittedCall("madvise", .argument(2, is: UInt64(MADV_DONTNEED))),
    ]

    /// Itself. Of the calls that end it, those of abort(3) are allowed so that its end says why.
    private static let process = [
        PermittedCall("getpid"),
        PermittedCall("gettid"),
        PermittedCall("getrandom"),
        PermittedCall("clock_gettime"),
        PermittedCall("gettimeofday"),
        // Its own limits, to be read: how many descriptors there are.
        PermittedCall("prlimit64", .argument(0, is: 0), .argument(2, is: 0)),
        // How much memory the machine has: qsort(3) asks, when certificates are sorted.
        PermittedCall("sysinfo"),
        // Waking those who wait for something that is made once, of whom there is nobody.
        PermittedCall("futex", .argument(1, is: wakePrivate)),
        PermittedCall("rt_sigprocmask"),
        PermittedCall("rt_sigreturn"),
        PermittedCall("tgkill", .argument(0, is: UInt64(getpid())), .argument(2, is: UInt64(SIGABRT))),
        PermittedCall("restart_syscall"),
        PermittedCall("exit_group"),
    ]

    private static let stream = UInt64(
        SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    private static let sending = UInt64(MSG_DONTWAIT | MSG_NOSIGNAL)
    /// memfd_create(2): MFD_CLOEXEC and MFD_ALLOW_SEALING.
    private static let sealable: UInt64 = 1 | 2
    /// fcntl(2): F_ADD_SEALS and F_GET_SEALS, which lie beyond F_LINUX_SPECIFIC_BASE.
    private static let addSeals: UInt64 = 1033
    private static let getSeals: UInt64 = 1034
    /// futex(2): FUTEX_WAKE with FUTEX_PRIVATE_FLAG.
    private static let wakePrivate: UInt64 = 1 | 128
}
