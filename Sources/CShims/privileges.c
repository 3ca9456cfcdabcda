#define _GNU_SOURCE
#include "CShims.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WORDS = _LINUX_CAPABILITY_U32S_3 };

struct sets {
    uint64_t effective, permitted, inheritable;
};

static int get(struct sets *sets) {
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[WORDS];
    if (syscall(SYS_capget, &head, data) < 0)
        return -1;
    sets->effective = data[0].effective | (uint64_t)data[1].effective << 32;
    sets->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
    sets->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
    return 0;
}

static int set(const struct sets *sets) {
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[WORDS] = {
        {(uint32_t)sets->effective, (uint32_t)sets->permitted, (uint32_t)sets->inheritable},
        {(uint32_t)(sets->effective >> 32), (uint32_t)(sets->permitted >> 32), (uint32_t)(sets->inheritable >> 32)},
    };
    return (int)syscall(SYS_capset, &head, data);
}

int ocm_bound_capabilities(uint64_t kept) {
    struct sets held;
    if (get(&held) < 0)
        return -1;
    if (!((held.effective >> CAP_SETPCAP) & 1))
        return 0;
    // The kernel answers EINVAL for numbers that it does not know.
    for (int number = 0; number < 64 && prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0; number++)
        if (!((kept >> number) & 1) && prctl(PR_CAPBSET_DROP, number, 0, 0, 0) < 0)
            return -1;
    return 0;
}

int ocm_keep_capabilities(uint64_t kept) {
    struct sets held;
    if (get(&held) < 0)
        return -1;
    // Not asked where there is nothing to give up: a service manager's filter may forbid it. What is ambient goes along.
    if ((held.permitted | held.inheritable) & ~kept) {
        struct sets rest = {held.effective & kept, held.permitted & kept, held.inheritable & kept};
        if (set(&rest) < 0 || get(&held) < 0)
            return -1;
    }
    errno = EPERM;
    return (held.effective | held.permitted | held.inheritable) & ~kept ? -1 : 0;
}

int ocm_capabilities(uint64_t *effective) {
    struct sets held;
    if (get(&held) < 0)
        return -1;
    *effective = held.effective;
    return 0;
}

int ocm_forbid_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

int ocm_identity(uid_t *user, gid_t *group) {
    uid_t users[3];
    gid_t groups[3];
    if (getresuid(&users[0], &users[1], &users[2]) < 0 || getresgid(&groups[0], &groups[1], &groups[2]) < 0)
        return -1;
    errno = EPERM;
    if (users[0] != users[1] || users[1] != users[2] || groups[0] != groups[1] || groups[1] != groups[2])
        return -1;
    *user = users[0];
    *group = groups[0];
    return 0;
}

void ocm_default_crash_signals(void) {
    static const int numbers[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGSEGV, SIGSYS, SIGTRAP};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        signal(numbers[i], SIG_DFL);
}
