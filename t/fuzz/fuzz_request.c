/*
 * Fuzz target request: frame_find() and request_read() against a plain reading of the same bytes,
 * whole and split at every place; and the typed values of what was read.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "limit.h"
#include "protocol/frame.h"
#include "protocol/request.h"
#include "protocol/xtext.h"

/* Of longer blocks only so many splits are tried, as each reads the whole. */
#define SPLITS 64

/* The bytes, told apart without any of the code that is tried. */
typedef struct {
    FrameStatus frame;
    size_t length; /* of the block, or of what may be looked at */
    RequestStatus status;
    Request request;
} Plain;

static void find_frame(Text data, Plain *out) {
    out->frame = data.length >= LIMIT_BLOCK ? FRAME_TOO_LARGE : FRAME_INCOMPLETE;
    out->length = MIN(data.length, LIMIT_BLOCK);
    for (size_t i = 0; i < out->length; i++) {
        if (data.data[i] == '\n' && (i == 0 || data.data[i - 1] == '\n')) {
            out->frame = FRAME_COMPLETE;
            out->length = i + 1;
        }
    }
}

static RequestStatus read_line(Text line, Request *request) {
    Attribute attribute;
    size_t name = 0;
    while (name < line.length && line.data[name] != '=') {
        name++;
    }
    if (name == line.length || name == 0) {
        return name == 0 && line.length > 0 ? REQUEST_NO_NAME : REQUEST_NO_EQUALS_SIGN;
    }
    if (attribute_find(text_make(line.data, name), &attribute)) {
        guint64 bit = G_GUINT64_CONSTANT(1) << attribute;
        if (request->seen & bit) {
            request->repeated |= bit;
        } else {
            request->seen |= bit;
            request->values[attribute] = text_make(line.data + name + 1, line.length - name - 1);
        }
    }
    return REQUEST_OK;
}

/* The first wrong line decides, be the block whole or not. */
static void read_lines(Text data, Plain *out) {
    size_t start = 0;
    out->status = out->frame == FRAME_TOO_LARGE ? REQUEST_TOO_LARGE : REQUEST_INCOMPLETE;
    for (size_t i = 0; i < out->length; i++) {
        if (data.data[i] != '\n') {
            continue;
        }
        if (i == start) {
            gboolean policy = text_equal(out->request.values[ATTRIBUTE_REQUEST],
                                         TEXT_LITERAL("smtpd_access_policy"));
            out->status = policy ? REQUEST_OK : REQUEST_NOT_POLICY;
            return;
        }
        RequestStatus status = read_line(text_make(data.data + start, i - start), &out->request);
        if (status != REQUEST_OK) {
            out->status = status;
            return;
        }
        start = i + 1;
    }
}

static void check_same(const Plain *plain, RequestStatus status, const Request *request,
                       size_t length) {
    FUZZ_ASSERT(status == plain->status, "status %d, not %d", (int)status, (int)plain->status);
    if (status != REQUEST_OK) {
        return;
    }
    FUZZ_ASSERT(length == plain->length, "length %zu, not %zu", length, plain->length);
    FUZZ_ASSERT(request->seen == plain->request.seen, "seen");
    FUZZ_ASSERT(request->repeated == plain->request.repeated, "repeated");
    for (guint i = 0; i < ATTRIBUTE_COUNT; i++) {
        FUZZ_ASSERT(text_equal(request->values[i], plain->request.values[i]), "attribute %u", i);
    }
}

/* Some bytes first, and then all of them. A line that is wrong is told when it is seen first, which
 * a block without an end may hide. */
static void check_split(const Plain *plain, Text data, size_t first) {
    g_autofree char *head = fuzz_copy(text_make(data.data, first));
    Request request;
    size_t scanned = 0;
    size_t length = 0;
    RequestStatus status = request_read(text_make(head, first), &scanned, &request, &length);
    gboolean again = status == REQUEST_INCOMPLETE;
    FUZZ_ASSERT(scanned <= first, "looked at %zu of %zu", scanned, first);
    if (again) {
        status = request_read(data, &scanned, &request, &length);
    } else if (status == REQUEST_OK) {
        request_parse(text_make(data.data, length), &request);
    }
    if (again && plain->frame != FRAME_COMPLETE) {
        RequestStatus late =
            plain->frame == FRAME_TOO_LARGE ? REQUEST_TOO_LARGE : REQUEST_INCOMPLETE;
        FUZZ_ASSERT(status == late || status == plain->status, "split at %zu", first);
        return;
    }
    check_same(plain, status, &request, length);
}

static void check_frame(const Plain *plain, Text data) {
    size_t scanned = 0;
    size_t length = 0;
    FrameStatus status = FRAME_INCOMPLETE;
    for (size_t have = 0; status == FRAME_INCOMPLETE && have <= data.length; have++) {
        status = frame_find(text_make(data.data, have), &scanned, &length);
    }
    FUZZ_ASSERT(status == plain->frame, "a byte at a time: %d, not %d", (int)status,
                (int)plain->frame);
    FUZZ_ASSERT(status != FRAME_COMPLETE || length == plain->length, "a byte at a time: length");
}

static void check_number(const Request *request, Attribute attribute) {
    guint64 number;
    char digits[24];
    Text value = request->values[attribute];
    if (!request_number(request, attribute, &number)) {
        return;
    }
    while (value.length > 1 && value.data[0] == '0') {
        value = text_make(value.data + 1, value.length - 1);
    }
    g_snprintf(digits, sizeof digits, "%" G_GUINT64_FORMAT, number);
    FUZZ_ASSERT(text_equal(value, text_from_string(digits)), "number %s", digits);
}

static void check_address(const Request *request, Attribute attribute) {
    Address address;
    Address again;
    char text[ADDRESS_TEXT_SIZE];
    if (request_address(request, attribute, &address)) {
        address_print(&address, text);
        FUZZ_ASSERT(address_parse(text_from_string(text), &again), "address %s", text);
        FUZZ_ASSERT(address_equal(&address, &again), "address %s", text);
    }
}

static void check_xtext(Text value, char *scratch) {
    Text decoded;
    g_autofree char *encoded = xtext_encode(value);
    FUZZ_ASSERT(xtext_decode(text_from_string(encoded), scratch, &decoded), "%s", encoded);
    FUZZ_ASSERT(text_equal(decoded, value), "%s", encoded);
}

static void check_values(const Request *request) {
    static char scratch[LIMIT_BLOCK];
    for (guint i = 0; i < ATTRIBUTE_COUNT; i++) {
        Text value = request_value(request, (Attribute)i, scratch);
        FUZZ_ASSERT(value.length <= request->values[i].length, "attribute %u grew", i);
        check_number(request, (Attribute)i);
        check_address(request, (Attribute)i);
        check_xtext(request->values[i], scratch);
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size) {
    Text input = fuzz_text(data, size);
    Plain plain = {.frame = FRAME_INCOMPLETE};
    find_frame(input, &plain);
    read_lines(input, &plain);
    check_frame(&plain, input);
    size_t step = size / SPLITS + 1;
    for (size_t first = 0; first <= size; first += step) {
        check_split(&plain, input, first);
    }
    if (plain.status == REQUEST_OK) {
        check_values(&plain.request);
    }
    return 0;
}
