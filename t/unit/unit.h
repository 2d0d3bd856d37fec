/*
 * Unit: what the unit tests share. A test is a table of named cases and one loop test over it, so
 * that each row fails by its own name and the others still run.
 */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>
#include <glib.h>
#include <stdlib.h>

#include "protocol/text.h"

/* The bytes of a literal, less its NUL, for a static table: those inside it count too. */
#define BYTES(s) \
    { (s), sizeof(s) - 1 }

/* Adds a loop test over the rows of a table; in the test, `_i` is the row. */
#define UNIT_ADD_TABLE(suite, test, table) unit_add(suite, #test, test, (int)G_N_ELEMENTS(table))

static inline void unit_add(Suite *suite, const char *name, const TTest *test, int rows) {
    TCase *tcase = tcase_create(name);
    tcase_add_loop_test(tcase, test, 0, rows);
    suite_add_tcase(suite, tcase);
}

/* Runs and frees the suite; main() returns what this does. */
static inline int unit_run(Suite *suite) {
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Copies the bytes into a block of just their size, so that a sanitizer sees a read past them. The
 * caller frees .data with g_free(). */
static inline char *unit_copy(Text text) {
    char *copy = g_malloc(MAX(text.length, 1));
    for (size_t i = 0; i < text.length; i++) {
        copy[i] = text.data[i];
    }
    return copy;
}

/* The bytes as a C literal would show them, for a message; leaked, as the test has failed. */
static inline const char *unit_show(Text text) {
    GString *shown = g_string_new("\"");
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.data[i];
        g_string_append_printf(shown, g_ascii_isprint(byte) ? "%c" : "\\x%02x",
                               (guint)(guchar)byte);
    }
    g_string_append_c(shown, '"');
    return g_string_free(shown, FALSE);
}

#define UNIT_ASSERT_TEXT(name, got, want)                                                          \
    do {                                                                                           \
        Text unit_got = (got);                                                                     \
        Text unit_want = (want);                                                                   \
        if (!text_equal(unit_got, unit_want)) {                                                    \
            ck_abort_msg("%s: got %s, not %s", (name), unit_show(unit_got), unit_show(unit_want)); \
        }                                                                                          \
    } while (0)

#endif
