#include "CShims.h"

#include <stdio.h>
#include <stdlib.h>

// The runtime's hooks (swift/Runtime/ConcurrencyHooks.def); swiftcall is theirs.
typedef void __attribute__((swiftcall)) (*original)(void *job);
typedef void __attribute__((swiftcall)) (*hook)(void *job, original next);
extern hook swift_task_enqueueGlobal_hook;

static void __attribute__((swiftcall)) stray(void *job, original next) {
    (void)job;
    (void)next;
    fputs("a task left the event loop for the runtime's pool\n", stderr);
    abort();
}

void ocm_trap_stray_jobs(void) { swift_task_enqueueGlobal_hook = stray; }
