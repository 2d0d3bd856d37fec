/*
 * Units of policyd/ctl/relay_test/password: the first line of a file.
 */
#include "ctl/relay_test/password.h"

#include <string.h>
#include <unistd.h>

#include "ctl/relay_test/relay_limit.h"
#include "unit/unit.h"

static const struct {
    const char *name;
    Text file;
    const char *password; /* NULL: none */
} files[] = {
    {"a line", BYTES("correct horse\n"), "correct horse"},
    {"without an end", BYTES("secret"), "secret"},
    {"CR LF", BYTES("secret\r\n"), "secret"},
    {"more lines", BYTES("secret\nother\n"), "secret"},
    {"blanks count", BYTES(" se cret \n"), " se cret "},
    {"not ASCII", BYTES("s\xc3\xa9sam\n"), "s\xc3\xa9sam"},
    {"empty", BYTES(""), NULL},
    {"an empty line", BYTES("\nsecret\n"), NULL},
    {"a NUL", BYTES("se\0cret\n"), NULL},
    {"an interrupt", BYTES("se\x03\n"), NULL},
};

static char *read_file(const char *data, size_t length, GError **error) {
    char path[] = "/tmp/policyd-password-XXXXXX";
    int fd = g_mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, data, length), (ssize_t)length);
    close(fd);
    char *password = relay_password_read(path, error);
    unlink(path);
    return password;
}

START_TEST(test_file) {
    g_autoptr(GError) error = NULL;
    g_autofree char *password = read_file(files[_i].file.data, files[_i].file.length, &error);
    ck_assert_pstr_eq(password, files[_i].password);
    ck_assert_int_eq(error == NULL, password != NULL);
}
END_TEST

static const struct {
    size_t length;
    gboolean taken;
} lengths[] = {{LIMIT_RELAY_PASSWORD, TRUE}, {LIMIT_RELAY_PASSWORD + 1, FALSE}};

START_TEST(test_length) {
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strnfill(lengths[_i].length + 1, 'x');
    text[lengths[_i].length] = '\n';
    g_autofree char *password = read_file(text, lengths[_i].length + 1, &error);
    ck_assert_int_eq(password != NULL, lengths[_i].taken);
    ck_assert(!password || strlen(password) == lengths[_i].length);
}
END_TEST

static const char *const missing[] = {"/nonexistent/password"};

START_TEST(test_missing) {
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(relay_password_read(missing[_i], &error));
    ck_assert_str_eq(error->message,
                     "cannot read '/nonexistent/password': No such file or directory");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("relay_password");
    UNIT_ADD_TABLE(suite, test_file, files);
    UNIT_ADD_TABLE(suite, test_length, lengths);
    UNIT_ADD_TABLE(suite, test_missing, missing);
    return unit_run(suite);
}
