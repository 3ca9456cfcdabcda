// What somebody would try who executes code in a worker.
//
// As a shared object, it is the backdoor of a worker: loaded with the program, it looks at what clients send, and obeys the
// first `x-ocm-probe: NAME ARGUMENT` of each read, in the worker's process and so with the worker's rights. As a program
// (-DALONE), it does the same with the rights of whoever starts it.
//
// Either way it says on standard error that it begins, and how it went, if it comes to that.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRY(NAME) static long try_##NAME(const char *argument)
#define NOTHING (void)argument
#define raw(...) syscall(__VA_ARGS__)

static int number(const char *argument) { return atoi(argument); }

// Files.
TRY(open_file) { return raw(SYS_openat, AT_FDCWD, argument, O_RDONLY); }
TRY(open_file_2) {
    uint64_t how[3] = {O_RDONLY, 0, 0};
    return raw(SYS_openat2, AT_FDCWD, argument, how, sizeof how);
}
TRY(write_file) { return raw(SYS_openat, AT_FDCWD, argument, O_WRONLY | O_CREAT, 0600); }
TRY(look_at_file) {
    struct stat status;
    return raw(SYS_newfstatat, AT_FDCWD, argument, &status, 0);
}
TRY(read_link) {
    char name[256];
    return raw(SYS_readlinkat, AT_FDCWD, argument, name, sizeof name);
}
TRY(change_directory) { return chdir(argument); }
TRY(list_directory) {
    char entries[4096];
    int fd = (int)raw(SYS_openat, AT_FDCWD, argument, O_RDONLY | O_DIRECTORY);
    return fd < 0 ? -1 : raw(SYS_getdents64, fd, entries, sizeof entries);
}

// Other processes.
TRY(signal) { return kill(number(argument), 0); }
TRY(abort_other) { return raw(SYS_tgkill, number(argument), number(argument), SIGABRT); }
TRY(pidfd) { return raw(SYS_pidfd_open, number(argument), 0); }
TRY(trace) {
    long result = ptrace(PTRACE_SEIZE, number(argument), NULL, NULL);
    if (result == 0)
        ptrace(PTRACE_DETACH, number(argument), NULL, NULL);
    return result;
}
TRY(read_memory) {
    char byte;
    struct iovec own = {&byte, 1}, other = {(void *)0x1000, 1};
    // The address is nothing of theirs: what counts is whether the question is allowed.
    ssize_t got = process_vm_readv(number(argument), &own, 1, &other, 1, 0);
    return got < 0 && errno == EFAULT ? 0 : got;
}

// Programs and threads.
TRY(execute) {
    char *const arguments[] = {(char *)argument, NULL};
#ifdef ALONE
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(execve(argument, arguments, NULL) < 0 ? errno : 0);
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
#else
    return execve(argument, arguments, NULL);
#endif
}
TRY(execute_memory) {
    NOTHING;
    int fd = memfd_create("probe", 0);
    if (fd < 0 || write(fd, "#!/bin/true\n", 12) != 12)
        return -1;
#ifdef ALONE
    return fcntl(fd, F_GETFD);
#else
    char *const arguments[] = {"probe", NULL};
    return raw(SYS_execveat, fd, "", arguments, NULL, AT_EMPTY_PATH);
#endif
}
TRY(fork) {
    NOTHING;
    pid_t child = (pid_t)raw(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);
    if (child == 0)
        _exit(0);
    return child;
}
TRY(clone) {
    NOTHING;
    uint64_t arguments[8] = {0, 0, 0, 0, SIGCHLD};
    pid_t child = (pid_t)raw(SYS_clone3, arguments, sizeof arguments);
    if (child == 0)
        _exit(0);
    return child;
}
static void *nothing(void *argument) { return argument; }
TRY(thread) {
    NOTHING;
    pthread_t thread;
    return (errno = pthread_create(&thread, NULL, nothing, NULL)) ? -1 : 0;
}
TRY(map_code) {
    NOTHING;
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? -1 : 0;
}
TRY(make_code) {
    NOTHING;
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? -1 : mprotect(memory, 4096, PROT_READ | PROT_EXEC);
}

// The network.
static struct sockaddr_in local(int port) {
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
}
static int tcp(void) { return socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }
TRY(connect) {
    struct sockaddr_in address = local(number(argument));
    long result = connect(tcp(), (struct sockaddr *)&address, sizeof address);
    return result < 0 && errno == EINPROGRESS ? 0 : result;
}
TRY(connect_fast) {
    struct sockaddr_in address = local(number(argument));
    long result = sendto(tcp(), "x", 1, MSG_FASTOPEN | MSG_DONTWAIT, (struct sockaddr *)&address, sizeof address);
    return result < 0 && errno == EINPROGRESS ? 0 : result;
}
TRY(multipath) { NOTHING; return socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 262 /* IPPROTO_MPTCP */); }
TRY(bind) {
    NOTHING;
    struct sockaddr_in address = local(0);
    return bind(tcp(), (struct sockaddr *)&address, sizeof address);
}
TRY(listen) { NOTHING; return listen(tcp(), 1); }
TRY(udp) { NOTHING; return socket(AF_INET, SOCK_DGRAM, 0); }
TRY(raw_socket) { NOTHING; return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP); }
TRY(packet_socket) { NOTHING; return socket(AF_PACKET, SOCK_RAW, 0); }
TRY(netlink) { NOTHING; return socket(AF_NETLINK, SOCK_RAW, 0); }
static struct sockaddr_un place(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    return address;
}
TRY(unix_socket) {
    struct sockaddr_un address = place(argument);
    return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address);
}
TRY(redirect_channel) {
    struct sockaddr_un address = place(argument);
#ifdef ALONE
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
#else
    int fd = 3;
#endif
    return connect(fd, (struct sockaddr *)&address, sizeof address);
}
TRY(socket_option) {
    NOTHING;
    int value = 1;
    return setsockopt(tcp(), SOL_SOCKET, SO_REUSEPORT, &value, sizeof value);
}

// The kernel.
TRY(io_uring) {
    NOTHING;
    uint32_t parameters[30] = {0};
    return raw(SYS_io_uring_setup, 1, parameters);
}
TRY(bpf) {
    NOTHING;
    uint32_t map[18] = {2 /* BPF_MAP_TYPE_ARRAY */, 4, 4, 1};
    return raw(SYS_bpf, 0 /* BPF_MAP_CREATE */, map, sizeof map);
}
TRY(userfaultfd) { NOTHING; return raw(SYS_userfaultfd, O_CLOEXEC); }
TRY(perf_event) {
    NOTHING;
    uint32_t event[32] = {1 /* PERF_TYPE_SOFTWARE */, sizeof event};
    return raw(SYS_perf_event_open, event, 0, -1, -1, 0);
}
TRY(keyring) { NOTHING; return raw(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -3 /* KEY_SPEC_SESSION_KEYRING */, 1); }
TRY(mount) { return mount("none", argument, "tmpfs", 0, NULL) == 0 ? umount2(argument, MNT_DETACH) : -1; }
TRY(unshare) { NOTHING; return unshare(CLONE_NEWUSER); }
TRY(chroot) { return chroot(argument); }
TRY(become_root) { NOTHING; return setuid(0); }
TRY(capabilities) {
    NOTHING;
    uint32_t head[2] = {0x20080522, 0}, sets[6];
    return raw(SYS_capget, head, sets) < 0 ? -1 : raw(SYS_capset, head, sets);
}
TRY(dumpable) { NOTHING; return prctl(PR_SET_DUMPABLE, 1); }
TRY(other_filter) { NOTHING; return raw(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &(uint32_t){SECCOMP_RET_ALLOW}); }
TRY(raise_limit) {
    NOTHING;
    struct rlimit limit;
    return getrlimit(RLIMIT_CORE, &limit) < 0 ? -1 : setrlimit(RLIMIT_CORE, &limit);
}
TRY(terminal) {
    // Typing for whoever sits at the terminal of the log; that it is none is an answer too.
    NOTHING;
    long result = ioctl(STDERR_FILENO, TIOCSTI, "x");
    return result < 0 && errno == ENOTTY ? 0 : result;
}

// The supervisor: a packet in hexadecimal digits on the channel.
TRY(message) {
    uint8_t packet[512];
    size_t count = 0;
    for (unsigned byte; count < sizeof packet && sscanf(argument + 2 * count, "%2x", &byte) == 1; count++)
        packet[count] = (uint8_t)byte;
    return sendto(3, packet, count, MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
}

static const struct {
    const char *name;
    long (*try)(const char *);
} tries[] = {
#define NAMED(NAME) {#NAME, try_##NAME}
    NAMED(open_file), NAMED(open_file_2), NAMED(write_file), NAMED(look_at_file), NAMED(read_link),
    NAMED(change_directory), NAMED(list_directory),
    NAMED(signal), NAMED(abort_other), NAMED(pidfd), NAMED(trace), NAMED(read_memory),
    NAMED(execute), NAMED(execute_memory), NAMED(fork), NAMED(clone), NAMED(thread), NAMED(map_code), NAMED(make_code),
    NAMED(connect), NAMED(connect_fast), NAMED(multipath), NAMED(bind), NAMED(listen), NAMED(udp), NAMED(raw_socket),
    NAMED(packet_socket), NAMED(netlink), NAMED(unix_socket), NAMED(redirect_channel), NAMED(socket_option),
    NAMED(io_uring), NAMED(bpf), NAMED(userfaultfd), NAMED(perf_event), NAMED(keyring), NAMED(mount), NAMED(unshare),
    NAMED(chroot), NAMED(become_root), NAMED(capabilities), NAMED(dumpable), NAMED(other_filter), NAMED(raise_limit),
    NAMED(terminal), NAMED(message),
};

static void say(const char *name, const char *how) {
    char line[256];
    int count = snprintf(line, sizeof line, "probe %s %s in %d\n", name, how, (int)getpid());
    ssize_t ignored = write(STDERR_FILENO, line, (size_t)count);
    (void)ignored;
}

static void obey(const char *name, const char *argument) {
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        if (strcmp(tries[i].name, name) != 0)
            continue;
        say(name, "begins");
        errno = 0;
        long result = tries[i].try(argument);
        say(name, result < 0 ? strerrorname_np(errno) : "succeeds");
        return;
    }
    say(name, "is unknown");
}

#ifdef ALONE

int main(int count, char **arguments) {
    if (count == 3)
        obey(arguments[1], arguments[2]);
    return count == 3 ? 0 : 64;
}

#else

// In the place of libc's.
ssize_t recv(int fd, void *bytes, size_t capacity, int flags) {
    static const char field[] = "x-ocm-probe: ";
    ssize_t count = raw(SYS_recvfrom, fd, bytes, capacity, flags, NULL, NULL);
    if (count <= 0)
        return count;
    const char *order = memmem(bytes, (size_t)count, field, sizeof field - 1);
    if (!order)
        return count;
    char text[1024] = "";
    order += sizeof field - 1;
    const char *end = memmem(order, (size_t)((char *)bytes + count - order), "\r\n", 2);
    if (end && (size_t)(end - order) < sizeof text) {
        memcpy(text, order, (size_t)(end - order));
        char *argument = strchr(text, ' ');
        if (argument)
            *argument++ = '\0';
        int saved = errno;
        obey(text, argument ? argument : "");
        errno = saved;
    }
    return count;
}

#endif
