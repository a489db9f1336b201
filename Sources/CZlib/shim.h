// zlib, and `static inline` names for its macros.
#pragma once
#include <zlib.h>

// Raw DEFLATE (RFC 1951), which is what permessage-deflate carries: no header, no checksum.
static inline int zlib_deflate_init_shim(z_stream *stream, int level, int window_bits) {
    return deflateInit2(stream, level, Z_DEFLATED, -window_bits, 8, Z_DEFAULT_STRATEGY);
}
// 16 more than the window is gzip (RFC 1952) around it.
static inline int zlib_gzip_init_shim(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
static inline int zlib_inflate_init_shim(z_stream *stream, int window_bits) {
    return inflateInit2(stream, -window_bits);
}
