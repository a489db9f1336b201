// A generator that speaks to all peers of loadtest/compare alike: SET or GET over TLS, in RESP or in memcached's
// text, in a closed loop on one epoll loop. It says how many replies were right, and how long they took, in JSON.
//
//   cc -O2 -o drive drive.c -lssl -lcrypto
//   ./drive -p PORT [-M] [-a PASSWORD] [-c CLIENTS] [-P PIPELINE] [-s SIZE] [-o set|get] [-t SECONDS] [-k KEYS]
//
// loadgen measures more and checks better, but does not speak to memcached.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_PIPELINE = 1024, BUCKETS = 1 << 20, EVENTS = 512, INPUT = 1 << 20 };

typedef struct {
    int descriptor, asked, answered;  // of this turn
    SSL *tls;
    char *input;
    size_t length;
    uint64_t sent;
} client;

static int port, is_memcached, clients = 50, pipeline = 1, size = 16, is_get, keys = 10000;
static double seconds = 2;
static const char *password = "";
static char *value, *request, *reply;
// Of a request: its bytes, and where its key's number stands; of a reply: its bytes.
static size_t request_capacity, stride, digits, reply_whole;
static uint64_t histogram[BUCKETS], right, most;  // by microsecond
static uint64_t state = 88172645463325252u;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int any_key(void) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (int)(state % (uint64_t)keys);
}

static void fail(const char *what) {
    fprintf(stderr, "drive: %s\n", what);
    exit(1);
}

// What every turn sends, and each reply that comes back: made once, since they are alike but for their keys. What the
// generator takes for a request decides how busy it can keep a server.
static void prepare(void) {
    const char *key = "load:0000000000";
    int length;
    if (is_memcached && is_get) length = sprintf(request, "get %s\r\n", key);
    else if (is_memcached) length = sprintf(request, "set %s 0 0 %d\r\n%s\r\n", key, size, value);
    else if (is_get) length = sprintf(request, "*2\r\n$3\r\nGET\r\n$15\r\n%s\r\n", key);
    else length = sprintf(request, "*3\r\n$3\r\nSET\r\n$15\r\n%s\r\n$%d\r\n%s\r\n", key, size, value);
    stride = (size_t)length;
    digits = (size_t)(strstr(request, "load:") - request) + 5;
    for (int i = 1; i < pipeline; i++) memcpy(request + (size_t)i * stride, request, stride);
    if (!is_get) length = sprintf(reply, is_memcached ? "STORED\r\n" : "+OK\r\n");
    else if (is_memcached) length = sprintf(reply, "VALUE %s 0 %d\r\n%s\r\nEND\r\n", key, size, value);
    else length = sprintf(reply, "$%d\r\n%s\r\n", size, value);
    reply_whole = (size_t)length;
}

static void write_key(char *to, int key) {
    for (int place = 9; place >= 0; place--, key /= 10) to[place] = (char)('0' + key % 10);
}

static void send_turn(client *of) {
    int length = (int)(stride * (size_t)pipeline);
    of->asked = pipeline;
    of->answered = 0;
    of->sent = now();
    if (SSL_write(of->tls, request, length) != length) fail("a connection was lost");
}

static void ask(client *of) {
    for (int i = 0; i < pipeline; i++) write_key(request + (size_t)i * stride + digits, any_key());
    send_turn(of);
}

// Whether a whole reply at `bytes` is the right one; memcached repeats the key, which is not compared.
static int is_right(const char *bytes) {
    if (!is_memcached || !is_get) return !memcmp(bytes, reply, reply_whole);
    return !memcmp(bytes, reply, 11) && !memcmp(bytes + 21, reply + 21, reply_whole - 21);
}

static void count_replies(uint64_t taken, int replies) {
    uint64_t microseconds = taken / 1000;
    if (taken > most) most = taken;
    histogram[microseconds < BUCKETS ? microseconds : BUCKETS - 1] += (uint64_t)replies;
    right += (uint64_t)replies;
}

static void take(client *of, int is_measured) {
    do {
        int got = SSL_read(of->tls, of->input + of->length, (int)(INPUT - of->length));
        if (got <= 0) fail("a connection was lost");
        of->length += (size_t)got;
    } while (SSL_has_pending(of->tls));
    size_t at = 0;
    uint64_t taken = now() - of->sent;
    int before = of->answered;
    while (of->answered < of->asked && of->length - at >= reply_whole) {
        if (!is_right(of->input + at)) break;
        at += reply_whole;
        of->answered++;
    }
    // A wrong one may be shorter than the right one, and is then all that comes.
    size_t left = of->length - at, known = left < 5 ? left : 5;
    if (of->answered < of->asked ? left >= reply_whole || memcmp(of->input + at, reply, known) : left > 0) {
        fprintf(stderr, "drive: wrong reply: %.*s\n", left < 60 ? (int)left : 60, of->input + at);
        exit(1);
    }
    if (is_measured) count_replies(taken, of->answered - before);
    memmove(of->input, of->input + at, left);
    of->length = left;
}

static void connect_to(client *of, SSL_CTX *context) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    of->descriptor = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(of->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(of->descriptor, (struct sockaddr *)&address, sizeof address)) fail("cannot connect");
    of->tls = SSL_new(context);
    of->input = malloc(INPUT);
    SSL_set_fd(of->tls, of->descriptor);
    if (SSL_connect(of->tls) != 1) fail("the handshake failed");
    if (!*password) return;
    int length = snprintf(request, request_capacity, "*2\r\n$4\r\nAUTH\r\n$%zu\r\n%s\r\n", strlen(password), password);
    if (SSL_write(of->tls, request, length) != length || SSL_read(of->tls, of->input, INPUT) < 1 || *of->input != '+')
        fail("the password is refused");
}

// Sets every key once, so that GET finds them.
static void preload(client *on) {
    int was_get = is_get, depth = pipeline;
    is_get = 0, pipeline = 1;
    prepare();
    for (int i = 0; i < keys; i++) {
        write_key(request + digits, i);
        send_turn(on);
        while (on->answered < 1) take(on, 0);
    }
    is_get = was_get, pipeline = depth;
}

static double percentile(double part) {
    uint64_t seen = 0;
    for (int i = 0; i < BUCKETS; i++)
        if ((seen += histogram[i]) >= (uint64_t)(part * (double)right)) return i + 0.5;
    return BUCKETS;
}

static void read_options(int count, char **arguments) {
    int option;
    while ((option = getopt(count, arguments, "p:Ma:c:P:s:o:t:k:")) != -1) switch (option) {
        case 'p': port = atoi(optarg); break;
        case 'M': is_memcached = 1; break;
        case 'a': password = optarg; break;
        case 'c': clients = atoi(optarg); break;
        case 'P': pipeline = atoi(optarg); break;
        case 's': size = atoi(optarg); break;
        case 'o': is_get = !strcmp(optarg, "get"); break;
        case 't': seconds = atof(optarg); break;
        case 'k': keys = atoi(optarg); break;
        default: exit(64);
    }
    if (!port || clients < 1 || pipeline < 1 || pipeline > MOST_PIPELINE || size < 1 || size > 100000 || keys < 1) exit(64);
}

int main(int count, char **arguments) {
    read_options(count, arguments);
    signal(SIGPIPE, SIG_IGN);
    value = malloc((size_t)size + 1);
    memset(value, 'v', (size_t)size);
    value[size] = 0;
    request_capacity = (size_t)pipeline * ((size_t)size + 128) + 1024;
    request = malloc(request_capacity);
    reply = malloc((size_t)size + 64);
    // The peer is one that loadtest/compare has started itself.
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384");
    SSL_CTX_set1_groups_list(context, "X25519");
    SSL_CTX_set_read_ahead(context, 1);
    client *all = calloc((size_t)clients, sizeof *all);
    int poller = epoll_create1(0);
    for (int i = 0; i < clients; i++) {
        connect_to(&all[i], context);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
        epoll_ctl(poller, EPOLL_CTL_ADD, all[i].descriptor, &event);
    }
    preload(&all[0]);
    prepare();
    printf("ready\n");
    fflush(stdout);
    uint64_t began = now(), end = began + (uint64_t)(seconds * 1e9);
    for (int i = 0; i < clients; i++) ask(&all[i]);
    static struct epoll_event events[EVENTS];
    while (now() < end) {
        int ready = epoll_wait(poller, events, EVENTS, 100);
        for (int i = 0; i < ready; i++) {
            client *of = events[i].data.ptr;
            take(of, 1);
            if (of->answered == of->asked) ask(of);
        }
    }
    double elapsed = (double)(now() - began) / 1e9;
    printf("{\"requests\": %llu, \"requests_per_second\": %.1f, \"p50_us\": %.1f, \"p99_us\": %.1f, "
           "\"p99_9_us\": %.1f, \"max_us\": %.1f}\n",
           (unsigned long long)right, (double)right / elapsed, percentile(0.5),
           percentile(0.99), percentile(0.999), (double)most / 1000);
}
