// What the mock upstream and the load client share.

#ifndef SSEBENCH_H
#define SSEBENCH_H

#include <stddef.h>
#include <stdint.h>

// How the upstream answers each request.
struct upstream_options {
    uint16_t port;
    int events;            // deltas before response.completed
    int delta_bytes;       // length of each delta's text
    uint64_t interval_ns;  // between two events of a stream; 0: as fast as the peer reads
};

struct client_options {
    uint16_t port;
    int connections;
    double seconds;
    const char *token;
    int body_bytes;
};

_Noreturn void serve(struct upstream_options options);
void generate_load(struct client_options options);

// The lower-case letter a, `count` times; at most PADDING_MAX.
#define PADDING_MAX 4095
const char *padding(void);

uint64_t now_ns(void);
void make_nonblocking(int descriptor);
// Writes everything, waiting where the peer does not read. Returns -1 when the peer is gone.
int write_all(int descriptor, const char *bytes, size_t count);
_Noreturn void die(const char *what);

#endif
