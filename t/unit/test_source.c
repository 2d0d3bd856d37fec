/*
 * Units of lib/rules/source: reading files, and what can stand in none.
 */
#include "rules/source.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/unit.h"

/* A folder of its own for each test, taken away at its end. */
static char *folder;

static void make_folder(void) {
    folder = g_dir_make_tmp("policyd-XXXXXX", NULL);
    ck_assert_ptr_nonnull(folder);
}

static void remove_folder(void) {
    g_autofree char *file = g_build_filename(folder, "file", NULL);
    g_unlink(file);
    g_rmdir(folder);
    g_clear_pointer(&folder, g_free);
}

static char *write_file(Text text) {
    char *path = g_build_filename(folder, "file", NULL);
    ck_assert(g_file_set_contents(path, text.data, (gssize)text.length, NULL));
    return path;
}

static const Text contents[] = {BYTES(""), BYTES("a"), BYTES("a\n"), BYTES("a\0b\xff"),
                                BYTES("\n\n\n")};

START_TEST(test_read) {
    g_autofree char *path = write_file(contents[_i]);
    g_autoptr(GError) error = NULL;
    g_autoptr(Source) source = source_read(path, "its name", 100, &error);
    ck_assert_msg(source != NULL, "%s", error ? error->message : "");
    ck_assert_str_eq(source->name, "its name");
    UNIT_ASSERT_TEXT("contents", source->text, contents[_i]);
    ck_assert_ptr_nonnull(source->text.data); /* an empty file has a place, too */
}
END_TEST

START_TEST(test_new) {
    g_autofree char *copy = unit_copy(contents[_i]);
    g_autoptr(Source) source = source_new("name", text_make(copy, contents[_i].length));
    g_clear_pointer(&copy, g_free);
    UNIT_ASSERT_TEXT("contents", source->text, contents[_i]);
    ck_assert_ptr_nonnull(source->text.data);
    source_free(NULL);
}
END_TEST

static void assert_refused(const char *path, size_t limit, const char *message) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Source) source = source_read(path, path, limit, &error);
    ck_assert_msg(source == NULL, "%s", path);
    ck_assert_uint_eq(error->domain, G_FILE_ERROR);
    ck_assert_str_eq(error->message, message);
}

START_TEST(test_no_file) {
    g_autofree char *path = g_build_filename(folder, "file", NULL);
    assert_refused(path, 100, "No such file or directory");
    assert_refused("", 100, "No such file or directory");
    assert_refused(folder, 100, "it is not a regular file");
    assert_refused("/dev/null", 100, "it is not a regular file");
}
END_TEST

/* Nobody writes to it: reading it would never end. */
START_TEST(test_fifo) {
    g_autofree char *path = g_build_filename(folder, "file", NULL);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    assert_refused(path, 100, "it is not a regular file");
}
END_TEST

START_TEST(test_unreadable) {
    g_autofree char *path = write_file(TEXT_LITERAL("a"));
    ck_assert_int_eq(g_chmod(path, 0), 0);
    if (geteuid() != 0) {
        assert_refused(path, 100, "Permission denied");
    }
}
END_TEST

#define MIB ((size_t)1024 * 1024)

/* At the limit, and one byte past it. */
START_TEST(test_limit) {
    g_autofree char *bytes = g_strnfill(2 * MIB + 1, 'x');
    g_autofree char *fits = write_file(text_make(bytes, 2 * MIB));
    g_autoptr(Source) source = source_read(fits, fits, 2 * MIB, NULL);
    ck_assert_ptr_nonnull(source);
    ck_assert_uint_eq(source->text.length, 2 * MIB);
    g_autofree char *too_long = write_file(text_make(bytes, 2 * MIB + 1));
    assert_refused(too_long, 2 * MIB, "it is over 2 MiB long");
}
END_TEST

static const struct {
    const char *name;
    Text text;
    const char *fault; /* NULL: none */
} checks[] = {
    {"empty", BYTES(""), NULL},
    {"lines", BYTES("a\n\tb\n"), NULL},
    {"no last newline", BYTES("a"), NULL},
    {"UTF-8", BYTES("b\xc3\xbc \xe2\x82\xac \xf0\x9f\x93\xa7\n"), NULL},
    {"a byte order mark",
     BYTES("\xef\xbb\xbf"
           "permit\n"),
     "1:1: a byte order mark; save the file as UTF-8 without one"},
    {"one behind the start is a character", BYTES("a\xef\xbb\xbf\n"), NULL},
    {"CRLF", BYTES("a\nbc\r\n"), "2:3: a carriage return; save the file with Unix line ends"},
    {"CR alone", BYTES("\r"), "1:1: a carriage return; save the file with Unix line ends"},
    {"NUL", BYTES("a\nb\0c\n"), "2:2: a NUL byte"},
    {"NUL first", BYTES("\0"), "1:1: a NUL byte"},
    {"NUL last", BYTES("ab\0"), "1:3: a NUL byte"},
    {"escape", BYTES("a\x1b[1m\n"), "1:2: a control character"},
    {"DEL", BYTES("\x7f"), "1:1: a control character"},
    {"a vertical tab", BYTES("a\vb"), "1:2: a control character"},
    {"the first of C1", BYTES("a\xc2\x80"), "1:2: a control character"},
    {"a terminal's escape of C1",
     BYTES("a\xc2\x9b"
           "1m"),
     "1:2: a control character"},
    {"the last of C1", BYTES("\xc2\x9f\n"), "1:1: a control character"},
    {"the first behind C1", BYTES("\xc2\xa0"), NULL},
    {"C1 cut short", BYTES("a\xc2"), "1:2: a byte that is not UTF-8"},
    {"Latin-1",
     BYTES("b\xfc"
           "cher\n"),
     "1:2: a byte that is not UTF-8"},
    {"Latin-1 behind UTF-8", BYTES("\xc3\xbc\xfc\n"), "1:2: a byte that is not UTF-8"},
    {"a character cut short", BYTES("\xc3"), "1:1: a byte that is not UTF-8"},
    {"an overlong form", BYTES("\xc0\xaf"), "1:1: a byte that is not UTF-8"},
    {"a surrogate", BYTES("\xed\xa0\x80"), "1:1: a byte that is not UTF-8"},
    {"beyond Unicode", BYTES("\xf4\x90\x80\x80"), "1:1: a byte that is not UTF-8"},
    {"control characters first", BYTES("\xfc\x01"), "1:2: a control character"},
    {"the first of each alone", BYTES("\0\0\0"), "1:1: a NUL byte"},
};

START_TEST(test_check) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autofree char *copy = unit_copy(checks[_i].text);
    g_autoptr(Source) source = source_new("f", text_make(copy, checks[_i].text.length));
    gboolean good = source_check(source, diagnostics);
    ck_assert_msg(good == (checks[_i].fault == NULL), "%s: %d", checks[_i].name, good);
    ck_assert_uint_eq(diagnostics_count(diagnostics), good ? 0 : 1);
    if (!good) {
        const Diagnostic *found = diagnostics_get(diagnostics, 0);
        g_autofree char *fault =
            g_strdup_printf("%u:%u: %s", found->line, found->column, found->message);
        ck_assert_msg(g_str_equal(fault, checks[_i].fault), "%s: %s", checks[_i].name, fault);
    }
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test, int rows) {
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, make_folder, remove_folder);
    tcase_add_loop_test(tcase, test, 0, rows);
    suite_add_tcase(suite, tcase);
}

int main(void) {
    Suite *suite = suite_create("source");
    add(suite, "test_read", test_read, G_N_ELEMENTS(contents));
    UNIT_ADD_TABLE(suite, test_new, contents);
    add(suite, "test_no_file", test_no_file, 1);
    add(suite, "test_fifo", test_fifo, 1);
    add(suite, "test_unreadable", test_unreadable, 1);
    add(suite, "test_limit", test_limit, 1);
    UNIT_ADD_TABLE(suite, test_check, checks);
    return unit_run(suite);
}
