// A C interface to the part of simdjson that the JSON decoder needs: parse a line, walk its values.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A parser and the document it parsed last. One thread at a time.
typedef struct csj_parser csj_parser;

/// A value of the document parsed last; good until the parser parses again, shrinks or is freed.
typedef struct {
    const void *document;
    size_t index;
} csj_value;

/// Bytes inside the parser; good as long as a csj_value is.
typedef struct {
    const uint8_t *bytes;
    size_t count;
} csj_text;

/// What a value is.
typedef enum {
    CSJ_OBJECT,
    CSJ_ARRAY,
    CSJ_STRING,
    CSJ_INTEGER,
    CSJ_UNSIGNED,  // an integer above INT64_MAX
    CSJ_DOUBLE,
    CSJ_BOOLEAN,
    CSJ_NULL
} csj_kind;

/// A walk over an object's fields or an array's elements.
typedef struct {
    csj_value at;
    csj_value end;
} csj_walk;

/// Makes a parser that refuses values deeper than max_depth; NULL where memory is out.
csj_parser *csj_parser_new(size_t max_depth);

/// Frees the parser; NULL is allowed.
void csj_parser_free(csj_parser *parser);

/// Parses count bytes, which are copied, so they need no padding. 0, or a number for
/// csj_error_text.
int csj_parse(csj_parser *parser, const uint8_t *bytes, size_t count, csj_value *root);

/// Gives the memory back if it was grown for a line longer than line_bytes.
void csj_parser_shrink(csj_parser *parser, size_t line_bytes);

/// What went wrong, in English; a string that is never freed.
const char *csj_error_text(int error);

/// Whether the error came from a number, which may be well formed and beyond 64 bits.
bool csj_is_number_error(int error);

/// What the value is.
csj_kind csj_kind_of(csj_value value);

/// The unescaped bytes of a string; empty for any other value.
csj_text csj_string(csj_value value);

/// The value of a CSJ_INTEGER; 0 for any other value.
int64_t csj_integer(csj_value value);

/// The value of a CSJ_UNSIGNED; 0 for any other value.
uint64_t csj_unsigned(csj_value value);

/// The value of a CSJ_BOOLEAN; false for any other value.
bool csj_boolean(csj_value value);

/// Begins a walk over the fields of a CSJ_OBJECT; over nothing for any other value.
csj_walk csj_fields(csj_value object);

/// Takes the next field; false behind the last.
bool csj_next_field(csj_walk *walk, csj_text *key, csj_value *value);

/// Begins a walk over the elements of a CSJ_ARRAY; over nothing for any other value.
csj_walk csj_elements(csj_value array);

/// Takes the next element; false behind the last.
bool csj_next_element(csj_walk *walk, csj_value *value);

/// Writes JSON text without its white space to room, which holds count + 64 bytes; returns how
/// many.
size_t csj_minify(const uint8_t *bytes, size_t count, uint8_t *room);

/// Whether the bytes are UTF-8.
bool csj_is_utf8(const uint8_t *bytes, size_t count);

/// The offset of the first `byte`, or count where there is none.
static inline size_t csj_find(const uint8_t *bytes, size_t count, uint8_t byte) {
    const void *found = count == 0 ? NULL : memchr(bytes, byte, count);
    return found == NULL ? count : (size_t)((const uint8_t *)found - bytes);
}

#ifdef __cplusplus
}
#endif
