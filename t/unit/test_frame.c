/*
 * Units of lib/protocol/frame: the end of a block is found, and is the same, however the bytes
 * come in.
 */
#include "protocol/frame.h"

#include <string.h>

#include "limit.h"
#include "unit/unit.h"

static const struct {
    const char *name;
    Text data;
    FrameStatus status;
    size_t length;
} rows[] = {
    {"no data", {NULL, 0}, FRAME_INCOMPLETE, 0},
    {"half a line", BYTES("request=smtpd"), FRAME_INCOMPLETE, 0},
    {"a line", BYTES("a=b\n"), FRAME_INCOMPLETE, 0},
    {"a line and a half", BYTES("a=b\nc"), FRAME_INCOMPLETE, 0},
    {"a block", BYTES("a=b\n\n"), FRAME_COMPLETE, 5},
    {"a block of two lines", BYTES("a=b\nc=d\n\n"), FRAME_COMPLETE, 9},
    {"an empty block", BYTES("\n"), FRAME_COMPLETE, 1},
    {"an empty block and more", BYTES("\na=b\n\n"), FRAME_COMPLETE, 1},
    {"two blocks", BYTES("a=b\n\nc=d\n\n"), FRAME_COMPLETE, 5},
    {"three newlines", BYTES("a=b\n\n\n"), FRAME_COMPLETE, 5},
    {"carriage returns end nothing", BYTES("a=b\r\n\r\n"), FRAME_INCOMPLETE, 0},
    {"a line of one carriage return", BYTES("a=b\n\r\n"), FRAME_INCOMPLETE, 0},
    {"a line of one space", BYTES("a=b\n \n"), FRAME_INCOMPLETE, 0},
    {"a NUL ends nothing", BYTES("a=\0b\n\0\n"), FRAME_INCOMPLETE, 0},
    {"a block with NULs", BYTES("a=\0\n\0=\n\n"), FRAME_COMPLETE, 8},
    {"an escaped newline is text", BYTES("a=\\n\\n\n\n"), FRAME_COMPLETE, 8},
};

static void check_whole(size_t row) {
    g_autofree char *copy = unit_copy(rows[row].data);
    size_t scanned = 0;
    size_t length = 4242;
    FrameStatus status = frame_find(text_make(copy, rows[row].data.length), &scanned, &length);
    ck_assert_msg(status == rows[row].status, "%s: status %d", rows[row].name, (int)status);
    ck_assert_msg(length == (status == FRAME_COMPLETE ? rows[row].length : 4242), "%s: length %zu",
                  rows[row].name, length);
}

/* Feeds the first `split` bytes and then all: the answer is that for all at once. */
static void check_split(size_t row, size_t split) {
    Text data = rows[row].data;
    size_t scanned = 0;
    size_t length = 0;
    g_autofree char *start = unit_copy(text_make(data.data, split));
    FrameStatus status = frame_find(text_make(start, split), &scanned, &length);
    if (status == FRAME_INCOMPLETE) {
        ck_assert_msg(scanned <= split, "%s, split at %zu", rows[row].name, split);
        g_autofree char *copy = unit_copy(data);
        status = frame_find(text_make(copy, data.length), &scanned, &length);
    }
    ck_assert_msg(status == rows[row].status, "%s, split at %zu: status %d", rows[row].name, split,
                  (int)status);
    ck_assert_msg(status != FRAME_COMPLETE || length == rows[row].length,
                  "%s, split at %zu: length %zu", rows[row].name, split, length);
}

static void check_bytewise(size_t row) {
    Text data = rows[row].data;
    size_t scanned = 0;
    size_t length = 0;
    FrameStatus status = FRAME_INCOMPLETE;
    size_t fed = 0;
    while (fed < data.length && status == FRAME_INCOMPLETE) {
        fed++;
        g_autofree char *copy = unit_copy(text_make(data.data, fed));
        status = frame_find(text_make(copy, fed), &scanned, &length);
    }
    ck_assert_msg(status == rows[row].status, "%s, by bytes: status %d", rows[row].name,
                  (int)status);
    ck_assert_msg(status != FRAME_COMPLETE || (length == rows[row].length && fed == length),
                  "%s, by bytes: length %zu after %zu", rows[row].name, length, fed);
}

START_TEST(test_find) {
    size_t row = (size_t)_i;
    check_whole(row);
    check_bytewise(row);
    for (size_t split = 0; split <= rows[row].data.length; split++) {
        check_split(row, split);
    }
}
END_TEST

/* A server takes the blocks of one read off the front, each from a scan of its own. */
START_TEST(test_many_blocks) {
    static const Text block = TEXT_LITERAL("request=smtpd_access_policy\nrecipient=u@d\n\n");
    enum { COUNT = 1000 };
    g_autoptr(GString) stream = g_string_new(NULL);
    for (int i = 0; i < COUNT; i++) {
        g_string_append_len(stream, block.data, (gssize)block.length);
    }
    g_string_append(stream, "request=");
    size_t at = 0;
    for (int i = 0; i < COUNT; i++) {
        size_t scanned = 0;
        size_t length = 0;
        Text rest = text_make(stream->str + at, stream->len - at);
        ck_assert_int_eq(frame_find(rest, &scanned, &length), FRAME_COMPLETE);
        ck_assert_uint_eq(length, block.length);
        at += length;
    }
    size_t scanned = 0;
    size_t length = 0;
    Text rest = text_make(stream->str + at, stream->len - at);
    ck_assert_int_eq(frame_find(rest, &scanned, &length), FRAME_INCOMPLETE);
    ck_assert_uint_eq(scanned, rest.length);
}
END_TEST

/* `size` bytes that end a block at their end if `ended`. */
static char *make_bytes(size_t size, gboolean ended) {
    char *bytes = g_malloc(size);
    memset(bytes, 'x', size);
    if (ended) {
        memset(bytes + size - 2, '\n', 2);
    }
    return bytes;
}

static const struct {
    const char *name;
    size_t size;
    gboolean ended;
    FrameStatus status;
} limits[] = {
    {"a block one below the limit", LIMIT_BLOCK - 1, TRUE, FRAME_COMPLETE},
    {"a block at the limit", LIMIT_BLOCK, TRUE, FRAME_COMPLETE},
    {"a block one past the limit", LIMIT_BLOCK + 1, TRUE, FRAME_TOO_LARGE},
    {"a block two past the limit", LIMIT_BLOCK + 2, TRUE, FRAME_TOO_LARGE},
    {"no end, one below the limit", LIMIT_BLOCK - 1, FALSE, FRAME_INCOMPLETE},
    {"no end, at the limit", LIMIT_BLOCK, FALSE, FRAME_TOO_LARGE},
    {"no end, far past the limit", LIMIT_BLOCK * 4, FALSE, FRAME_TOO_LARGE},
};

START_TEST(test_limit) {
    g_autofree char *bytes = make_bytes(limits[_i].size, limits[_i].ended);
    size_t scanned = 0;
    size_t length = 0;
    FrameStatus status = frame_find(text_make(bytes, limits[_i].size), &scanned, &length);
    ck_assert_msg(status == limits[_i].status, "%s: status %d", limits[_i].name, (int)status);
    ck_assert_msg(length == (status == FRAME_COMPLETE ? limits[_i].size : 0), "%s",
                  limits[_i].name);
}
END_TEST

/* The limit holds as well for a block that comes in pieces. */
START_TEST(test_limit_in_pieces) {
    g_autofree char *bytes = make_bytes(limits[_i].size, limits[_i].ended);
    size_t scanned = 0;
    size_t length = 0;
    FrameStatus status = FRAME_INCOMPLETE;
    for (size_t fed = 0; fed < limits[_i].size && status == FRAME_INCOMPLETE;) {
        fed = MIN(fed + 4093, limits[_i].size);
        status = frame_find(text_make(bytes, fed), &scanned, &length);
    }
    ck_assert_msg(status == limits[_i].status, "%s: status %d", limits[_i].name, (int)status);
}
END_TEST

/* Bytes that were scanned are not looked at again: a client that sends a byte at a time costs no
 * more than one that doesn't. */
START_TEST(test_scanned) {
    g_autofree char *bytes = make_bytes(1000, TRUE);
    size_t scanned = 0;
    size_t length = 0;
    ck_assert_int_eq(frame_find(text_make(bytes, 500), &scanned, &length), FRAME_INCOMPLETE);
    ck_assert_uint_eq(scanned, 500);
    memset(bytes + 100, '\n', 2);
    ck_assert_int_eq(frame_find(text_make(bytes, 1000), &scanned, &length), FRAME_COMPLETE);
    ck_assert_uint_eq(length, 1000);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("frame");
    UNIT_ADD_TABLE(suite, test_find, rows);
    unit_add(suite, "test_many_blocks", test_many_blocks, 1);
    UNIT_ADD_TABLE(suite, test_limit, limits);
    UNIT_ADD_TABLE(suite, test_limit_in_pieces, limits);
    unit_add(suite, "test_scanned", test_scanned, 1);
    return unit_run(suite);
}
