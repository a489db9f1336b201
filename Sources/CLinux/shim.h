// Linux interfaces that Swift's Glibc module does not export, and `static inline` names for macros.
#pragma once
// Not with _GNU_SOURCE: it changes types that other modules import without it.
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>
#include <time.h>
#include <sched.h>

enum {
    SALLYPORT_EPOLLIN = EPOLLIN,
    SALLYPORT_EPOLLOUT = EPOLLOUT,
    SALLYPORT_EPOLLERR = EPOLLERR,
    SALLYPORT_EPOLLHUP = EPOLLHUP,
    SALLYPORT_EPOLLRDHUP = EPOLLRDHUP
};

// A GNU extension, declared only with _GNU_SOURCE.
extern int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
// glibc declares the flags as an enum of another type than the calls take.
static inline int accept4_shim(int fd, struct sockaddr *address, socklen_t *length) {
    return accept4(fd, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
static inline int socket_stream_shim(int family) {
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}
static inline int epoll_add_shim(int epoll, int fd, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data.u64 = data};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}
static inline int epoll_modify_shim(int epoll, int fd, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data.u64 = data};
    return epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}
// `struct epoll_event` is packed: its data is read here and not through Swift's layout of it.
static inline uint64_t epoll_event_data_shim(const struct epoll_event *event) {
    return event->data.u64;
}
static inline uint32_t epoll_event_events_shim(const struct epoll_event *event) {
    return event->events;
}
static inline int setrlimit_nofile_shim(const struct rlimit *limit) {
    return setrlimit(RLIMIT_NOFILE, limit);
}
static inline int getrlimit_nofile_shim(struct rlimit *limit) {
    return getrlimit(RLIMIT_NOFILE, limit);
}
// POLLRDHUP, 0x2000, is a GNU extension.
static inline int poll_is_gone_shim(int fd) {
    struct pollfd state = {.fd = fd, .events = 0x2000};
    return poll(&state, 1, 0) > 0;
}
static inline int IPPROTO_TCP_shim(void) { return IPPROTO_TCP; }
static inline int IPPROTO_IPV6_shim(void) { return IPPROTO_IPV6; }
// glibc's `__SOCKADDR_ARG` is a transparent union, which Swift cannot pass.
static inline int bind_shim(int fd, const struct sockaddr *address, socklen_t length) {
    return bind(fd, address, length);
}
static inline int connect_shim(int fd, const struct sockaddr *address, socklen_t length) {
    return connect(fd, address, length);
}
static inline int getsockname_shim(int fd, struct sockaddr *address, socklen_t *length) {
    return getsockname(fd, address, length);
}
#include <linux/filter.h>
#include <sys/stat.h>
// Makes the sockets that listen on the port of `fd` with SO_REUSEPORT give each new connection to the one
// that is number `index` among them; where there is none, the kernel chooses by a hash as before.
static inline int reuseport_steer_shim(int fd, uint32_t index) {
    struct sock_filter code = {.code = BPF_RET | BPF_K, .k = index};
    struct sock_fprog program = {.len = 1, .filter = &code};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program);
}
// Undoes it, for the next one who shares the port.
static inline int reuseport_unsteer_shim(int fd) {
    int none = 0;
    return setsockopt(fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &none, sizeof none);
}
static inline int socket_datagram_shim(void) {
    return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}
static inline ssize_t sendto_shim(
    int fd, const void *bytes, size_t count, const struct sockaddr *address, socklen_t length
) {
    return sendto(fd, bytes, count, MSG_NOSIGNAL, address, length);
}
static inline int set_descriptor_flags_shim(int fd) {
    int status = fcntl(fd, F_GETFL);
    if (status < 0 || fcntl(fd, F_SETFL, status | O_NONBLOCK) < 0) return -1;
    return fcntl(fd, F_SETFD, FD_CLOEXEC);
}
#include <pthread.h>
// A GNU extension, declared only with _GNU_SOURCE.
extern int pthread_setname_np(pthread_t thread, const char *name);

#include <sys/timerfd.h>

// The flags are an enum of another type than the call takes.
static inline int timerfd_shim(void) {
    return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
}
static inline int timerfd_set_shim(int fd, int64_t nanoseconds) {
    struct itimerspec when = {{0, 0}, {nanoseconds / 1000000000, nanoseconds % 1000000000}};
    return timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, 0);
}
