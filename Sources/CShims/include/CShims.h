#pragma once
// What Swift can't see or can't say: macros of the system's headers, ancillary data, fork and exec.
