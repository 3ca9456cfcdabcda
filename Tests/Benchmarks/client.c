// The load client: a fixed number of connections, each sending its next request when the answer before is complete.
// Counts requests and events, and takes the time from an event's writing upstream to its reading here.

#define _GNU_SOURCE
#include "ssebench.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define LATENCIES_MAX 20000000
#define READ_MAX (1 << 20)

static const char timestamp_key[] = "\"ts\":";

enum state { STATUS_LINE, FIELDS, CHUNK_SIZE, CHUNK_DATA, AFTER_CHUNK, LAST_LINE, SIZED_BODY };

struct connection {
    int descriptor;
    enum state state;
    char line[64];
    size_t line_bytes;
    int chunked;
    long remaining;        // of the chunk, or of the body with a Content-Length
    int key_matched;       // letters of timestamp_key seen so far
    char timestamp[24];
    int timestamp_digits;  // -1 outside a timestamp
};

static uint32_t *latencies;  // tenths of a microsecond
static size_t latency_count;
static long requests, events, errors;
static char *request;
static size_t request_bytes;

static void send_request(struct connection *connection) {
    connection->state = STATUS_LINE;
    connection->line_bytes = 0;
    connection->chunked = 0;
    connection->remaining = 0;
    connection->key_matched = 0;
    connection->timestamp_digits = -1;
    if (write_all(connection->descriptor, request, request_bytes))
        errors++;
}

static void take_timestamp(struct connection *connection, uint64_t now) {
    connection->timestamp[connection->timestamp_digits] = 0;
    uint64_t written = strtoull(connection->timestamp, NULL, 10);
    events++;
    if (written && now > written && latency_count < LATENCIES_MAX) {
        uint64_t tenths = (now - written) / 100;
        latencies[latency_count++] = tenths > UINT32_MAX ? UINT32_MAX : (uint32_t)tenths;
    }
    connection->timestamp_digits = -1;
    connection->key_matched = 0;
}

static void scan_body_byte(struct connection *connection, char byte, uint64_t now) {
    if (connection->timestamp_digits >= 0) {
        if (byte >= '0' && byte <= '9' && connection->timestamp_digits < (int)sizeof connection->timestamp - 1)
            connection->timestamp[connection->timestamp_digits++] = byte;
        else
            take_timestamp(connection, now);
    } else if (byte == timestamp_key[connection->key_matched]) {
        if (++connection->key_matched == (int)sizeof timestamp_key - 1)
            connection->timestamp_digits = 0;
    } else {
        connection->key_matched = byte == '"';
    }
}

// A whole line of head or framing. Returns 1 when the response ends with it.
static int take_line(struct connection *connection) {
    const char *line = connection->line;
    switch (connection->state) {
    case STATUS_LINE:
        if (strncmp(line, "HTTP/1.1 200", 12)) {
            if (++errors < 5)
                fprintf(stderr, "unexpected answer: %s\n", line);
        }
        connection->state = FIELDS;
        return 0;
    case FIELDS:
        if (!strncasecmp(line, "transfer-encoding:", 18))
            connection->chunked = 1;
        else if (!strncasecmp(line, "content-length:", 15))
            connection->remaining = atol(line + 15);
        else if (!*line && connection->chunked)
            connection->state = CHUNK_SIZE;
        else if (!*line)
            connection->state = SIZED_BODY;
        return connection->state == SIZED_BODY && connection->remaining == 0;
    case CHUNK_SIZE:
        connection->remaining = strtol(line, NULL, 16);
        connection->state = connection->remaining ? CHUNK_DATA : LAST_LINE;
        return 0;
    case AFTER_CHUNK:
        connection->state = CHUNK_SIZE;
        return 0;
    default:
        return 1;
    }
}

// Returns 1 when the bytes complete the response.
static int take_bytes(struct connection *connection, const char *bytes, size_t count, uint64_t now) {
    for (size_t i = 0; i < count; i++) {
        if (connection->state == CHUNK_DATA || connection->state == SIZED_BODY) {
            scan_body_byte(connection, bytes[i], now);
            if (--connection->remaining > 0)
                continue;
            if (connection->state == SIZED_BODY)
                return 1;
            connection->state = AFTER_CHUNK;
        } else if (bytes[i] == '\n') {
            connection->line[connection->line_bytes] = 0;
            connection->line_bytes = 0;
            if (take_line(connection))
                return 1;
        } else if (bytes[i] != '\r' && connection->line_bytes < sizeof connection->line - 1) {
            connection->line[connection->line_bytes++] = bytes[i];
        }
    }
    return 0;
}

static void make_request(const struct client_options *options) {
    char *body = malloc((size_t)options->body_bytes + 128);
    int bytes = sprintf(body, "{\"model\":\"gpt-5.3-codex\",\"stream\":true,\"input\":\"");
    memset(body + bytes, 'x', (size_t)options->body_bytes);
    bytes += options->body_bytes;
    bytes += sprintf(body + bytes, "\"}");
    request_bytes = (size_t)asprintf(&request,
                                     "POST /v1/responses HTTP/1.1\r\n"
                                     "Host: 127.0.0.1:%d\r\n"
                                     "Authorization: Bearer %s\r\n"
                                     "Content-Type: application/json\r\n"
                                     "Accept: text/event-stream\r\n"
                                     "User-Agent: codex_cli_rs/0.163.0\r\n"
                                     "originator: codex_cli_rs\r\n"
                                     "session_id: 0199\r\n"
                                     "Content-Length: %d\r\n"
                                     "\r\n"
                                     "%s",
                                     options->port, options->token, bytes, body);
    free(body);
}

static int connect_to(uint16_t port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address))
        die("connect");
    make_nonblocking(descriptor);
    return descriptor;
}

static int ascending(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static double percentile(double share) {
    return latency_count ? latencies[(size_t)((double)(latency_count - 1) * share)] / 10.0 : 0;
}

static void read_answer(struct connection *connection, char *buffer) {
    ssize_t count = read(connection->descriptor, buffer, READ_MAX);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0) {
        if (++errors < 5)
            fprintf(stderr, "connection closed\n");
        close(connection->descriptor);
    } else if (take_bytes(connection, buffer, (size_t)count, now_ns())) {
        requests++;
        send_request(connection);
    }
}

void generate_load(struct client_options options) {
    latencies = malloc(LATENCIES_MAX * sizeof *latencies);
    char *buffer = malloc(READ_MAX);
    make_request(&options);
    int poller = epoll_create1(0);
    for (int i = 0; i < options.connections; i++) {
        struct connection *connection = calloc(1, sizeof *connection);
        connection->descriptor = connect_to(options.port);
        struct epoll_event interest = {.events = EPOLLIN, .data.ptr = connection};
        epoll_ctl(poller, EPOLL_CTL_ADD, connection->descriptor, &interest);
        send_request(connection);
    }
    const uint64_t start = now_ns(), end = start + (uint64_t)(options.seconds * 1e9);
    while (now_ns() < end) {
        struct epoll_event ready[512];
        int count = epoll_wait(poller, ready, 512, 100);
        for (int i = 0; i < count; i++)
            read_answer(ready[i].data.ptr, buffer);
    }
    const double elapsed = (double)(now_ns() - start) / 1e9;
    qsort(latencies, latency_count, sizeof *latencies, ascending);
    printf("requests %ld rate %.0f events %ld errors %ld p50 %.1f p99 %.1f\n", requests, (double)requests / elapsed, events,
           errors, percentile(.5), percentile(.99));
}
