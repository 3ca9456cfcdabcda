// What Swift can't see or can't say: macros of the system's headers, ancillary data, fork and exec.
#pragma once

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

// epoll (epoll(7)): the flags as plain numbers, and the packed event taken apart.
static const uint32_t OCM_EPOLLIN = EPOLLIN;
static const uint32_t OCM_EPOLLOUT = EPOLLOUT;
static const uint32_t OCM_EPOLLRDHUP = EPOLLRDHUP;
static const uint32_t OCM_EPOLLHUP = EPOLLHUP;
static const uint32_t OCM_EPOLLERR = EPOLLERR;
static const uint32_t OCM_EPOLLET = EPOLLET;
static const uint32_t OCM_EPOLLEXCLUSIVE = EPOLLEXCLUSIVE;

// epoll_ctl(2) with the 64-bit cookie.
int ocm_epoll_ctl(int epoll, int operation, int fd, uint32_t events, uint64_t cookie);
static inline uint32_t ocm_epoll_events(const struct epoll_event *event) { return event->events; }
static inline uint64_t ocm_epoll_cookie(const struct epoll_event *event) { return event->data.u64; }
// An epoll instance that tells whether a descriptor takes a byte, for ocm_has_room; -1 where that can't be watched.
int ocm_watch_room(int fd);
// 1 where a write would not wait at this moment.
int ocm_has_room(int watch);

// sendmsg(2) and recvmsg(2) of one packet with descriptors (SCM_RIGHTS, unix(7)).
// Both return the byte count or -1 with errno. Received descriptors are close-on-exec.
// *truncated is EMSGSIZE when the bytes did not fit, EMFILE when the descriptors did not, else 0; what did arrive of the
// descriptors is then closed.
ssize_t ocm_send_packet(int fd, const void *bytes, size_t count, const int *fds, size_t fd_count);
ssize_t ocm_receive_packet(int fd, void *bytes, size_t capacity, int *fds, size_t fd_capacity, size_t *fd_count, int *truncated);

// close(2) of a descriptor that came from a peer: a socket of its making that lingers (SO_LINGER, socket(7)) would hold
// this process up.
void ocm_close_foreign(int fd);

// Who is at the other end of a Unix socket (SO_PEERCRED, unix(7)): 0, or -1 with errno.
int ocm_peer_credentials(int fd, pid_t *process, uid_t *user, gid_t *group);
// The supplementary groups of who is there (SO_PEERGROUPS): how many there are, or -1 with errno. Where that is more than
// `capacity`, none is stored.
ssize_t ocm_peer_groups(int fd, gid_t *groups, size_t capacity);

// memfd_create(2), sealed against every change; -1 with errno.
int ocm_sealed_memfd(const char *name, const void *bytes, size_t count);
// The seals that ocm_sealed_memfd sets are all there: 1, else 0.
int ocm_is_sealed(int fd);

// A child made by fork and exec. In the child: descriptors sources[i] become targets[i] (everything above the highest
// target is closed; at most OCM_SPAWN_DESCRIPTORS), signals are unblocked and default, uid and gid change where they are
// not (uid_t)-1, all capabilities are given up where is_privileged is 0, no more than address_space bytes can be mapped
// where that is not 0 (RLIMIT_AS), and it dies with its parent where death_signal is not 0. Returns the pid and stores a
// pidfd (pidfd_open(2)), or -1 with errno of whichever step failed, exec included.
enum { OCM_SPAWN_DESCRIPTORS = 600 };
struct ocm_spawn_plan {
    const char *path;
    char *const *arguments;
    char *const *environment;
    const int *sources;
    const int *targets;
    size_t descriptor_count;
    uid_t uid;
    gid_t gid;
    int is_privileged;
    uint64_t address_space;
    int death_signal;
};
pid_t ocm_spawn(const struct ocm_spawn_plan *plan, int *pidfd);

// execve(2) with this process's environment and one more variable (NAME=value). The descriptors, which are close-on-exec,
// stay open in the new program, and are close-on-exec again where it could not be executed: then -1 with errno.
int ocm_execute(const char *path, char *const *arguments, const char *variable, const int *kept, size_t count);
// A descriptor of a program's file that can be executed and not read (O_PATH, open(2)), close-on-exec; -1 with errno.
int ocm_open_program(const char *path);
// The path by which this process's program was executed (AT_EXECFN, getauxval(3)); it may be relative.
const char *ocm_executed_path(void);

// What ps(1) calls this process (PR_SET_NAME, prctl(2)). Before Linux 6.14, a program that was executed by a descriptor has
// the descriptor's number for a name.
void ocm_name_process(const char *name);
// The name of a signal without its SIG, or NULL (sigabbrev_np(3)).
const char *ocm_signal_name(int signal);

// waitid(2) on a pidfd without blocking: 1 ended (*status as in wait(2): si_code and si_status), 0 not yet, -1 errno
// (ECHILD: it is no child of ours).
int ocm_wait_pidfd(int pidfd, int *code, int *status);
int ocm_pidfd_send_signal(int pidfd, int signal);
// pidfd_open(2), close-on-exec; -1 with errno.
int ocm_pidfd_open(pid_t process);

// How many columns a terminal has (TIOCGWINSZ, ioctl_tty(2)); 0 where it does not know, or is none.
static inline int ocm_terminal_columns(int fd) {
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

// sockaddr sizes and casts.
static inline struct sockaddr *ocm_sockaddr(struct sockaddr_storage *storage) { return (struct sockaddr *)storage; }

// accept4(2), non-blocking and close-on-exec.
int ocm_accept(int listener, struct sockaddr *address, socklen_t *length);

// Blocks the signals of the set for this thread and returns a signalfd(2) for them, non-blocking and close-on-exec.
int ocm_signalfd(const int *signals, size_t count);
void ocm_ignore_write_signals(void);

// What is in this process's memory gets into no core file (RLIMIT_CORE, and PR_SET_DUMPABLE of prctl(2) for where core
// files go to a program), and no other process of the same user may read or trace it. 0, or -1 with errno.
int ocm_forbid_dumps(void);

// Capabilities (capabilities(7)) as a set of bits. The first gives up all but `kept` in the bounding set, where this process
// may (CAP_SETPCAP), the second in the others, and looks that they are gone: 0, or -1 with errno. Async-signal-safe.
int ocm_bound_capabilities(uint64_t kept);
int ocm_keep_capabilities(uint64_t kept);
// Those that are in effect: 0, or -1 with errno.
int ocm_capabilities(uint64_t *effective);
// No program that this process executes gets more rights than it has (PR_SET_NO_NEW_PRIVS, prctl(2)): 0, or -1 with errno.
int ocm_forbid_new_privileges(void);
// User and group where the real, the effective and the saved ones are the same (getresuid(2)): 0, or -1 with errno.
int ocm_identity(uid_t *user, gid_t *group);
// A crash ends the process, and nothing else happens: Swift's runtime would write what was in its memory to the log.
void ocm_default_crash_signals(void);

// Landlock (landlock(7)). The version of its interface, or -1 with errno: ENOSYS and EOPNOTSUPP where there is none.
int ocm_landlock_version(void);
// A ruleset's descriptor, close-on-exec; a port that is allowed after all; the ruleset put into force. -1 with errno.
int ocm_landlock_create(uint64_t files, uint64_t network, uint64_t scoped);
int ocm_landlock_allow_port(int ruleset, uint64_t access, uint16_t port);
int ocm_landlock_restrict(int ruleset);

// What is behind a descriptor (fstat(2)), by a call that takes no path: st_mode and st_size, or -1 with errno.
int ocm_file_kind(int fd, mode_t *mode, int64_t *size);
// Closes all descriptors from one on (close_range(2)): 0, or -1 with errno.
int ocm_close_from(int first);

// Memory for secrets, zeroed: mmap(2) of its own pages, that neither core files nor children have (madvise(2),
// MADV_DONTDUMP and MADV_WIPEONFORK), nor, as far as RLIMIT_MEMLOCK goes, swap (mlock(2)). It is zeroed again when it
// is given back. `count` is not 0.
void *ocm_secret_allocate(size_t count);
void ocm_secret_release(void *memory, size_t count);

// O_TMPFILE-free constants that are macros with casts.
static inline int ocm_is_regular(mode_t mode) { return (mode & 0170000) == 0100000; }

// Aborts with a message when a job reaches the runtime's own pools (debug builds; the loop has one thread).
void ocm_trap_stray_jobs(void);

// The CPUs that this process may run on (sched_getaffinity(2)), at least 1.
int ocm_usable_processors(void);

// Has the file system set so many bytes aside for the file, whose size stays (fallocate(2)): 0, or -1 with errno. File
// systems that can't promise count as having done so.
int ocm_reserve(int fd, size_t count);

// Renames a file to a name that must be free (renameat2(2), or link(2) where the file system does not know that): 0, or -1
// with errno, EEXIST where the name is taken.
int ocm_rename_new(const char *from, const char *to);

// Buffers from 256 KiB on live in mappings of their own, and go back to the system when they are freed (mallopt(3)). glibc
// stops doing so by itself once it has seen large ones freed.
void ocm_return_large_buffers(void);

// Gives back what is free within the heap too (malloc_trim(3)): milliseconds, for after a flood.
void ocm_return_free_memory(void);

// Asynchronous I/O of the kernel (io_setup(2), io_submit(2), io_getevents(2)), of which glibc has no part.
// A context for so many operations, and a descriptor that is readable when one has ended (eventfd(2), non-blocking and
// close-on-exec), or -1 with errno.
int ocm_aio_setup(unsigned capacity, uint64_t *context);
// Starts fsync(2) and returns. 0, or -1 with errno.
int ocm_aio_synchronize(uint64_t context, int fd, int eventfd, uint64_t cookie);
// An operation that has ended, and its result (0, or -errno): 1, or 0 where there is none. Does not wait.
int ocm_aio_completed(uint64_t context, uint64_t *cookie, int64_t *result);

// The journal (systemd.io/JOURNAL_NATIVE_PROTOCOL): a datagram socket that is connected to it, close-on-exec, or -1 with
// errno; the same socket connected anew; and records, each of which ends where `ends` says: how many it has taken, without
// waiting.
int ocm_journal_open(void);
int ocm_journal_connect(int fd);
size_t ocm_journal_send(int fd, const void *bytes, const size_t *ends, size_t count);
