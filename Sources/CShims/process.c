#define _GNU_SOURCE
#include "CShims.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <string.h>
#include <unistd.h>

// Verified, because of what would follow from a change that has not happened (setresuid(2), setgroups(2)).
static int change_user(uid_t uid, gid_t gid) {
    uid_t user;
    gid_t group;
    if (setresgid(gid, gid, gid) < 0 || setgroups(0, NULL) < 0 || setresuid(uid, uid, uid) < 0)
        return -1;
    if (ocm_identity(&user, &group) < 0)
        return -1;
    errno = EPERM;
    return user == uid && group == gid && getgroups(0, NULL) == 0 ? 0 : -1;
}

static int limit_address_space(uint64_t bytes) {
    const struct rlimit limit = {bytes, bytes};
    return bytes ? setrlimit(RLIMIT_AS, &limit) : 0;
}

// Between fork and exec only async-signal-safe calls (signal-safety(7)).
static void become(const struct ocm_spawn_plan *plan, int *report, pid_t parent) {
    // Before anything that the path may lead through is changed, and before the change of user, who may not be able to
    // reach it; exec asks only the file itself.
    int program = open(plan->path, O_PATH | O_CLOEXEC);
    if (program < 0)
        return;
    // First above every target, so that no target overwrites a source that is still needed.
    int floor = 3;
    for (size_t i = 0; i < plan->descriptor_count; i++)
        if (plan->targets[i] >= floor)
            floor = plan->targets[i] + 1;
    int moved[OCM_SPAWN_DESCRIPTORS];
    if (plan->descriptor_count > OCM_SPAWN_DESCRIPTORS) {
        errno = EINVAL;
        return;
    }
    for (size_t i = 0; i < plan->descriptor_count; i++)
        if ((moved[i] = fcntl(plan->sources[i], F_DUPFD_CLOEXEC, floor)) < 0)
            return;
    int moved_report = fcntl(*report, F_DUPFD_CLOEXEC, floor);
    if (moved_report < 0)
        return;
    *report = moved_report;
    int moved_program = fcntl(program, F_DUPFD_CLOEXEC, floor);
    if (moved_program < 0)
        return;
    for (size_t i = 0; i < plan->descriptor_count; i++)
        if (dup2(moved[i], plan->targets[i]) < 0)
            return;
    if (syscall(SYS_close_range, floor, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
        return;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    // The bounding set while this process may; the others go with root or, from one ordinary user to another, afterwards.
    if (!plan->is_privileged && ocm_bound_capabilities(0) < 0)
        return;
    if (plan->uid != (uid_t)-1 && change_user(plan->uid, plan->gid) < 0)
        return;
    if (!plan->is_privileged && (ocm_keep_capabilities(0) < 0 || ocm_forbid_new_privileges() < 0))
        return;
    if (limit_address_space(plan->address_space) < 0)
        return;
    // Behind the change of user, which takes it back.
    if (plan->death_signal) {
        prctl(PR_SET_PDEATHSIG, plan->death_signal);
        if (getppid() != parent)
            _exit(127);
    }
    syscall(SYS_execveat, moved_program, "", plan->arguments, plan->environment, AT_EMPTY_PATH);
}

pid_t ocm_spawn(const struct ocm_spawn_plan *plan, int *pidfd) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0)
        return -1;
    // No signal may reach the child while its handlers are still the parent's.
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        become(plan, &report[1], parent);
        int failure = errno;
        ssize_t ignored = write(report[1], &failure, sizeof failure);
        (void)ignored;
        _exit(127);
    }
    int fork_errno = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    if (child < 0) {
        close(report[0]);
        errno = fork_errno;
        return -1;
    }
    int failure = 0;
    ssize_t got;
    do
        got = read(report[0], &failure, sizeof failure);
    while (got < 0 && errno == EINTR);
    close(report[0]);
    if (got == 0) {
        *pidfd = ocm_pidfd_open(child);
        if (*pidfd >= 0)
            return child;
        failure = errno;
        kill(child, SIGKILL);
    }
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
    errno = failure ? failure : EIO;
    return -1;
}

static int set_close_on_exec(const int *numbers, size_t count, int flags) {
    for (size_t i = 0; i < count; i++)
        if (fcntl(numbers[i], F_SETFD, flags) < 0)
            return -1;
    return 0;
}

int ocm_execute(const char *path, char *const *arguments, const char *variable, const int *kept, size_t count) {
    size_t variables = 0;
    while (environ[variables])
        variables++;
    const char **environment = malloc((variables + 2) * sizeof *environment);
    if (!environment)
        return -1;
    for (size_t i = 0; i < variables; i++)
        environment[i] = environ[i];
    environment[variables] = variable;
    environment[variables + 1] = NULL;
    if (set_close_on_exec(kept, count, 0) == 0)
        execve(path, arguments, (char *const *)environment);
    int failure = errno;
    set_close_on_exec(kept, count, FD_CLOEXEC);
    free(environment);
    errno = failure;
    return -1;
}

const char *ocm_signal_name(int signal) { return sigabbrev_np(signal); }

int ocm_open_program(const char *path) { return open(path, O_PATH | O_CLOEXEC); }

const char *ocm_executed_path(void) { return (const char *)getauxval(AT_EXECFN); }

int ocm_wait_pidfd(int pidfd, int *code, int *status) {
    siginfo_t info = {0};
    if (waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) < 0)
        return -1;
    if (info.si_pid == 0)
        return 0;
    *code = info.si_code;
    *status = info.si_status;
    return 1;
}

int ocm_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int ocm_pidfd_open(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

int ocm_signalfd(const int *signals, size_t count) {
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < count; i++)
        sigaddset(&set, signals[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -1;
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int ocm_forbid_dumps(void) {
    const struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) < 0)
        return -1;
    return prctl(PR_SET_DUMPABLE, 0);
}

void ocm_name_process(const char *name) { prctl(PR_SET_NAME, name); }

void ocm_ignore_write_signals(void) {
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}
