/*
 * Request: one pass over the bytes finds the newlines, many at once, and reads each line as it is
 * found. smtpd sends the attributes in the table's order, so a line is first compared with the name
 * that follows the last line's: a search of the table is rare.
 */
#include "protocol/request.h"

#include <string.h>

#include "limit.h"
#include "protocol/frame.h"
#include "protocol/newline.h"
#include "protocol/xtext.h"

/* Where a pass stands. */
typedef struct {
    Request *request;
    const char *end;  /* of all the bytes */
    const char *line; /* where the line that is being looked for begins */
    guint expected;   /* the attribute that the next line should have */
} Reader;

/* ATTRIBUTE_PREFIX_SIZE bytes of ones and as many of zeros: n before the middle begin n ones. */
static const guint8 slide[2 * ATTRIBUTE_PREFIX_SIZE] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
};

static guint64 load(const void *bytes) {
    guint64 word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Compares words and not bytes, wherever there are bytes enough to load. */
static gboolean starts_with(const Reader *reader, const AttributeInfo *info) {
    const char *line = reader->line;
    const guint8 *ones = slide + ATTRIBUTE_PREFIX_SIZE - info->prefix_length;
    if ((size_t)(reader->end - line) < ATTRIBUTE_PREFIX_SIZE) {
        return (size_t)(reader->end - line) >= info->prefix_length
               && memcmp(line, info->prefix, info->prefix_length) == 0;
    }
    guint64 different = 0;
    for (size_t i = 0; i < ATTRIBUTE_PREFIX_SIZE; i += sizeof(guint64)) {
        different |= (load(line + i) ^ load(info->prefix + i)) & load(ones + i);
    }
    return different == 0;
}

static void store(Request *request, Attribute attribute, Text value) {
    guint64 bit = G_GUINT64_CONSTANT(1) << attribute;
    if (request->seen & bit) {
        request->repeated |= bit;
        return;
    }
    request->seen |= bit;
    request->values[attribute] = value;
}

static void store_line(Reader *reader, Attribute attribute, const char *newline) {
    const char *value = reader->line + attribute_info(attribute)->prefix_length;
    store(reader->request, attribute, text_make(value, (size_t)(newline - value)));
    reader->expected = (guint)attribute + 1;
}

/* A line that doesn't have the expected name: another one's, an unknown one, or none. */
static RequestStatus read_other_line(Reader *reader, const char *newline) {
    Attribute attribute;
    Text line = text_make(reader->line, (size_t)(newline - reader->line));
    ssize_t equals = text_find(line, '=');
    if (equals < 0) {
        return REQUEST_NO_EQUALS_SIGN;
    }
    if (equals == 0) {
        return REQUEST_NO_NAME;
    }
    if (attribute_find(text_make(line.data, (size_t)equals), &attribute)) {
        store_line(reader, attribute, newline);
    }
    return REQUEST_OK;
}

static RequestStatus read_line(Reader *reader, const char *newline) {
    RequestStatus status = REQUEST_OK;
    gboolean predicted = reader->expected < ATTRIBUTE_COUNT
                         && starts_with(reader, attribute_info((Attribute)reader->expected));
    if (predicted) {
        store_line(reader, (Attribute)reader->expected, newline);
    } else {
        status = read_other_line(reader, newline);
    }
    reader->line = newline + 1;
    return status;
}

static RequestStatus finish(const Request *request) {
    gboolean policy =
        text_equal(request->values[ATTRIBUTE_REQUEST], TEXT_LITERAL("smtpd_access_policy"));
    return policy ? REQUEST_OK : REQUEST_NOT_POLICY;
}

/* Reads the lines that end within the NEWLINE_STEP bytes from `at`. *ended: the empty one came. */
static RequestStatus read_step(Reader *reader, const char *at, guint64 newlines, gboolean *ended) {
    for (; newlines; newlines &= newlines - 1) {
        const char *newline = at + __builtin_ctzll(newlines);
        if (newline == reader->line) {
            *ended = TRUE;
            reader->line++;
            return finish(reader->request);
        }
        RequestStatus status = read_line(reader, newline);
        if (status != REQUEST_OK) {
            return status;
        }
    }
    return REQUEST_OK;
}

/* The newlines among the last bytes, of which there are fewer than a step. */
static guint64 last_newlines(const char *at, size_t length) {
    char step[NEWLINE_STEP] = {0};
    memcpy(step, at, length);
    return newline_mask(step);
}

/* A line may be wrong before the block is whole: then that is said at once. */
static RequestStatus read_new(Text data, Request *out, size_t *length) {
    Reader reader = {.request = out, .end = data.data + data.length, .line = data.data};
    const char *at = data.data;
    *out = (Request){0};
    while (at < reader.end) {
        size_t left = (size_t)(reader.end - at);
        guint64 newlines = left >= NEWLINE_STEP ? newline_mask(at) : last_newlines(at, left);
        gboolean ended = FALSE;
        RequestStatus status = read_step(&reader, at, newlines, &ended);
        if (ended || status != REQUEST_OK) {
            *length = (size_t)(reader.line - data.data);
            return status;
        }
        at += MIN(left, NEWLINE_STEP);
    }
    return REQUEST_INCOMPLETE;
}

RequestStatus request_read(Text data, size_t *scanned, Request *out, size_t *length) {
    if (*scanned == 0) {
        Text block = text_make(data.data, MIN(data.length, LIMIT_BLOCK));
        RequestStatus status = read_new(block, out, length);
        if (status != REQUEST_INCOMPLETE) {
            return status;
        }
    }
    switch (frame_find(data, scanned, length)) {
    case FRAME_INCOMPLETE:
        return REQUEST_INCOMPLETE;
    case FRAME_TOO_LARGE:
        return REQUEST_TOO_LARGE;
    case FRAME_COMPLETE:
        break;
    }
    return request_parse(text_make(data.data, *length), out);
}

RequestStatus request_parse(Text block, Request *out) {
    size_t length;
    return read_new(block, out, &length);
}

const char *request_status_text(RequestStatus status) {
    static const char *const texts[] = {
        [REQUEST_OK] = "well formed",
        [REQUEST_INCOMPLETE] = "it is not whole",
        [REQUEST_TOO_LARGE] = "it is larger than 65536 bytes",
        [REQUEST_NO_EQUALS_SIGN] = "a line has no '='",
        [REQUEST_NO_NAME] = "a line has no name before '='",
        [REQUEST_NOT_POLICY] = "it has no 'request=smtpd_access_policy'",
    };
    return texts[status];
}

static gboolean is_listed(Text value, const char *const *values) {
    for (; *values; values++) {
        if (text_equal(value, text_from_string(*values))) {
            return TRUE;
        }
    }
    return FALSE;
}

Text request_value(const Request *request, Attribute attribute, char *scratch) {
    static const Text absent = TEXT_LITERAL("");
    const AttributeInfo *info = attribute_info(attribute);
    Text value = request->values[attribute];
    if (info->unknown_absent && text_equal(value, TEXT_LITERAL("unknown"))) {
        return absent;
    }
    if (info->values && !is_listed(value, info->values)) {
        return absent;
    }
    if (info->xtext && !xtext_decode(value, scratch, &value)) {
        return absent;
    }
    return value;
}

gboolean request_number(const Request *request, Attribute attribute, guint64 *out) {
    return text_parse_number(request->values[attribute], out);
}

gboolean request_address(const Request *request, Attribute attribute, Address *out) {
    return address_parse(request->values[attribute], out);
}
