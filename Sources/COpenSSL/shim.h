// OpenSSL 3 as Swift sees it: the headers, and `static inline` names for what are macros in C.
// Each is prefixed with the name of what it stands for.
#pragma once
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// The two ends of a connection's BIO: ciphertext to read, and where ciphertext is written.
// Owned by an event loop, shared by all its connections, pointed to by each BIO.
typedef struct {
    const unsigned char *input;
    size_t input_count;
    unsigned char *output;
    size_t output_count;
    size_t output_capacity;
    // KeyUpdate messages that were read of the present input.
    size_t key_updates;
} sallyport_bio_buffers;

// Counts KeyUpdate messages (RFC 8446 section 4.6.3), whose first byte is 24: libssl answers each by itself
// and has no limit on them. `arg` is the session's buffers.
static void sallyport_note_message(int is_written, int version, int content_type, const void *bytes,
                                   size_t count, SSL *ssl, void *arg) {
    (void)version;
    (void)ssl;
    if (is_written == 0 && content_type == SSL3_RT_HANDSHAKE && count > 0
        && ((const unsigned char *)bytes)[0] == SSL3_MT_KEY_UPDATE && arg != NULL)
        ((sallyport_bio_buffers *)arg)->key_updates += 1;
}
static inline void SSL_CTX_count_key_updates_shim(SSL_CTX *ctx) {
    SSL_CTX_set_msg_callback(ctx, sallyport_note_message);
}
static inline void SSL_set_msg_callback_arg_shim(SSL *ssl, sallyport_bio_buffers *buffers) {
    SSL_set_msg_callback_arg(ssl, buffers);
}
static inline int SSL_set_app_data_shim(SSL *ssl, void *data) {
    return SSL_set_app_data(ssl, data);
}
static inline void *SSL_get_app_data_shim(const SSL *ssl) {
    return SSL_get_app_data(ssl);
}

static inline long SSL_set_read_ahead_shim(SSL *ssl, int on) {
    SSL_set_read_ahead(ssl, on);
    return 1;
}
static inline long SSL_CTX_set_min_proto_version_shim(SSL_CTX *ctx, int version) {
    return SSL_CTX_set_min_proto_version(ctx, version);
}
static inline long SSL_CTX_set_max_proto_version_shim(SSL_CTX *ctx, int version) {
    return SSL_CTX_set_max_proto_version(ctx, version);
}
static inline long SSL_CTX_set_mode_shim(SSL_CTX *ctx, long mode) {
    return SSL_CTX_set_mode(ctx, mode);
}
static inline long SSL_CTX_set_read_ahead_shim(SSL_CTX *ctx, long on) {
    return SSL_CTX_set_read_ahead(ctx, on);
}
static inline long SSL_CTX_set1_groups_list_shim(SSL_CTX *ctx, const char *list) {
    return SSL_CTX_set1_groups_list(ctx, list);
}
static inline long SSL_CTX_set_session_cache_mode_shim(SSL_CTX *ctx, long mode) {
    return SSL_CTX_set_session_cache_mode(ctx, mode);
}
static inline long SSL_set_tlsext_host_name_shim(SSL *ssl, const char *name) {
    return SSL_set_tlsext_host_name(ssl, (char *)name);
}
static inline void BIO_set_retry_read_shim(BIO *bio) {
    BIO_set_retry_read(bio);
}
static inline void BIO_clear_retry_flags_shim(BIO *bio) {
    BIO_clear_retry_flags(bio);
}
static inline long SSL_CTX_set_dh_auto_shim(SSL_CTX *ctx, long on) {
    return SSL_CTX_set_dh_auto(ctx, on);
}
static inline uint64_t sallyport_server_options(void) {
    return SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION
        | SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_PRIORITIZE_CHACHA;
}
static inline uint64_t sallyport_client_options(void) {
    return SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF;
}
static inline long sallyport_session_modes(void) {
    return SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER;
}
static inline const char *SSL_get_cipher_name_shim(const SSL *ssl) {
    return SSL_get_cipher_name(ssl);
}
