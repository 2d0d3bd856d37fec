/*
 * Units of policyd/ctl/audit_log: lines of every length, whole and in pieces.
 */
#include "ctl/audit_log.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl_limit.h"
#include "unit/unit.h"

/* A file that holds the text; the caller frees the path. */
static char *write_file(const char *text, size_t length) {
    char *path = NULL;
    int fd = g_file_open_tmp("policyd-XXXXXX", &path, NULL);
    ck_assert_int_ge(fd, 0);
    g_close(fd, NULL);
    ck_assert(g_file_set_contents(path, text, (gssize)length, NULL));
    return path;
}

static const struct {
    const char *name;
    const char *text;
    const char *lines[4];
} files[] = {
    {"nothing", "", {NULL}},
    {"a line", "a\n", {"a\n"}},
    {"no newline at the end", "a\nb", {"a\n", "b"}},
    {"empty lines", "\n\na\n", {"\n", "\n", "a\n"}},
};

START_TEST(test_lines) {
    g_autofree char *path = write_file(files[_i].text, strlen(files[_i].text));
    g_autoptr(AuditLog) log = audit_log_open(path, NULL);
    GError *error = NULL;
    size_t length;
    guint count = 0;
    for (char *line; (line = audit_log_next(log, &length, &error)); count++) {
        UNIT_ASSERT_TEXT(files[_i].name, text_make(line, length),
                         text_from_string(files[_i].lines[count]));
        ck_assert_uint_eq(audit_log_line(log), count + 1);
    }
    ck_assert(error == NULL);
    ck_assert_ptr_null(files[_i].lines[count]);
    ck_assert_int_eq(g_unlink(path), 0);
}
END_TEST

/* A line of just as many bytes as there is room for, its newline among them, and longer ones, of
 * which as many come; behind `before` bytes of another line, and before one more. */
static void check_long(size_t before, size_t bytes) {
    g_autofree char *text = g_malloc(before + bytes + 2);
    memset(text, 'x', before + bytes);
    text[before - 1] = '\n';
    text[before + bytes - 1] = '\n';
    memcpy(text + before + bytes, "z\n", 2);
    g_autofree char *path = write_file(text, before + bytes + 2);
    g_autoptr(AuditLog) log = audit_log_open(path, NULL);
    size_t length;
    ck_assert_ptr_nonnull(audit_log_next(log, &length, NULL));
    ck_assert_uint_eq(length, before);
    char *line = audit_log_next(log, &length, NULL);
    ck_assert_uint_eq(length, MIN(bytes, LIMIT_LOG_BLOCK));
    ck_assert_int_eq(line[length - 1] == '\n', bytes <= LIMIT_LOG_BLOCK);
    line = audit_log_next(log, &length, NULL);
    UNIT_ASSERT_TEXT("behind it", text_make(line, length), TEXT_LITERAL("z\n"));
    ck_assert_uint_eq(audit_log_line(log), 3);
    ck_assert_ptr_null(audit_log_next(log, &length, NULL));
    ck_assert_int_eq(g_unlink(path), 0);
}

START_TEST(test_long) {
    static const size_t sizes[] = {LIMIT_LOG_BLOCK - 1,     LIMIT_LOG_BLOCK,
                                   LIMIT_LOG_BLOCK + 1,     2 * LIMIT_LOG_BLOCK,
                                   2 * LIMIT_LOG_BLOCK + 1, 3 * LIMIT_LOG_BLOCK + 7};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        check_long(1, sizes[i]);
        check_long(LIMIT_LOG_BLOCK / 2, sizes[i]);
    }
}
END_TEST

/* Lines across the ends of blocks. */
START_TEST(test_many) {
    g_autoptr(GString) text = g_string_new(NULL);
    guint count = 0;
    for (; text->len < 3 * LIMIT_LOG_BLOCK; count++) {
        g_string_append_printf(text, "%u %0*u\n", count, (int)(count % 1000), count);
    }
    g_autofree char *path = write_file(text->str, text->len);
    g_autoptr(AuditLog) log = audit_log_open(path, NULL);
    const char *want = text->str;
    size_t length;
    for (char *line; (line = audit_log_next(log, &length, NULL)); want += length) {
        ck_assert_int_eq(memcmp(line, want, length), 0);
        ck_assert_int_eq(line[length - 1], '\n');
    }
    ck_assert_ptr_eq(want, text->str + text->len);
    ck_assert_uint_eq(audit_log_line(log), count);
    ck_assert_int_eq(g_unlink(path), 0);
}
END_TEST

/* A pipe gives what there is: a line comes in pieces. */
START_TEST(test_pieces) {
    int ends[2];
    size_t length;
    ck_assert_int_eq(pipe(ends), 0);
    g_autofree char *path = g_strdup_printf("/dev/fd/%d", ends[0]);
    g_autoptr(AuditLog) log = audit_log_open(path, NULL);
    ck_assert_ptr_nonnull(log);
    pid_t child = fork();
    if (child == 0) {
        for (const char *at = "ab\nc\n\nd"; *at; at++) {
            if (write(ends[1], at, 1) != 1) {
                _exit(1);
            }
            g_usleep(2000);
        }
        _exit(0);
    }
    close(ends[1]);
    static const char *const lines[] = {"ab\n", "c\n", "\n", "d"};
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        const char *line = audit_log_next(log, &length, NULL);
        ck_assert_ptr_nonnull(line);
        UNIT_ASSERT_TEXT("piece", text_make(line, length), text_from_string(lines[i]));
    }
    ck_assert_ptr_null(audit_log_next(log, &length, NULL));
    close(ends[0]);
}
END_TEST

START_TEST(test_unreadable) {
    g_autoptr(GError) missing = NULL;
    g_autoptr(GError) folder = NULL;
    size_t length;
    ck_assert_ptr_null(audit_log_open(TEST_FOLDER "/no-such-file", &missing));
    ck_assert(g_error_matches(missing, G_FILE_ERROR, G_FILE_ERROR_NOENT));
    g_autoptr(AuditLog) log = audit_log_open(TEST_FOLDER, NULL);
    ck_assert_ptr_nonnull(log);
    ck_assert_ptr_null(audit_log_next(log, &length, &folder));
    ck_assert(g_error_matches(folder, G_FILE_ERROR, G_FILE_ERROR_ISDIR));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("audit_log");
    UNIT_ADD_TABLE(suite, test_lines, files);
    unit_add(suite, "test_long", test_long, 1);
    unit_add(suite, "test_many", test_many, 1);
    unit_add(suite, "test_pieces", test_pieces, 1);
    unit_add(suite, "test_unreadable", test_unreadable, 1);
    return unit_run(suite);
}
