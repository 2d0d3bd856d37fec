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
    const char *line; /* where the line that is being looked for begins */
    guint expected;   /* the attribute that the next line should have */
} Reader;

static guint64 load8(const char *bytes) {
    guint64 word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static guint32 load4(const char *bytes) {
    guint32 word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Compares 4 to ATTRIBUTE_PREFIX_SIZE bytes by a few words that may overlap. */
static gboolean equal_prefix(const char *a, const char *b, size_t length) {
    if (length < 8) {
        return load4(a) == load4(b) && load4(a + length - 4) == load4(b + length - 4);
    }
    gboolean ends = load8(a) == load8(b) && load8(a + length - 8) == load8(b + length - 8);
    if (length <= 16) {
        return ends;
    }
    return ends && load8(a + 8) == load8(b + 8) && load8(a + length - 16) == load8(b + length - 16);
}

static gboolean has_prefix(const Reader *reader, const char *newline, Attribute attribute) {
    const AttributeInfo *info = attribute_info(attribute);
    return (size_t)(newline - reader->line) >= info->prefix_length
           && equal_prefix(reader->line, info->prefix, info->prefix_length);
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
    reader->expected = ((guint)attribute + 1) % ATTRIBUTE_COUNT;
}

/* An older Postfix leaves attributes out, and their order stays: those that follow come first. */
static gboolean find_attribute(const Reader *reader, const char *newline, Attribute *out) {
    for (guint i = 0; i < ATTRIBUTE_COUNT; i++) {
        Attribute attribute = (Attribute)((reader->expected + i) % ATTRIBUTE_COUNT);
        if (has_prefix(reader, newline, attribute)) {
            *out = attribute;
            return TRUE;
        }
    }
    return FALSE;
}

static RequestStatus read_line(Reader *reader, const char *newline) {
    Attribute attribute;
    if (find_attribute(reader, newline, &attribute)) {
        store_line(reader, attribute, newline);
    } else {
        ssize_t equals = text_find(text_make(reader->line, (size_t)(newline - reader->line)), '=');
        if (equals <= 0) {
            return equals < 0 ? REQUEST_NO_EQUALS_SIGN : REQUEST_NO_NAME;
        }
    }
    reader->line = newline + 1;
    return REQUEST_OK;
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
    Reader reader = {.request = out, .line = data.data};
    const char *at = data.data;
    const char *end = data.data + data.length;
    *out = (Request){0};
    while (at < end) {
        size_t left = (size_t)(end - at);
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
