// The C interface over simdjson's DOM parser. No exception leaves: only its error-code calls are
// used.
#include "CSimdjson.h"

#include <simdjson.h>

#include <cstring>
#include <memory>
#include <new>
#include <type_traits>

namespace dom = simdjson::dom;

struct csj_parser {
    size_t max_depth;
    size_t capacity = 0;
    std::unique_ptr<dom::parser> parser;
    // The line, copied, with the padding behind it that simdjson reads (but does not use).
    std::unique_ptr<uint8_t[]> line;

    void release() {
        parser.reset();
        line.reset();
        capacity = 0;
    }

    // Makes room for a line of count bytes; doubles, so that growing lines do not allocate each
    // time.
    bool reserve(size_t count) {
        if (capacity > 0 && count <= capacity) return true;
        size_t wanted = capacity < 4096 ? 4096 : capacity;
        while (wanted < count) wanted *= 2;
        release();
        parser.reset(new (std::nothrow) dom::parser());
        line.reset(new (std::nothrow) uint8_t[wanted + simdjson::SIMDJSON_PADDING]);
        if (!parser || !line) return false;
        if (parser->allocate(wanted, max_depth) != simdjson::SUCCESS) return false;
        if (parser->doc.allocate(wanted) != simdjson::SUCCESS) return false;
        capacity = wanted;
        return true;
    }
};

// A csj_value is a dom::element (document, index on its tape), copied bit by bit: simdjson keeps
// the two fields private, and elements, unlike references to them, are cheap to make again.
template <typename T>
static T from_value(csj_value value) {
    static_assert(sizeof(T) == sizeof(csj_value) && std::is_trivially_copyable<T>::value, "layout");
    T result;
    std::memcpy(static_cast<void *>(&result), &value, sizeof value);
    return result;
}

template <typename T>
static csj_value to_value(const T &source) {
    static_assert(sizeof(T) == sizeof(csj_value) && std::is_trivially_copyable<T>::value, "layout");
    csj_value value;
    std::memcpy(&value, static_cast<const void *>(&source), sizeof value);
    return value;
}

static csj_text text_of(std::string_view view) {
    return {reinterpret_cast<const uint8_t *>(view.data()), view.size()};
}

extern "C" csj_parser *csj_parser_new(size_t max_depth) {
    auto *parser = new (std::nothrow) csj_parser;
    if (parser != nullptr) parser->max_depth = max_depth;
    return parser;
}

extern "C" void csj_parser_free(csj_parser *parser) { delete parser; }

extern "C" int csj_parse(csj_parser *parser, const uint8_t *bytes, size_t count, csj_value *root) {
    *root = {nullptr, 0};
    if (!parser->reserve(count)) {
        parser->release();
        return simdjson::MEMALLOC;
    }
    if (count > 0) std::memcpy(parser->line.get(), bytes, count);
    std::memset(parser->line.get() + count, ' ', simdjson::SIMDJSON_PADDING);
    dom::element element;
    auto error = parser->parser->parse(parser->line.get(), count, false).get(element);
    if (error == simdjson::SUCCESS) *root = to_value(element);
    return error;
}

extern "C" void csj_parser_shrink(csj_parser *parser, size_t line_bytes) {
    if (parser->capacity > line_bytes) parser->release();
}

extern "C" const char *csj_error_text(int error) {
    return simdjson::error_message(static_cast<simdjson::error_code>(error));
}

extern "C" bool csj_is_number_error(int error) { return error == simdjson::NUMBER_ERROR; }

extern "C" csj_kind csj_kind_of(csj_value value) {
    switch (from_value<dom::element>(value).type()) {
        case dom::element_type::OBJECT: return CSJ_OBJECT;
        case dom::element_type::ARRAY: return CSJ_ARRAY;
        case dom::element_type::STRING: return CSJ_STRING;
        case dom::element_type::INT64: return CSJ_INTEGER;
        case dom::element_type::UINT64: return CSJ_UNSIGNED;
        case dom::element_type::DOUBLE: return CSJ_DOUBLE;
        case dom::element_type::BOOL: return CSJ_BOOLEAN;
        default: return CSJ_NULL;
    }
}

extern "C" csj_text csj_string(csj_value value) {
    std::string_view view;
    if (from_value<dom::element>(value).get_string().get(view)) return {nullptr, 0};
    return text_of(view);
}

extern "C" int64_t csj_integer(csj_value value) {
    int64_t result = 0;
    return from_value<dom::element>(value).get_int64().get(result) ? 0 : result;
}

extern "C" uint64_t csj_unsigned(csj_value value) {
    uint64_t result = 0;
    return from_value<dom::element>(value).get_uint64().get(result) ? 0 : result;
}

extern "C" bool csj_boolean(csj_value value) {
    bool result = false;
    return from_value<dom::element>(value).get_bool().get(result) ? false : result;
}

extern "C" csj_walk csj_fields(csj_value value) {
    dom::object object;
    if (from_value<dom::element>(value).get_object().get(object)) return {value, value};
    return {to_value(object.begin()), to_value(object.end())};
}

extern "C" bool csj_next_field(csj_walk *walk, csj_text *key, csj_value *value) {
    auto at = from_value<dom::object::iterator>(walk->at);
    if (!(at != from_value<dom::object::iterator>(walk->end))) return false;
    *key = text_of(at.key());
    *value = to_value(at.value());
    walk->at = to_value(++at);
    return true;
}

extern "C" csj_walk csj_elements(csj_value value) {
    dom::array array;
    if (from_value<dom::element>(value).get_array().get(array)) return {value, value};
    return {to_value(array.begin()), to_value(array.end())};
}

extern "C" bool csj_next_element(csj_walk *walk, csj_value *value) {
    auto at = from_value<dom::array::iterator>(walk->at);
    if (!(at != from_value<dom::array::iterator>(walk->end))) return false;
    *value = to_value(*at);
    walk->at = to_value(++at);
    return true;
}

extern "C" size_t csj_minify(const uint8_t *bytes, size_t count, uint8_t *room) {
    size_t written = 0;
    auto error = simdjson::minify(
        reinterpret_cast<const char *>(bytes), count, reinterpret_cast<char *>(room), written);
    return error == simdjson::SUCCESS ? written : 0;
}

extern "C" bool csj_is_utf8(const uint8_t *bytes, size_t count) {
    return simdjson::validate_utf8(reinterpret_cast<const char *>(bytes), count);
}
