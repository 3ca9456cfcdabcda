#define _GNU_SOURCE
#include "CShims.h"

#include <sys/syscall.h>
#include <unistd.h>

// linux/landlock.h, of a newer kernel than the headers may be of.
struct ruleset {
    uint64_t files, network, scoped;
};
struct port_rule {
    uint64_t access, port;
} __attribute__((packed));
enum { VERSION = 1, RULE_NET_PORT = 2 };

int ocm_landlock_version(void) { return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION); }

int ocm_landlock_create(uint64_t files, uint64_t network, uint64_t scoped) {
    struct ruleset handled = {files, network, scoped};
    // An older kernel takes what it does not know of where it is zero.
    return (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
}

int ocm_landlock_allow_port(int ruleset, uint64_t access, uint16_t port) {
    struct port_rule rule = {access, port};
    return (int)syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0);
}

int ocm_landlock_restrict(int ruleset) { return (int)syscall(SYS_landlock_restrict_self, ruleset, 0); }
