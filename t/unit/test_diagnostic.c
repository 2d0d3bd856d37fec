/*
 * Units of lib/rules/diagnostic: places, excerpts, carets, order and the limit.
 */
#include "rules/diagnostic.h"

#include <string.h>
#include <time.h>

#include "limit.h"
#include "rules/source.h"
#include "unit/unit.h"

#define EURO "\xe2\x82\xac"
#define BAD "\xef\xbf\xbd" /* U+FFFD */

static const struct {
    const char *name;
    Text text;
    size_t offset;
    size_t length;
    const char *formatted;
} places[] = {
    {"the start", BYTES("permit\n"), 0, 6, "f:1:1: error: wrong\npermit\n^~~~~~\n"},
    {"inside a line", BYTES("permit if x\n"), 10, 1,
     "f:1:11: error: wrong\npermit if x\n          ^\n"},
    {"the second line", BYTES("a\nbc\nd\n"), 3, 1, "f:2:2: error: wrong\nbc\n ^\n"},
    {"no last newline", BYTES("a\nbc"), 2, 2, "f:2:1: error: wrong\nbc\n^~\n"},
    {"behind the last word", BYTES("abc\n"), 3, 0, "f:1:4: error: wrong\nabc\n   ^\n"},
    {"the end of the file", BYTES("abc"), 3, 0, "f:1:4: error: wrong\nabc\n   ^\n"},
    {"behind the last newline", BYTES("abc\n"), 4, 0, "f:2:1: error: wrong\n\n^\n"},
    {"an empty file", BYTES(""), 0, 0, "f:1:1: error: wrong\n\n^\n"},
    {"an empty line", BYTES("a\n\nb\n"), 2, 0, "f:2:1: error: wrong\n\n^\n"},
    {"over a line's end", BYTES("ab\ncd\n"), 1, 4, "f:1:2: error: wrong\nab\n ^\n"},
    {"characters are counted, not bytes", BYTES(EURO EURO "x" EURO "\n"), 6, 4,
     "f:1:3: error: wrong\n" EURO EURO "x" EURO "\n  ^~\n"},
    {"a tab is one column, shown as a space", BYTES("\ta\tb\n"), 3, 1,
     "f:1:4: error: wrong\n a b\n   ^\n"},
    {"a NUL is shown", BYTES("a\0b\n"), 2, 1, "f:1:3: error: wrong\na" BAD "b\n  ^\n"},
    {"a control character is shown",
     BYTES("a\x1b"
           "b\n"),
     1, 1, "f:1:2: error: wrong\na" BAD "b\n ^\n"},
    {"so is a byte that is not UTF-8",
     BYTES("a\xfc"
           "b\n"),
     1, 1, "f:1:2: error: wrong\na" BAD "b\n ^\n"},
    {"a carriage return too", BYTES("ab\r\n"), 2, 1, "f:1:3: error: wrong\nab" BAD "\n  ^\n"},
};

START_TEST(test_place) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autofree char *copy = unit_copy(places[_i].text);
    g_autoptr(Source) source = source_new("f", text_make(copy, places[_i].text.length));
    diagnostics_add(diagnostics, source_span(source, places[_i].offset, places[_i].length),
                    "wrong");
    g_autofree char *formatted = diagnostics_format(diagnostics);
    ck_assert_msg(g_str_equal(formatted, places[_i].formatted), "%s:\n%s", places[_i].name,
                  formatted);
}
END_TEST

/* A line of `length` characters, where the caret stands in the excerpt, and its tail. */
static const struct {
    const char *name;
    guint length;
    guint at;
    guint width;
    guint shown; /* characters of the excerpt */
    guint caret;
    guint under;
} windows[] = {
    {"at the limit", LIMIT_EXCERPT, 0, 1, LIMIT_EXCERPT, 0, 1},
    {"at the limit, the last", LIMIT_EXCERPT, LIMIT_EXCERPT - 1, 1, LIMIT_EXCERPT,
     LIMIT_EXCERPT - 1, 1},
    {"one past it, the first", LIMIT_EXCERPT + 1, 0, 1, LIMIT_EXCERPT, 0, 1},
    {"one past it, the last", LIMIT_EXCERPT + 1, LIMIT_EXCERPT, 1, LIMIT_EXCERPT, LIMIT_EXCERPT - 1,
     1},
    {"one past it, behind the last", LIMIT_EXCERPT + 1, LIMIT_EXCERPT + 1, 0, LIMIT_EXCERPT,
     LIMIT_EXCERPT, 1},
    {"the middle of a long line", 5000, 2500, 3, LIMIT_EXCERPT, LIMIT_EXCERPT / 2, 3},
    {"near its start", 5000, 10, 1, LIMIT_EXCERPT, 10, 1},
    {"near its end", 5000, 4990, 10, LIMIT_EXCERPT, LIMIT_EXCERPT - 10, 10},
    {"the tail ends with the excerpt", 5000, 2500, 2000, LIMIT_EXCERPT, LIMIT_EXCERPT / 2,
     LIMIT_EXCERPT / 2},
    {"all of a long line", 5000, 0, 5000, LIMIT_EXCERPT, 0, LIMIT_EXCERPT},
};

static void check_window(int row, const char *character) {
    size_t bytes = strlen(character);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(GString) line = g_string_new(NULL);
    for (guint i = 0; i < windows[row].length; i++) {
        g_string_append(line, character);
    }
    g_autoptr(Source) source = source_new("f", text_make(line->str, line->len));
    Span span = source_span(source, windows[row].at * bytes, windows[row].width * bytes);
    diagnostics_add(diagnostics, span, "wrong");
    const Diagnostic *found = diagnostics_get(diagnostics, 0);
    ck_assert_uint_eq(found->column, windows[row].at + 1);
    ck_assert_msg(found->caret == windows[row].caret, "%s: caret %u", windows[row].name,
                  found->caret);
    ck_assert_msg(found->width == windows[row].under, "%s: width %u", windows[row].name,
                  found->width);
    ck_assert_int_eq(g_utf8_strlen(found->excerpt, -1), windows[row].shown);
    ck_assert(g_utf8_validate(found->excerpt, -1, NULL));
}

START_TEST(test_window) {
    check_window(_i, "x");
    check_window(_i, EURO);
}
END_TEST

/* The texts of all, and of the last line that counts the others. */
static char *list_messages(const Diagnostics *diagnostics) {
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < MIN(diagnostics_count(diagnostics), LIMIT_DIAGNOSTICS); i++) {
        g_string_append_printf(out, "%s ", diagnostics_get(diagnostics, i)->message);
    }
    return g_string_free(out, FALSE);
}

START_TEST(test_order) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(Source) rules = source_new("rules", TEXT_LITERAL("one\ntwo\nthree\n"));
    diagnostics_add(diagnostics, source_span(rules, 8, 5), "three");
    diagnostics_add(diagnostics, source_span(rules, 4, 3), "two");
    diagnostics_add(diagnostics, source_span(rules, 4, 1), "two-again");
    diagnostics_add(diagnostics, source_span(rules, 0, 3), "one");
    diagnostics_sort(diagnostics);
    g_autofree char *messages = list_messages(diagnostics);
    ck_assert_str_eq(messages, "one two two-again three ");
    ck_assert_uint_eq(diagnostics_get(diagnostics, 0)->line, 1);
    ck_assert_uint_eq(diagnostics_get(diagnostics, 3)->line, 3);
}
END_TEST

/* What is wrong in a list file stands where the rule file names it, in the list file's order. */
START_TEST(test_anchor) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(Source) rules = source_new("rules", TEXT_LITERAL("one\ntwo\nthree\n"));
    g_autoptr(Source) list = source_new("list", TEXT_LITERAL("a\nb\nc\n"));
    diagnostics_add(diagnostics, source_span(rules, 8, 5), "three");
    diagnostics_set_anchor(diagnostics, source_span(rules, 4, 3));
    diagnostics_add(diagnostics, source_span(list, 4, 1), "c");
    diagnostics_add(diagnostics, source_span(list, 0, 1), "a");
    diagnostics_add(diagnostics, source_span(rules, 1, 1), "ne");
    diagnostics_set_anchor(diagnostics, (Span){0});
    diagnostics_add(diagnostics, source_span(rules, 0, 3), "one");
    diagnostics_sort(diagnostics);
    g_autofree char *messages = list_messages(diagnostics);
    ck_assert_str_eq(messages, "one ne c a three ");
    ck_assert_str_eq(diagnostics_get(diagnostics, 2)->file, "list");
    ck_assert_uint_eq(diagnostics_get(diagnostics, 2)->line, 3);
    ck_assert_uint_eq(diagnostics_get(diagnostics, 3)->line, 1);
}
END_TEST

START_TEST(test_file) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    diagnostics_add_file(diagnostics, "some/file", "cannot read: %s", "it is not there");
    const Diagnostic *found = diagnostics_get(diagnostics, 0);
    ck_assert_uint_eq(found->line, 0);
    ck_assert_ptr_null(found->excerpt);
    g_autofree char *formatted = diagnostics_format(diagnostics);
    ck_assert_str_eq(formatted, "some/file: error: cannot read: it is not there\n");
}
END_TEST

/* Errors and warnings stand together, each with what is known of its place. */
START_TEST(test_warnings) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(Source) rules = source_new("rules", TEXT_LITERAL("one\ntwo\nthree\n"));
    diagnostics_add(diagnostics, source_span(rules, 8, 5), "wrong");
    diagnostics_warn(diagnostics, "odd", source_span(rules, 4, 3), "odd %d", 2);
    diagnostics_set_anchor(diagnostics, source_span(rules, 5, 1));
    diagnostics_warn_place(diagnostics, "strange", "list", 7, "strange %d", 3);
    diagnostics_set_anchor(diagnostics, (Span){0});
    diagnostics_warn_place(diagnostics, "strange", "postconf x", 1, "first");
    diagnostics_sort(diagnostics);
    g_autofree char *formatted = diagnostics_format(diagnostics);
    ck_assert_str_eq(formatted, "postconf x:1: warning: first\n"
                                "rules:2:1: warning: odd 2\ntwo\n^~~\n"
                                "list:7: warning: strange 3\n"
                                "rules:3:1: error: wrong\nthree\n^~~~~\n");
    ck_assert_uint_eq(diagnostics_count(diagnostics), 4);
    ck_assert_str_eq(diagnostics_get(diagnostics, 1)->kind, "odd");
    ck_assert_str_eq(diagnostics_get(diagnostics, 2)->kind, "strange");
    ck_assert_ptr_null(diagnostics_get(diagnostics, 3)->kind);
}
END_TEST

/* Places are counted from the last one, and from the start where they go back. */
START_TEST(test_places_of_a_line) {
    static const size_t offsets[] = {3, 12, 12, 13, 17, 0, 16, 4};
    static const guint columns[][2] = {{1, 2}, {1, 9}, {1, 9}, {2, 1},
                                       {2, 3}, {1, 1}, {2, 2}, {1, 3}};
    static const char text[] = EURO "x" EURO "yyyyy\n" EURO "ab";
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(Source) source = source_new("f", text_from_string(text));
    for (guint i = 0; i < G_N_ELEMENTS(offsets); i++) {
        diagnostics_add(diagnostics, source_span(source, offsets[i], 1), "wrong");
        const Diagnostic *found = diagnostics_get(diagnostics, i);
        ck_assert_msg(found->line == columns[i][0] && found->column == columns[i][1], "%zu: %u:%u",
                      offsets[i], found->line, found->column);
    }
}
END_TEST

/* A list of a million items may stand on one line, and each be wrong. */
START_TEST(test_long_line) {
    enum { LENGTH = 4000000 };
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autofree char *line = g_strnfill(LENGTH, 'x');
    g_autoptr(Source) source = source_new("f", text_make(line, LENGTH));
    clock_t start = clock(); /* of the processor: it knows no load */
    for (guint i = 0; i < LIMIT_DIAGNOSTICS; i++) {
        size_t offset = (size_t)i * (LENGTH / LIMIT_DIAGNOSTICS);
        ck_assert(!diagnostics_is_full(diagnostics));
        diagnostics_add(diagnostics, source_span(source, offset, 2), "wrong");
        ck_assert_uint_eq(diagnostics_get(diagnostics, i)->column, offset + 1);
    }
    ck_assert_int_lt(clock() - start, 20 * CLOCKS_PER_SEC);
}
END_TEST

START_TEST(test_none) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    ck_assert(!diagnostics_is_full(diagnostics));
    diagnostics_sort(diagnostics);
    g_autofree char *formatted = diagnostics_format(diagnostics);
    ck_assert_str_eq(formatted, "");
    ck_assert_uint_eq(diagnostics_count(diagnostics), 0);
    diagnostics_free(NULL);
}
END_TEST

static const struct {
    guint added;
    const char *last_line;
} limits[] = {
    {LIMIT_DIAGNOSTICS, "^"},
    {LIMIT_DIAGNOSTICS + 1, "and 1 more error"},
    {LIMIT_DIAGNOSTICS + 2, "and 2 more errors"},
    {50000, "and 49000 more errors"},
};

START_TEST(test_limit) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(Source) source = source_new("f", TEXT_LITERAL("a\n"));
    for (guint i = 0; i < limits[_i].added; i++) {
        diagnostics_add(diagnostics, source_span(source, 0, 1), "wrong");
    }
    diagnostics_sort(diagnostics);
    ck_assert_uint_eq(diagnostics_count(diagnostics), limits[_i].added);
    ck_assert(diagnostics_is_full(diagnostics));
    g_autofree char *formatted = diagnostics_format(diagnostics);
    g_auto(GStrv) lines = g_strsplit(formatted, "\n", -1);
    guint count = g_strv_length(lines) - 1;
    ck_assert_str_eq(lines[count - 1], limits[_i].last_line);
    ck_assert_uint_eq(count, 3 * LIMIT_DIAGNOSTICS + (limits[_i].added > LIMIT_DIAGNOSTICS));
}
END_TEST

/* Beyond the limit each kind is counted by itself. */
static const struct {
    guint errors;
    guint warnings;
    guint place_warnings;
    const char *last_lines;
} dropped[] = {
    {LIMIT_DIAGNOSTICS, 0, 0, ""},
    {0, LIMIT_DIAGNOSTICS, 0, ""},
    {0, LIMIT_DIAGNOSTICS + 1, 0, "and 1 more warning\n"},
    {LIMIT_DIAGNOSTICS, 0, 2, "and 2 more warnings\n"},
    {LIMIT_DIAGNOSTICS + 2, 3, 4, "and 2 more errors\nand 7 more warnings\n"},
};

START_TEST(test_dropped) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(Source) source = source_new("f", TEXT_LITERAL("a\n"));
    for (guint i = 0; i < dropped[_i].errors; i++) {
        diagnostics_add(diagnostics, source_span(source, 0, 1), "x");
    }
    for (guint i = 0; i < dropped[_i].warnings; i++) {
        diagnostics_warn(diagnostics, "odd", source_span(source, 0, 1), "x");
    }
    for (guint i = 0; i < dropped[_i].place_warnings; i++) {
        diagnostics_warn_place(diagnostics, "odd", "f", 1, "x");
    }
    g_autofree char *formatted = diagnostics_format(diagnostics);
    const char *more = strstr(formatted, "and ");
    ck_assert_str_eq(more ? more : "", dropped[_i].last_lines);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("diagnostic");
    UNIT_ADD_TABLE(suite, test_place, places);
    UNIT_ADD_TABLE(suite, test_window, windows);
    unit_add(suite, "test_order", test_order, 1);
    unit_add(suite, "test_anchor", test_anchor, 1);
    unit_add(suite, "test_file", test_file, 1);
    unit_add(suite, "test_warnings", test_warnings, 1);
    UNIT_ADD_TABLE(suite, test_dropped, dropped);
    unit_add(suite, "test_places_of_a_line", test_places_of_a_line, 1);
    unit_add(suite, "test_long_line", test_long_line, 1);
    unit_add(suite, "test_none", test_none, 1);
    UNIT_ADD_TABLE(suite, test_limit, limits);
    return unit_run(suite);
}
