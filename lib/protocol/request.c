/*
 * Request: one pass over the bytes finds the newlines, many at once, and reads each line as it is
 * found. smtpd sends the attributes in the table's order, so a line is first compared with the name
 * that follows the last line's: a search of the table is rare. An order that is another costs that
 * search for each line, of ATTRIBUTE_COUNT names at most.
 */
#include "protocol/request.h"

#include <string.h>

#include "limit.h"
#include "protocol/frame.h"
#include "protocol/newline.h"
#include "protocol/word.h"
#include "protocol/xtext.h"

/* Where a pass stands. */
typedef struct {
    Request *request;
    const char *line; /* where the line that is being looked for begins */
    guint first; /* from this attribute up to `next` all were read, and not noted as seen yet */
    guint next;  /* the attribute that the next line should have; ATTRIBUTE_COUNT: none */
} Reader;

/* How to go on after a line that was not the expected one: with which attribute, while the status
 * is REQUEST_INCOMPLETE. */
typedef struct {
    RequestStatus status;
    guint next;
} Step;

/* Compares 4 to ATTRIBUTE_PREFIX_SIZE bytes by a few words that may overlap. */
static gboolean equal_prefix(const char *a, const char *b, size_t length) {
    if (length < WORD_SIZE) {
        return word_load_half(a) == word_load_half(b)
               && word_load_half(a + length - 4) == word_load_half(b + length - 4);
    }
    guint64 differ = (word_load(a) ^ word_load(b))
                     | (word_load(a + length - WORD_SIZE) ^ word_load(b + length - WORD_SIZE));
    if (length > 2 * WORD_SIZE) {
        differ |= word_load(a + WORD_SIZE) ^ word_load(b + WORD_SIZE);
        differ |= word_load(a + length - 2 * WORD_SIZE) ^ word_load(b + length - 2 * WORD_SIZE);
    }
    return differ == 0;
}

/* A bit for each attribute before this one. */
static guint64 bits_below(guint attribute) {
    return (G_GUINT64_CONSTANT(1) << attribute) - 1;
}

static void note_seen(Request *request, guint first, guint next) {
    request->seen |= bits_below(next) & ~bits_below(first);
}

/* The attribute whose line it is, or ATTRIBUTE_COUNT. An older Postfix leaves attributes out, and
 * their order stays: those that follow the expected one come first. */
static guint find_attribute(Text line, guint expected) {
    for (guint i = 1; i <= ATTRIBUTE_COUNT; i++) {
        guint attribute = (expected + i) % ATTRIBUTE_COUNT;
        const AttributeInfo *info = &attribute_table[attribute];
        size_t length = info->prefix_length;
        if (line.length >= length && line.data[length - 1] == '='
            && memcmp(line.data, info->prefix, length) == 0) {
            return attribute;
        }
    }
    return ATTRIBUTE_COUNT;
}

static void store(Request *request, guint attribute, Text line) {
    guint64 bit = G_GUINT64_CONSTANT(1) << attribute;
    size_t prefix = attribute_table[attribute].prefix_length;
    if (request->seen & bit) {
        request->repeated |= bit;
        return;
    }
    request->seen |= bit;
    request->values[attribute] = text_make(line.data + prefix, line.length - prefix);
}

static RequestStatus finish(Request *request) {
    guint64 missing = bits_below(ATTRIBUTE_COUNT) & ~request->seen;
    for (; missing; missing &= missing - 1) {
        request->values[__builtin_ctzll(missing)] = (Text){0};
    }
    gboolean policy =
        text_equal(request->values[ATTRIBUTE_REQUEST], TEXT_LITERAL("smtpd_access_policy"));
    return policy ? REQUEST_OK : REQUEST_NOT_POLICY;
}

static RequestStatus judge_unknown(Text line) {
    ssize_t equals = text_find(line, '=');
    if (equals > 0) {
        return REQUEST_INCOMPLETE;
    }
    return equals < 0 ? REQUEST_NO_EQUALS_SIGN : REQUEST_NO_NAME;
}

/* None is expected once an attribute was seen that should come later: it could come again. */
static G_NO_INLINE Step read_other(Request *request, Text line, guint first, guint next) {
    note_seen(request, first, next);
    if (line.length == 0) {
        return (Step){finish(request), next};
    }
    guint attribute = find_attribute(line, next);
    if (attribute == ATTRIBUTE_COUNT) {
        return (Step){judge_unknown(line), next};
    }
    store(request, attribute, line);
    gboolean ordered = (request->seen & ~bits_below(attribute + 1)) == 0;
    return (Step){REQUEST_INCOMPLETE, ordered ? attribute + 1 : ATTRIBUTE_COUNT};
}

static gboolean read_expected(Reader *reader, Text line) {
    if (reader->next == ATTRIBUTE_COUNT) {
        return FALSE;
    }
    const AttributeInfo *info = &attribute_table[reader->next];
    size_t prefix = info->prefix_length;
    if (line.length < prefix || !equal_prefix(line.data, info->prefix, prefix)) {
        return FALSE;
    }
    reader->request->values[reader->next++] = text_make(line.data + prefix, line.length - prefix);
    return TRUE;
}

/* Reads the lines that end within the NEWLINE_STEP bytes from `at`. */
static RequestStatus read_step(Reader *reader, const char *at, guint64 newlines) {
    for (; newlines; newlines &= newlines - 1) {
        const char *newline = at + __builtin_ctzll(newlines);
        Text line = text_make(reader->line, (size_t)(newline - reader->line));
        reader->line = newline + 1;
        if (!read_expected(reader, line)) {
            Step step = read_other(reader->request, line, reader->first, reader->next);
            if (step.status != REQUEST_INCOMPLETE) {
                return step.status;
            }
            reader->first = reader->next = step.next;
        }
    }
    return REQUEST_INCOMPLETE;
}

/* The newlines among the last bytes, of which there are fewer than a step. */
static G_NO_INLINE guint64 last_newlines(Text data, size_t left) {
    char step[NEWLINE_STEP] = {0};
    const char *end = data.data + data.length;
    if (data.length >= NEWLINE_STEP) {
        return newline_mask(end - NEWLINE_STEP) >> (NEWLINE_STEP - left);
    }
    memcpy(step, end - left, left);
    return newline_mask(step);
}

/* A line may be wrong before the block is whole: then that is said at once. */
static RequestStatus read_new(Text data, Request *out, size_t *length) {
    Reader reader = {.request = out, .line = data.data};
    const char *end = data.data + data.length;
    out->seen = 0;
    out->repeated = 0;
    const char *at = data.data;
    while (at < end) {
        size_t left = (size_t)(end - at);
        guint64 newlines = left >= NEWLINE_STEP ? newline_mask(at) : last_newlines(data, left);
        RequestStatus status = read_step(&reader, at, newlines);
        at += MIN(left, NEWLINE_STEP);
        if (status != REQUEST_INCOMPLETE) {
            *length = (size_t)(reader.line - data.data);
            return status;
        }
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
