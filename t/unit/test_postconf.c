/*
 * Units of policyd/postconf: what a program by that name prints, how it ends, and whether it does,
 * and what becomes of it.
 */
#include "postconf.h"

#include <glib/gstdio.h>
#include <string.h>

#include "limit.h"
#include "server_limit.h"
#include "unit/unit.h"

/* Parameter, value or error, and what the program does for it. */
static const struct {
    const char *parameter;
    const char *value;
    const char *error;
    const char *script;
} rows[] = {
    {"plain", "a b", NULL, "echo 'a b'"},
    {"empty", "", NULL, "echo"},
    {"no_newline", "a", NULL, "printf a"},
    {"several_lines", "a\nb\n", NULL, "printf 'a\\nb\\n\\n'"},
    {"complains_too", "a", NULL, "echo 'postconf: warning: b' >&2; echo a"},
    {"complains_endlessly", "a", NULL, "head -c 100000 /dev/zero >&2; echo a"},
    {"unknown", NULL, "postconf knows no parameter 'unknown'", ":"},
    {"broken", NULL, "postconf failed: it is broken", "echo 'it is broken' >&2; exit 1"},
    {"silently_broken", NULL, "postconf failed: ", "echo a; exit 1"},
    {"killed", NULL, "postconf failed: ", "echo a; kill -9 $$"},
    {"UPPER", NULL, "'UPPER' is not the name of a parameter", "echo a"},
    {"-d", NULL, "'-d' is not the name of a parameter", "echo a"},
    {"a b", NULL, "'a b' is not the name of a parameter", "echo a"},
    {"", NULL, "'' is not the name of a parameter", "echo a"},
};

/* Puts a postconf with this script before all else in PATH; returns its folder. */
static char *install(const char *script) {
    char *folder = g_dir_make_tmp("postconf-XXXXXX", NULL);
    g_autofree char *program = g_build_filename(folder, "postconf", NULL);
    g_autofree char *text = g_strconcat("#!/bin/sh\n", script, "\n", NULL);
    g_autofree char *path = g_strconcat(folder, ":", g_getenv("PATH"), NULL);
    ck_assert(g_file_set_contents(program, text, -1, NULL));
    ck_assert_int_eq(g_chmod(program, 0700), 0);
    g_setenv("PATH", path, TRUE);
    return folder;
}

static void uninstall(char *folder) {
    g_autofree char *program = g_build_filename(folder, "postconf", NULL);
    g_remove(program);
    g_rmdir(folder);
    g_free(folder);
}

START_TEST(test_run) {
    g_autoptr(GError) error = NULL;
    char *folder = install(rows[_i].script);
    g_autofree char *value = postconf_run(rows[_i].parameter, &error);
    uninstall(folder);
    ck_assert_pstr_eq(value, rows[_i].value);
    ck_assert_pstr_eq(error ? error->message : NULL, rows[_i].error);
}
END_TEST

/* At the limit, newline included, and one past it. */
START_TEST(test_length) {
    g_autoptr(GError) error = NULL;
    g_autofree char *script =
        g_strdup_printf("head -c %d /dev/zero | tr '\\0' a; echo", LIMIT_POSTCONF_VALUE - 1 + _i);
    char *folder = install(script);
    g_autofree char *value = postconf_run("long", &error);
    uninstall(folder);
    g_autofree char *want =
        g_strdup_printf("its value is longer than %d bytes", LIMIT_POSTCONF_VALUE);
    ck_assert_uint_eq(value ? strlen(value) : 0, _i == 0 ? LIMIT_POSTCONF_VALUE - 1 : 0);
    ck_assert_pstr_eq(error ? error->message : NULL, _i == 0 ? NULL : want);
}
END_TEST

START_TEST(test_name) {
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strnfill((gsize)LIMIT_POSTCONF_NAME + (gsize)_i, 'a');
    char *folder = install("echo a");
    g_autofree char *value = postconf_run(name, &error);
    uninstall(folder);
    ck_assert_int_eq(value != NULL, _i == 0);
}
END_TEST

/* GThreadFunc: the error's text. */
static gpointer ask(gpointer parameter) {
    g_autoptr(GError) error = NULL;
    g_autofree char *value = postconf_run(parameter, &error);
    return value ? NULL : g_strdup(error->message);
}

/* Both kinds at once, for the time that it takes. */
START_TEST(test_hangs) {
    static char parameters[][8] = {"mute", "closed"};
    GThread *threads[G_N_ELEMENTS(parameters)];
    gint64 began = g_get_monotonic_time();
    char *folder = install("[ $2 = mute ] || exec >&- 2>&-\nexec sleep 60");
    for (guint i = 0; i < G_N_ELEMENTS(parameters); i++) {
        threads[i] = g_thread_new("ask", ask, parameters[i]);
    }
    g_autofree char *want =
        g_strdup_printf("postconf did not answer within %d seconds", LIMIT_POSTCONF_SECONDS);
    for (guint i = 0; i < G_N_ELEMENTS(parameters); i++) {
        g_autofree char *error = g_thread_join(threads[i]);
        ck_assert_pstr_eq(error, want);
    }
    uninstall(folder);
    ck_assert_int_lt(g_get_monotonic_time() - began, 40 * G_USEC_PER_SEC);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("postconf");
    TCase *tcase = tcase_create("hangs");
    UNIT_ADD_TABLE(suite, test_run, rows);
    unit_add(suite, "test_length", test_length, 2);
    unit_add(suite, "test_name", test_name, 2);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_hangs);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
