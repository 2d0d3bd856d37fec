/*
 * Units of policyd/ctl/import/new_file.c: what is there stays, and nothing is left behind.
 */
#include "ctl/import/new_file.h"

#include <glib/gstdio.h>

#include "unit/unit.h"

static guint count_files(const char *folder) {
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    guint count = 0;
    while (g_dir_read_name(dir)) {
        count++;
    }
    return count;
}

static void check_text(const char *path, const char *text) {
    g_autofree char *got = NULL;
    ck_assert(g_file_get_contents(path, &got, NULL, NULL));
    ck_assert_str_eq(got, text);
}

START_TEST(test_write) {
    g_autofree char *folder = g_dir_make_tmp("new-file-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "a.rules", NULL);
    g_autoptr(GError) error = NULL;
    ck_assert(new_file_write(path, "one\n", FALSE, NULL));
    check_text(path, "one\n");
    ck_assert(!new_file_write(path, "two\n", FALSE, &error));
    ck_assert(g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_EXIST));
    check_text(path, "one\n");
    ck_assert(new_file_write(path, "two\n", TRUE, NULL));
    check_text(path, "two\n");
    ck_assert_uint_eq(count_files(folder), 1);
    ck_assert_int_eq(g_remove(path), 0);
    ck_assert_int_eq(g_rmdir(folder), 0);
}
END_TEST

START_TEST(test_no_folder) {
    g_autoptr(GError) error = NULL;
    ck_assert(!new_file_write("/nowhere/a.rules", "one\n", TRUE, &error));
    ck_assert(g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT));
}
END_TEST

/* A folder can't be replaced; what was written aside is gone. */
START_TEST(test_folder_in_place) {
    g_autofree char *folder = g_dir_make_tmp("new-file-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "a.rules", NULL);
    ck_assert_int_eq(g_mkdir(path, 0700), 0);
    ck_assert(!new_file_write(path, "one\n", TRUE, NULL));
    ck_assert_uint_eq(count_files(folder), 1);
    ck_assert_int_eq(g_rmdir(path), 0);
    ck_assert_int_eq(g_rmdir(folder), 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("import_new_file");
    unit_add(suite, "test_write", test_write, 1);
    unit_add(suite, "test_no_folder", test_no_folder, 1);
    unit_add(suite, "test_folder_in_place", test_folder_in_place, 1);
    return unit_run(suite);
}
