// Filters of system calls (seccomp_init(3)).
#pragma once

#include <seccomp.h>
