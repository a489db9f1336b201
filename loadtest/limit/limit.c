// What the machine allows at best: PING, GET and SET over TLS in one epoll loop, with nothing else that a server
// needs. No limits, no timeouts, no authentication, no error handling worth the name: for loadtest/compare alone.
//
//   cc -O2 -o limit limit.c -lssl -lcrypto && ./limit -p PORT        (reads cert.pem and key.pem here)
//
// As in Sallyport, OpenSSL reads and writes memory, and each turn makes one recv and one send.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RECEIVED = 256 << 10, PLAIN = 4 << 20, SLOTS = 1 << 20, EVENTS = 512, WORDS = 8 };

typedef struct {
    unsigned char *bytes;
    size_t length, capacity;
} buffer;

typedef struct {
    int descriptor;
    SSL *tls;
    buffer rest;    // plaintext that is not a whole request yet
    buffer unsent;  // ciphertext that the socket has not taken
} connection;

typedef struct {
    unsigned char *bytes;  // the key, then the value
    uint32_t key, value, capacity;
} slot;

static SSL_CTX *context;
static int poller;
static slot *table;
static const unsigned char *given;  // what is left of what was received
static size_t given_length;
static buffer produced;  // ciphertext of this turn
static buffer replies;
static unsigned char *received, *plain;

static void append(buffer *to, const void *bytes, size_t length) {
    if (to->length + length > to->capacity) {
        to->capacity = (to->length + length) * 2;
        to->bytes = realloc(to->bytes, to->capacity);
        if (!to->bytes) abort();
    }
    memcpy(to->bytes + to->length, bytes, length);
    to->length += length;
}

static int bio_read(BIO *bio, char *to, int length) {
    BIO_clear_retry_flags(bio);
    size_t count = (size_t)length < given_length ? (size_t)length : given_length;
    if (count == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(to, given, count);
    given += count;
    given_length -= count;
    return (int)count;
}

static int bio_write(BIO *bio, const char *from, int length) {
    BIO_clear_retry_flags(bio);
    append(&produced, from, (size_t)length);
    return length;
}

static long bio_control(BIO *bio, int command, long number, void *pointer) {
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP;
}

static int bio_create(BIO *bio) {
    BIO_set_init(bio, 1);
    return 1;
}

static BIO_METHOD *bio_method(void) {
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "limit");
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_ctrl(method, bio_control);
    BIO_meth_set_create(method, bio_create);
    return method;
}

// The slot of a key, or the empty one where it belongs; the table never grows.
static slot *find(const unsigned char *key, size_t length) {
    uint64_t hash = 1469598103934665603u;
    for (size_t i = 0; i < length; i++) hash = (hash ^ key[i]) * 1099511628211u;
    for (uint64_t i = hash ^ hash >> 29;; i++) {
        slot *at = &table[i & (SLOTS - 1)];
        if (!at->bytes || (at->key == length && !memcmp(at->bytes, key, length))) return at;
    }
}

static void store(const unsigned char *key, size_t key_length, const unsigned char *value, size_t length) {
    slot *at = find(key, key_length);
    if (!at->bytes || at->capacity < length) {
        at->bytes = realloc(at->bytes, key_length + length + 1);
        if (!at->bytes) abort();
        memcpy(at->bytes, key, key_length);
        at->key = (uint32_t)key_length;
        at->capacity = (uint32_t)length;
    }
    memcpy(at->bytes + key_length, value, length);
    at->value = (uint32_t)length;
}

static void answer(const unsigned char **words, const size_t *lengths, long count) {
    char head[32];
    if (count == 2 && lengths[0] == 3 && (words[0][0] | 32) == 'g') {
        slot *at = find(words[1], lengths[1]);
        if (!at->bytes) return append(&replies, "$-1\r\n", 5);
        append(&replies, head, (size_t)snprintf(head, sizeof head, "$%u\r\n", at->value));
        append(&replies, at->bytes + at->key, at->value);
        append(&replies, "\r\n", 2);
    } else if (count == 3 && lengths[0] == 3 && (words[0][0] | 32) == 's') {
        store(words[1], lengths[1], words[2], lengths[2]);
        append(&replies, "+OK\r\n", 5);
    } else if (count >= 1 && lengths[0] == 4 && (words[0][0] | 32) == 'p') {
        append(&replies, "+PONG\r\n", 7);
    } else {
        append(&replies, "-ERR unknown command\r\n", 22);
    }
}

// A decimal number and its CR LF; -1 where it is not whole.
static long number(const unsigned char **at, const unsigned char *end) {
    const unsigned char *p = *at;
    long value = 0;
    while (p < end && *p >= '0' && *p <= '9' && value < PLAIN) value = value * 10 + (*p++ - '0');
    if (end - p < 2) return -1;
    *at = p + 2;
    return value;
}

// Answers every whole request (arrays of bulk strings); how many bytes they took.
static size_t answer_all(const unsigned char *bytes, size_t length) {
    const unsigned char *at = bytes, *end = bytes + length;
    while (at < end && *at == '*') {
        const unsigned char *p = at + 1, *words[WORDS] = {0};
        size_t lengths[WORDS] = {0};
        long count = number(&p, end), i;
        if (count < 0 || count > WORDS) break;
        for (i = 0; i < count; i++) {
            if (p++ >= end) break;
            long size = number(&p, end);
            if (size < 0 || end - p < size + 2) break;
            words[i] = p;
            lengths[i] = (size_t)size;
            p += size + 2;
        }
        if (i < count) break;
        answer(words, lengths, count);
        at = p;
    }
    return (size_t)(at - bytes);
}

static void watch(connection *client, int operation) {
    struct epoll_event event = {.events = EPOLLIN | (client->unsent.length ? EPOLLOUT : 0), .data.ptr = client};
    epoll_ctl(poller, operation, client->descriptor, &event);
}

static int flush(connection *client) {
    size_t before = client->unsent.length;
    append(&client->unsent, produced.bytes, before ? produced.length : 0);
    const unsigned char *bytes = before ? client->unsent.bytes : produced.bytes;
    size_t length = before ? client->unsent.length : produced.length;
    produced.length = 0;
    if (length == 0) return 0;
    ssize_t sent = send(client->descriptor, bytes, length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return -1;
    if (sent < 0) sent = 0;
    if (before) {
        memmove(client->unsent.bytes, bytes + sent, length - (size_t)sent);
        client->unsent.length = length - (size_t)sent;
    } else if ((size_t)sent < length) {
        append(&client->unsent, bytes + sent, length - (size_t)sent);
    }
    if (!before != !client->unsent.length) watch(client, EPOLL_CTL_MOD);
    return 0;
}

static int serve(connection *client) {
    ssize_t count = recv(client->descriptor, received, RECEIVED, 0);
    if (count <= 0) return count < 0 && errno == EAGAIN ? 0 : -1;
    given = received;
    given_length = (size_t)count;
    size_t length = client->rest.length;
    if (length) memcpy(plain, client->rest.bytes, length);
    client->rest.length = 0;
    do {
        int got = SSL_read(client->tls, plain + length, (int)(PLAIN - length));
        if (got <= 0) {
            if (SSL_get_error(client->tls, got) == SSL_ERROR_WANT_READ) break;
            ERR_clear_error();
            return -1;
        }
        length += (size_t)got;
    } while (given_length || SSL_has_pending(client->tls));
    size_t taken = answer_all(plain, length);
    if (taken < length) append(&client->rest, plain + taken, length - taken);
    else if (client->rest.bytes) free(client->rest.bytes), client->rest = (buffer){0};
    if (replies.length && SSL_write(client->tls, replies.bytes, (int)replies.length) <= 0) return -1;
    replies.length = 0;
    return flush(client);
}

static void forget(connection *client) {
    replies.length = produced.length = 0;
    SSL_free(client->tls);
    close(client->descriptor);
    free(client->rest.bytes);
    free(client->unsent.bytes);
    free(client);
}

static void welcome(int listener, BIO_METHOD *method) {
    int on = 1;
    for (int i = 0; i < 64; i++) {
        int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (descriptor < 0) return;
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connection *client = calloc(1, sizeof *client);
        BIO *bio = BIO_new(method);
        client->descriptor = descriptor;
        client->tls = SSL_new(context);
        SSL_set_bio(client->tls, bio, bio);
        SSL_set_accept_state(client->tls);
        watch(client, EPOLL_CTL_ADD);
    }
}

static int prepare(int port) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGPIPE, SIG_IGN);
    context = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(context, "cert.pem") != 1) return -1;
    if (SSL_CTX_use_PrivateKey_file(context, "key.pem", SSL_FILETYPE_PEM) != 1) return -1;
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    table = calloc(SLOTS, sizeof *table);
    received = malloc(RECEIVED);
    plain = malloc(PLAIN);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) return -1;
    poller = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    return listener;
}

int main(int count, char **arguments) {
    int option, port = 7000, listener;
    while ((option = getopt(count, arguments, "p:m:")) != -1)
        if (option == 'p') port = atoi(optarg);
    if ((listener = prepare(port)) < 0) return perror("limit: cert.pem, key.pem or the port"), 1;
    BIO_METHOD *method = bio_method();
    static struct epoll_event events[EVENTS];
    for (;;) {
        int ready = epoll_wait(poller, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            connection *client = events[i].data.ptr;
            if (!client) welcome(listener, method);
            else if (serve(client) || (client->unsent.length && flush(client))) forget(client);
        }
    }
}
