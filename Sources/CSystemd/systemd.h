// What a service says to the service manager and gets from it (sd-daemon(3)).
#pragma once

#include <systemd/sd-daemon.h>
