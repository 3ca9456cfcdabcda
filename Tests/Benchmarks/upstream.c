// The mock upstream: reads a request, answers with a stream of events, keeps the connection for the next one.
// Each delta carries the moment at which it was written, so that the client sees what its way took.

#define _GNU_SOURCE
#include "ssebench.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_MAX 65536

static const char response_head[] =
    "HTTP/1.1 200 OK\r\n"
    "content-type: text/event-stream\r\n"
    "transfer-encoding: chunked\r\n"
    "x-codex-primary-used-percent: 12\r\n"
    "x-codex-secondary-window-minutes: 10080\r\n"
    "x-codex-secondary-reset-at: 1780000000\r\n"
    "openai-model: gpt-5.3-codex\r\n"
    "x-request-id: req_1\r\n"
    "\r\n";

struct stream {
    int descriptor;
    char *input;
    size_t input_bytes;
    long body_missing;  // bytes of the request's body that are still to come
    int sent;           // events of this response
    uint64_t due;       // when the next event is
    int answering;      // on the list of streams that are being answered
    int gone;
    struct stream *next;
};

static struct upstream_options options;
static struct stream *answering;

static int write_chunk(int descriptor, const char *event, int event_bytes, const char *after) {
    static char chunk[3 * PADDING_MAX];
    int bytes = snprintf(chunk, sizeof chunk, "%x\r\n%.*s\r\n%s", event_bytes, event_bytes, event, after);
    return write_all(descriptor, chunk, (size_t)bytes);
}

// Sends the next event. Returns 0 after the last one, or when the peer is gone.
static int send_event(struct stream *stream) {
    static char event[2 * PADDING_MAX];
    if (stream->sent < options.events) {
        int bytes = snprintf(event, sizeof event,
                             "event: response.output_text.delta\n"
                             "data: {\"type\":\"response.output_text.delta\",\"sequence_number\":%d,\"item_id\":\"msg_1\","
                             "\"output_index\":0,\"content_index\":0,\"delta\":\"%.*s\",\"ts\":%llu}\n\n",
                             stream->sent, options.delta_bytes, padding(), (unsigned long long)now_ns());
        stream->sent++;
        return write_chunk(stream->descriptor, event, bytes, "") == 0;
    }
    int bytes = snprintf(event, sizeof event,
                         "event: response.completed\n"
                         "data: {\"type\":\"response.completed\",\"sequence_number\":%d,\"response\":{\"id\":\"resp_1\","
                         "\"object\":\"response\",\"model\":\"gpt-5.3-codex\",\"service_tier\":\"default\","
                         "\"status\":\"completed\",\"output\":[{\"type\":\"message\",\"content\":"
                         "[{\"type\":\"output_text\",\"text\":\"%.*s\"}]}],\"usage\":{\"input_tokens\":1000,"
                         "\"input_tokens_details\":{\"cached_tokens\":400},\"output_tokens\":200,"
                         "\"output_tokens_details\":{\"reasoning_tokens\":50},\"total_tokens\":1200}}}\n\n",
                         stream->sent, 1500, padding());
    write_chunk(stream->descriptor, event, bytes, "0\r\n\r\n");
    return 0;
}

static void start_answer(struct stream *stream) {
    if (write_all(stream->descriptor, response_head, sizeof response_head - 1))
        return;
    stream->sent = 0;
    stream->due = now_ns();
    if (stream->answering)
        return;
    stream->answering = 1;
    stream->next = answering;
    answering = stream;
}

// Reads what is there and starts the answer once a request is complete. Requests come one at a
// time, with Content-Length.
static void read_request(struct stream *stream) {
    ssize_t count = read(stream->descriptor, stream->input + stream->input_bytes, HEAD_MAX - 1 - stream->input_bytes);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0) {
        close(stream->descriptor);
        stream->gone = 1;
        free(stream->input);
        if (!stream->answering)
            free(stream);
        return;
    }
    if (stream->body_missing > 0) {
        stream->body_missing -= count;
    } else {
        stream->input_bytes += (size_t)count;
        stream->input[stream->input_bytes] = 0;
        char *end = strstr(stream->input, "\r\n\r\n");
        if (!end)
            return;
        char *body = end + 4;
        size_t body_bytes = (size_t)(stream->input + stream->input_bytes - body);
        char *length = strcasestr(stream->input, "\r\ncontent-length:");
        if (!length || length > end) {
            fprintf(stderr, "upstream: a request without Content-Length\n");
            exit(1);
        }
        stream->body_missing = atol(length + 17) - (long)body_bytes;
        stream->input_bytes = 0;
    }
    if (stream->body_missing <= 0) {
        stream->body_missing = 0;
        start_answer(stream);
    }
}

static void accept_all(int listener, int poller) {
    int descriptor;
    while ((descriptor = accept(listener, NULL, NULL)) >= 0) {
        make_nonblocking(descriptor);
        struct stream *stream = calloc(1, sizeof *stream);
        stream->descriptor = descriptor;
        stream->input = malloc(HEAD_MAX);
        struct epoll_event interest = {.events = EPOLLIN, .data.ptr = stream};
        epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &interest);
    }
}

// Sends what is due; ended streams leave the list.
static void send_due_events(void) {
    const uint64_t now = now_ns();
    struct stream **place = &answering;
    while (*place) {
        struct stream *stream = *place;
        int goes_on = !stream->gone;
        if (goes_on && (options.interval_ns == 0 || now >= stream->due)) {
            goes_on = send_event(stream);
            stream->due += options.interval_ns;
            // A stream that fell far behind does not catch up in a burst.
            if (stream->due + 50000000 < now)
                stream->due = now;
        }
        if (goes_on) {
            place = &stream->next;
            continue;
        }
        *place = stream->next;
        stream->answering = 0;
        if (stream->gone)
            free(stream);
    }
}

// Milliseconds until an event is due, -1 when none is awaited. Less than one is waited out in small sleeps.
static int next_timeout(void) {
    if (!answering)
        return -1;
    if (options.interval_ns == 0)
        return 0;
    uint64_t first = UINT64_MAX, now = now_ns();
    for (struct stream *stream = answering; stream; stream = stream->next)
        if (stream->due < first)
            first = stream->due;
    if (first <= now)
        return 0;
    if (first - now < 1000000 && first - now > 80000)
        usleep(50);
    return (int)((first - now) / 1000000);
}

void serve(struct upstream_options given) {
    options = given;
    const int on = 1;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(options.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096))
        die("upstream");
    make_nonblocking(listener);
    int poller = epoll_create1(0);
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &interest);
    for (;;) {
        struct epoll_event events[512];
        int count = epoll_wait(poller, events, 512, next_timeout());
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr)
                read_request(events[i].data.ptr);
            else
                accept_all(listener, poller);
        }
        send_due_events();
    }
}
