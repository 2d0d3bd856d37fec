/*
 * Units of lib/rules/lexer. A case's tokens are written one behind the other: `w:` a word, `s:` a
 * string, `r:` and `ri:` a regex, `!` a broken one, a sign as it is; `|` stands before one that
 * starts a statement.
 */
#include "rules/lexer.h"

#include <string.h>

#include "rules/source.h"
#include "unit/unit.h"

static const char *const kinds[] = {
    [TOKEN_WORD] = "w:", [TOKEN_STRING] = "s:", [TOKEN_REGEX] = "r:",
    [TOKEN_SIGN] = "",   [TOKEN_BROKEN] = "!",  [TOKEN_END] = ".",
};

static char *write_tokens(const GArray *tokens) {
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < tokens->len; i++) {
        const Token *token = &g_array_index(tokens, Token, i);
        const char *kind = token->caseless ? "ri:" : kinds[token->kind];
        g_string_append_printf(out, "%s%s%s%s", i > 0 ? " " : "",
                               token->starts_statement ? "|" : "", kind, token->text);
    }
    return g_string_free(out, FALSE);
}

#define NO_ESCAPE "a string has the escapes \\\" and \\\\ only"
#define NO_QUOTE "the string has no closing '\"' on its line"
#define NO_SLASH "the regex has no closing '/' on its line"
#define NO_FLAG "unexpected text behind the regex; its only flag is 'i', and '\\/' is a slash"
#define NO_COMMENT "'#' starts a comment only behind white space, and no word"

static const struct {
    const char *name;
    const char *text;
    const char *tokens;
    const char *faults; /* LINE:COLUMN: TEXT, each on a line; NULL: none */
} rows[] = {
    {"empty", "", "|.", NULL},
    {"blank", " \t\n\n  \n", "|.", NULL},
    {"comments alone", "# a\n  # b\n#", "|.", NULL},
    {"words", "permit if size", "|w:permit w:if w:size |.", NULL},
    {"two statements", "permit\nreject\n", "|w:permit |w:reject |.", NULL},
    {"white space first", "  permit\n", "w:permit |.", NULL},
    {"a line continues", "permit\n if\n\tx\n", "|w:permit w:if w:x |.", NULL},
    {"over a blank line", "permit\n\n if\n", "|w:permit w:if |.", NULL},
    {"over a comment in the first column", "permit\n# no\n if\n", "|w:permit w:if |.", NULL},
    {"over an indented comment", "permit\n  # no\n if\n", "|w:permit w:if |.", NULL},
    {"over all of them", "permit # a\n\n#b\n\t\n #c\n if # d\n", "|w:permit w:if |.", NULL},
    {"a comment behind a word", "permit # if\n", "|w:permit |.", NULL},
    {"a comment behind a tab", "permit\t# if\n", "|w:permit |.", NULL},
    {"a comment at the end of the file", "permit #", "|w:permit |.", NULL},
    {"# in a word", "per#mit\n", "|w:per#mit |.", NULL},
    {"# in a string", "reject \"a # b\"\n", "|w:reject s:a # b |.", NULL},
    {"# in a regex", "x matches /a # b/\n", "|w:x w:matches r:a # b |.", NULL},
    {"# behind a sign", "x = a,#b\n", "|w:x = w:a , ! |.", "1:7: " NO_COMMENT},
    {"# behind a string", "reject \"a\"#b\n", "|w:reject s:a ! |.", "1:11: " NO_COMMENT},

    {"signs", "= == != < <= > >= ( ) { } ,", "|= == != < <= > >= ( ) { } , |.", NULL},
    {"signs without spaces", "a==b!=c<d<=e>f>=g=h",
     "|w:a == w:b != w:c < w:d <= w:e > w:f >= w:g = w:h |.", NULL},
    {"===", "a===b", "|w:a == = w:b |.", NULL},
    {"=> is two", "a=>b", "|w:a = > w:b |.", NULL},
    {"words end at signs", "x in{a,b}and(c)", "|w:x w:in { w:a , w:b } w:and ( w:c ) |.", NULL},
    {"a bang", "permit if !x\nreject\n", "|w:permit w:if ! |w:reject |.",
     "1:11: unexpected '!'; 'not' negates"},
    {"a bang last", "a!", "|w:a ! |.", "1:2: unexpected '!'; 'not' negates"},

    {"bare items", "10.0.0.0/8 ::1 .example.com user@ [IPv6:::1] 10M",
     "|w:10.0.0.0/8 w:::1 w:.example.com w:user@ w:[IPv6:::1] w:10M |.", NULL},
    {"other characters make words", "a;b$c%d&e'f*g+h-i:j?k@l\\m^n`o|p~q",
     "|w:a;b$c%d&e'f*g+h-i:j?k@l\\m^n`o|p~q |.", NULL},
    {"UTF-8 makes words", "b\xc3\xbc.example", "|w:b\xc3\xbc.example |.", NULL},
    {"a slash inside a word", "a/b/", "|w:a/b/ |.", NULL},

    {"a string", "\"a b\"", "|s:a b |.", NULL},
    {"an empty string", "x \"\"", "|w:x s: |.", NULL},
    {"escapes", "x \"a\\\"b\\\\c\"", "|w:x s:a\"b\\c |.", NULL},
    {"an escaped backslash last", "x \"a\\\\\"", "|w:x s:a\\ |.", NULL},
    {"a string behind a word", "file\"a\"", "|w:file s:a |.", NULL},
    {"two strings", "\"a\"\"b\"", "|s:a s:b |.", NULL},
    {"UTF-8 in a string", "x \"\xe2\x82\xac\"", "|w:x s:\xe2\x82\xac |.", NULL},
    {"a tab in a string", "x \"a\tb\"", "|w:x s:a\tb |.", NULL},
    {"another escape", "x \"a\\nb\"\ny", "|w:x ! |w:y |.", "1:5: " NO_ESCAPE},
    {"an escape at the line's end", "x \"a\\\ny", "|w:x ! |w:y |.", "1:5: " NO_ESCAPE},
    {"an escape at the file's end", "x \"a\\", "|w:x ! |.", "1:5: " NO_ESCAPE},
    {"no closing quote", "x \"ab\ny", "|w:x ! |w:y |.", "1:3: " NO_QUOTE},
    {"no closing quote at the file's end", "x \"", "|w:x ! |.", "1:3: " NO_QUOTE},
    {"an escaped quote is none", "x \"a\\\"\ny", "|w:x ! |w:y |.", "1:3: " NO_QUOTE},

    {"a regex", "/a b/", "|r:a b |.", NULL},
    {"caseless", "/a/i", "|ri:a |.", NULL},
    {"an empty regex", "x //", "|w:x r: |.", NULL},
    {"a slash in a regex", "x /a\\/b/", "|w:x r:a\\/b |.", NULL},
    {"an escaped backslash", "x /a\\\\/", "|w:x r:a\\\\ |.", NULL},
    {"quotes and braces in a regex", "x /\"{2,3}(a|b)/", "|w:x r:\"{2,3}(a|b) |.", NULL},
    {"a sign behind a regex", "(x matches /a/)", "|( w:x w:matches r:a ) |.", NULL},
    {"no closing slash", "x /ab\ny", "|w:x ! |w:y |.", "1:3: " NO_SLASH},
    {"a backslash at the line's end", "x /ab\\\ny", "|w:x ! |w:y |.", "1:3: " NO_SLASH},
    {"a backslash at the file's end", "x /ab\\", "|w:x ! |.", "1:3: " NO_SLASH},
    {"another flag", "x /a/x\ny", "|w:x ! |w:y |.", "1:6: " NO_FLAG},
    {"i and more", "x /a/ii\ny", "|w:x ! |w:y |.", "1:7: " NO_FLAG},
    {"a path is no regex", "x /etc/passwd\ny", "|w:x ! |w:y |.", "1:8: " NO_FLAG},

    {"the rest of a broken statement is left out", "x \"a\n \"b\n\n# c\n  \"d\ny \"e\nz\n",
     "|w:x ! |w:y ! |w:z |.", "1:3: " NO_QUOTE "\n6:3: " NO_QUOTE},
    {"broken in the first column", "\"a\n b\nx", "|! |w:x |.", "1:1: " NO_QUOTE},
    {"a broken statement before a comment", "x \"a\n#b\n#c\ny", "|w:x ! |w:y |.", "1:3: " NO_QUOTE},
    {"columns are characters", "\xe2\x82\xac\xe2\x82\xac \"a", "|w:\xe2\x82\xac\xe2\x82\xac ! |.",
     "1:4: " NO_QUOTE},
};

static char *write_faults(const Diagnostics *diagnostics) {
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < diagnostics_count(diagnostics); i++) {
        const Diagnostic *found = diagnostics_get(diagnostics, i);
        g_string_append_printf(out, "%s%u:%u: %s", i > 0 ? "\n" : "", found->line, found->column,
                               found->message);
    }
    return g_string_free(out, FALSE);
}

START_TEST(test_tokens) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(Source) source = source_new("f", text_from_string(rows[_i].text));
    g_autoptr(GArray) tokens = lexer_read(source, diagnostics);
    g_autofree char *written = write_tokens(tokens);
    g_autofree char *faults = write_faults(diagnostics);
    ck_assert_msg(g_str_equal(written, rows[_i].tokens), "%s: %s", rows[_i].name, written);
    ck_assert_msg(g_str_equal(faults, rows[_i].faults ? rows[_i].faults : ""), "%s: %s",
                  rows[_i].name, faults);
}
END_TEST

/* Each token's span covers it as it is written, and they don't overlap. */
START_TEST(test_spans) {
    static const char text[] = "reject 550 \"a\\\"b\" if x in{.y}\n  and z matches /\\/c/i # d\nq";
    static const char *const written[] = {"reject", "550",     "\"a\\\"b\"", "if", "x",
                                          "in",     "{",       ".y",         "}",  "and",
                                          "z",      "matches", "/\\/c/i",    "q",  ""};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(Source) source = source_new("f", text_from_string(text));
    g_autoptr(GArray) tokens = lexer_read(source, diagnostics);
    ck_assert_uint_eq(tokens->len, G_N_ELEMENTS(written));
    for (guint i = 0; i < tokens->len; i++) {
        Span span = g_array_index(tokens, Token, i).span;
        UNIT_ASSERT_TEXT(written[i], text_make(text + span.offset, span.length),
                         text_from_string(written[i]));
    }
}
END_TEST

static const struct {
    const char *name;
    const char *file;
    const char *statement; /* its second line's */
} statements[] = {
    {"one line", "dunno\npermit if size\nreject\n", "permit if size"},
    {"at the end of the file", "dunno\npermit if (size)", "permit if (size)"},
    {"more blanks", "dunno\npermit  \tif size \n", "permit if size"},
    {"no blanks", "dunno\npermit if(size>1)and(sender)\n", "permit if(size>1)and(sender)"},
    {"more lines", "dunno\npermit\n  if size\n\n\tor sender\nreject\n", "permit if size or sender"},
    {"comments", "dunno\npermit # a\n# b\n  # c\n if size # d\nreject # e\n", "permit if size"},
    {"a string", "dunno\nreject \"a  #  b\"   if x == \"\\\"  \"\n",
     "reject \"a  #  b\" if x == \"\\\"  \""},
    {"a regex", "dunno\nhold if x matches   /a  # \\/ b/i\n", "hold if x matches /a  # \\/ b/i"},
    {"a list", "dunno\ndomains d = a.b,\n c.d\n", "domains d = a.b, c.d"},
};

START_TEST(test_statement) {
    g_autoptr(Source) source = source_new("f", text_from_string(statements[_i].file));
    g_autofree char *text = lexer_statement(source, strlen("dunno\n"));
    UNIT_ASSERT_TEXT(statements[_i].name, text_from_string(text),
                     text_from_string(statements[_i].statement));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("lexer");
    UNIT_ADD_TABLE(suite, test_tokens, rows);
    UNIT_ADD_TABLE(suite, test_statement, statements);
    unit_add(suite, "test_spans", test_spans, 1);
    return unit_run(suite);
}
