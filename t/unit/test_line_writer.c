/*
 * Units of policyd/line_writer: a pipe that no one reads. What audit_sink adds for files is tested
 * there.
 */
#include "line_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "unit/unit.h"

/* `count` lines of `length` bytes, newline included. */
static char *make_lines(char byte, size_t length, size_t count) {
    char *lines = g_strnfill(length * count, byte);
    for (size_t i = 1; i <= count; i++) {
        lines[length * i - 1] = '\n';
    }
    return lines;
}

static size_t drain(int fd, char *out, size_t size) {
    size_t length = 0;
    ssize_t got;
    while ((got = read(fd, out + length, size - length)) > 0) {
        length += (size_t)got;
    }
    return length;
}

static const struct {
    const char *name;
    size_t length;
} pipes[] = {
    {"short lines", 100},          {"lines that fit a page", 4096},       {"one byte more", 4097},
    {"lines of many pages", 9999}, {"a line larger than a pipe", 100000},
};

/* More is written than a pipe holds; then it is emptied and written to again. */
START_TEST(test_pipe) {
    static char out[1 << 20];
    size_t length = pipes[_i].length;
    size_t count = 300000 / length;
    g_autofree char *first = make_lines('a', length, count);
    g_autofree char *second = make_lines('b', length, 1);
    LineLoss loss = {0};
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    LineWriter *writer = line_writer_new(ends[1]);

    line_writer_write(writer, first, length * count, &loss);
    ck_assert_uint_gt(loss.lines, 0);
    ck_assert_int_eq(loss.error, EAGAIN);
    ck_assert_mem_eq(loss.last.text, first + length * (count - 1), sizeof loss.last.text);
    ck_assert_mem_eq(loss.first.text, first + length * (count - loss.lines),
                     sizeof loss.first.text);
    size_t got = drain(ends[0], out, sizeof out);
    ck_assert_int_eq(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);

    LineLoss none = {0};
    while (got < length * (count - loss.lines)) {
        line_writer_write(writer, "", 0, &none);
        got += drain(ends[0], out + got, sizeof out - got);
    }
    line_writer_write(writer, second, length, &none);
    got += drain(ends[0], out + got, sizeof out - got);
    line_writer_write(writer, "", 0, &none);
    got += drain(ends[0], out + got, sizeof out - got);
    g_autofree char *kept = g_strndup(first, length * (count - loss.lines));
    g_autofree char *want = g_strconcat(kept, second, NULL);
    ck_assert_uint_eq(none.lines, 0);
    UNIT_ASSERT_TEXT(pipes[_i].name, text_make(out, got), text_from_string(want));
    ck_assert(line_writer_free(writer));
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* A reader that is gone costs the lines, and the begun one is told when the writer goes. */
START_TEST(test_no_reader) {
    LineLoss loss = {0};
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    LineWriter *writer = line_writer_new(ends[1]);
    line_writer_write(writer, "a\nb\n", 4, &loss);
    ck_assert_uint_eq(loss.lines, 2);
    ck_assert_int_eq(loss.error, EPIPE);
    ck_assert(line_writer_free(writer));
    close(ends[1]);
}
END_TEST

START_TEST(test_unfinished) {
    g_autofree char *line = make_lines('a', 100000, 1);
    LineLoss loss = {0};
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    LineWriter *writer = line_writer_new(ends[1]);
    line_writer_write(writer, line, 100000, &loss);
    ck_assert_uint_eq(loss.lines, 0);
    ck_assert_msg(!line_writer_free(writer), "the rest of the line was lost");
    close(ends[0]);
    close(ends[1]);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("line_writer");
    UNIT_ADD_TABLE(suite, test_pipe, pipes);
    unit_add(suite, "test_no_reader", test_no_reader, 1);
    unit_add(suite, "test_unfinished", test_unfinished, 1);
    return unit_run(suite);
}
