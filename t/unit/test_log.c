/*
 * Units of policyd/log: a message as a line, and a pipe or a terminal that nobody reads for a
 * while.
 */
#include "log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server_limit.h"
#include "unit/unit.h"

/* Standard error of this process is a pipe from here on. Returns where it is read, which does not
 * wait. */
static int take_stderr(void) {
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    close(ends[1]);
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    return ends[0];
}

static char *read_all(int fd) {
    GString *text = g_string_new(NULL);
    char bytes[4096];
    ssize_t count;
    while ((count = read(fd, bytes, sizeof bytes)) > 0) {
        g_string_append_len(text, bytes, count);
    }
    return g_string_free(text, FALSE);
}

static const struct {
    const char *name;
    const char *text;
    const char *want;
} messages[] = {
    {"plain", "cannot open 'a': no", "policyd: warning: cannot open 'a': no\n"},
    {"nothing", "", "policyd: warning: \n"},
    {"a newline", "a\npolicyd: error: b", "policyd: warning: a\\x0apolicyd: error: b\n"},
    {"a backslash", "\\x0a", "policyd: warning: \\x5cx0a\n"},
    {"control characters", "\x01\x1b[2J\x7f", "policyd: warning: \\x01\\x1b[2J\\x7f\n"},
    {"not ASCII", "\xc2\x9b\xff", "policyd: warning: \\xc2\\x9b\\xff\n"},
};

START_TEST(test_message) {
    int fd = take_stderr();
    log_warning("%s", messages[_i].text);
    g_autofree char *got = read_all(fd);
    UNIT_ASSERT_TEXT(messages[_i].name, text_from_string(got), text_from_string(messages[_i].want));
}
END_TEST

START_TEST(test_severities) {
    int fd = take_stderr();
    log_info("%d", 1);
    log_warning("%d", 2);
    log_error("%d", 3);
    g_autofree char *got = read_all(fd);
    ck_assert_str_eq(got, "policyd: info: 1\npolicyd: warning: 2\npolicyd: error: 3\n");
}
END_TEST

/* At most so many bytes, the newline included, whatever is cut: an escape is written whole. */
START_TEST(test_long) {
    static const char bytes[] = {'a', '\n'};
    int fd = take_stderr();
    g_autofree char *text = g_strnfill(2 * LIMIT_LOG_LINE, bytes[_i]);
    log_error("%s", text);
    g_autofree char *got = read_all(fd);
    size_t length = strlen(got);
    ck_assert_uint_le(length, LIMIT_LOG_LINE);
    ck_assert_uint_ge(length, LIMIT_LOG_LINE - 8);
    ck_assert_msg(g_str_has_suffix(got, _i == 0 ? "aaa\n" : "\\x0a\n"), "%s", got + length - 8);
}
END_TEST

START_TEST(test_lost) {
    int fd = take_stderr();
    int messages_that_fit = 0;
    g_autofree char *text = g_strnfill(LIMIT_LOG_LINE, 'a');
    ck_assert_int_gt(fcntl(fd, F_SETPIPE_SZ, 8192), 0);
    for (int i = 0; i < 10; i++) {
        log_info("%s", text);
    }
    g_autofree char *first = read_all(fd);
    for (const char *at = first; (at = strchr(at, '\n')); at++) {
        messages_that_fit++;
    }
    ck_assert_int_lt(messages_that_fit, 10);
    log_info("read again");
    log_info("and again");
    g_autofree char *rest = read_all(fd);
    g_autofree char *want =
        g_strdup_printf("policyd: warning: %d messages before this one were lost\n"
                        "policyd: info: read again\npolicyd: info: and again\n",
                        10 - messages_that_fit);
    ck_assert_str_eq(rest, want);
}
END_TEST

/* As where a user has stopped the output. What the terminal was opened with is not changed. The log
 * looks once in a process what standard error is: where all tests share one, it is a pipe. */
START_TEST(test_terminal) {
    if (g_strcmp0(g_getenv("CK_FORK"), "no") == 0) {
        return;
    }
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_ge(master, 0);
    ck_assert_int_eq(grantpt(master), 0);
    ck_assert_int_eq(unlockpt(master), 0);
    int terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    ck_assert_int_eq(dup2(terminal, STDERR_FILENO), STDERR_FILENO);
    g_autofree char *text = g_strnfill(LIMIT_LOG_LINE / 2, 'a');
    for (int i = 0; i < 100; i++) {
        log_info("%s", text);
    }
    g_autofree char *first = read_all(master);
    ck_assert(g_str_has_prefix(first, "policyd: info: aaa"));
    log_info("read again");
    g_autofree char *rest = read_all(master);
    ck_assert_msg(g_str_has_suffix(rest, " messages before this one were lost\r\n"
                                         "policyd: info: read again\r\n"),
                  "%s", rest);
    ck_assert_int_eq(fcntl(terminal, F_GETFL) & O_NONBLOCK, 0);
    close(terminal);
    close(master);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("log");
    TCase *tcase = tcase_create("plain");
    UNIT_ADD_TABLE(suite, test_message, messages);
    unit_add(suite, "test_long", test_long, 2);
    tcase_add_test(tcase, test_severities);
    tcase_add_test(tcase, test_lost);
    tcase_add_test(tcase, test_terminal);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
