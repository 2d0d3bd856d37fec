/*
 * Units of lib/rules/parser. A case's tree is written as it nests, each statement on a line; `~` is
 * a negated test, `?` a broken or unknown statement.
 */
#include "rules/parser.h"

#include <string.h>

#include "limit.h"
#include "rules/source.h"
#include "unit/unit.h"

static void write_items(GString *out, const GArray *items) {
    static const char *const marks[] = {[ITEM_BARE] = "",
                                        [ITEM_STRING] = "s:",
                                        [ITEM_LIST] = "list:",
                                        [ITEM_FILE] = "file:",
                                        [ITEM_POSTCONF] = "postconf:"};
    for (guint i = 0; i < items->len; i++) {
        const Item *item = &g_array_index(items, Item, i);
        g_string_append_printf(out, " %s%s", marks[item->kind], item->word.text);
    }
}

static void write_node(GString *out, const Node *node) {
    static const char *const comparisons[] = {"==", "<", "<=", ">", ">="};
    static const char *const connectives[] = {
        [NODE_NOT] = "not", [NODE_AND] = "and", [NODE_OR] = "or"};
    g_string_append_printf(out, " %s", node->negated ? "~" : "");
    switch (node->kind) {
    case NODE_NAME:
        g_string_append(out, node->name.text);
        break;
    case NODE_IN:
        g_string_append_printf(out, "(in%s %s", node->braces ? "{}" : "", node->name.text);
        write_items(out, node->items);
        g_string_append_c(out, ')');
        break;
    case NODE_COMPARE:
        g_string_append_printf(out, "(%s %s %s%s)", comparisons[node->comparison], node->name.text,
                               node->quoted ? "s:" : "", node->right.text);
        break;
    case NODE_MATCHES:
        g_string_append_printf(out, "(matches%s %s %s)", node->caseless ? "/i" : "",
                               node->name.text, node->right.text);
        break;
    default:
        g_string_append_printf(out, "(%s", connectives[node->kind]);
        for (guint i = 0; i < node->parts->len; i++) {
            write_node(out, g_ptr_array_index(node->parts, i));
        }
        g_string_append_c(out, ')');
    }
}

static void write_statement(GString *out, const Statement *statement) {
    static const char *const kinds[] = {
        [STATEMENT_LIST] = "",           [STATEMENT_CONDITION] = "condition",
        [STATEMENT_RULE] = "rule",       [STATEMENT_NEVER] = "never",
        [STATEMENT_ALWAYS] = "always",   [STATEMENT_ACCEPT_OPEN_RELAY] = "accept",
        [STATEMENT_UNKNOWN] = "?unknown"};
    g_string_append_printf(out, "%s%s", statement->broken ? "?" : "", kinds[statement->kind]);
    if (statement->kind == STATEMENT_LIST) {
        g_string_append(out, list_kind_name(statement->list_kind));
    }
    if (statement->name.text) {
        g_string_append_printf(out, " %s", statement->name.text);
    }
    if (statement->broken) {
        return;
    }
    for (guint i = 0; statement->actions && i < statement->actions->len; i++) {
        g_string_append_printf(out, " %s", g_array_index(statement->actions, Word, i).text);
    }
    if (statement->code.text) {
        g_string_append_printf(out, " %s", statement->code.text);
    }
    if (statement->text.text) {
        g_string_append_printf(out, " s:%s", statement->text.text);
    }
    if (statement->items) {
        write_items(out, statement->items);
    }
    if (statement->condition) {
        write_node(out, statement->condition);
    }
}

static char *write_file(const GPtrArray *statements, const Diagnostics *diagnostics) {
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < statements->len; i++) {
        g_string_append(out, i > 0 ? "\n" : "");
        write_statement(out, g_ptr_array_index(statements, i));
    }
    for (guint i = 0; i < diagnostics_count(diagnostics); i++) {
        const Diagnostic *found = diagnostics_get(diagnostics, i);
        g_string_append_printf(out, "\n%u:%u-%u: %s", found->line, found->column,
                               found->column + found->width - 1, found->message);
    }
    return g_string_free(out, FALSE);
}

static const struct {
    const char *text;
    const char *written; /* the tree, and what is reported */
} rows[] = {
    {"", ""},
    {"# nothing\n", ""},

    /* Lists. */
    {"networks a = 10.0.0.0/8", "networks a 10.0.0.0/8"},
    {"domains a = x.example, .y.example, \"z\", b, file \"f\", postconf p",
     "domains a x.example .y.example s:z list:b file:f postconf:p"},
    {"addresses a\n = x@,\n y@z", "addresses a x@ y@z"},
    {"strings a=\"x\",\"\"", "strings a s:x s:"},
    {"networks a = if, not, permit", "networks a list:if list:not list:permit"},
    {"networks if = ::1", "networks if ::1"}, /* the compiler says that it can't be a name */
    {"networks", "?networks\n1:9-9: the statement ends where a name should stand"},
    {"networks = ::1", "?networks\n1:10-10: unexpected '='; a name should stand here"},
    {"networks \"a\" = ::1", "?networks\n1:10-12: unexpected '\"a\"'; a name should stand here"},
    {"networks a", "?networks a\n1:11-11: the statement ends where '=' should stand"},
    {"networks a == ::1", "?networks a\n1:12-13: unexpected '=='; '=' should stand here"},
    {"networks a =",
     "?networks a\n1:13-13: the statement ends where an item of a list should stand"},
    {"networks a = ,", "?networks a\n1:14-14: unexpected ','; an item of a list should stand here"},
    {"networks a = ::1,",
     "?networks a\n1:18-18: the statement ends where an item of a list should stand"},
    {"networks a = ::1,\n# more\n\n\npermit",
     "?networks a\nrule permit\n1:18-18: the statement ends where an item of a list should stand"},
    {"networks a = ::1 ::2",
     "?networks a\n1:18-20: unexpected '::2'; ',' or the end of the statement should stand here"},
    {"networks a = { ::1 }",
     "?networks a\n1:14-14: unexpected '{'; an item of a list should stand here"},
    {"networks a = file",
     "?networks a\n1:18-18: the statement ends where the file's path in quotes should stand"},
    {"networks a = file x",
     "?networks a\n1:19-19: unexpected 'x'; the file's path in quotes should stand here"},
    {"networks a = postconf \"x\"",
     "?networks a\n1:23-25: unexpected '\"x\"'; the name of a Postfix parameter should stand here"},
    {"networks a = /x/",
     "?networks a\n1:14-16: unexpected '/x/'; an item of a list should stand here"},
    {"networks a = ::1 if b",
     "?networks a\n1:18-19: unexpected 'if'; ',' or the end of the statement should stand here"},

    /* Rules. */
    {"permit", "rule permit"},
    {"reject \"x\"", "rule reject s:x"},
    {"reject 550 \"x\" if a", "rule reject 550 s:x a"},
    {"reject 5 if a", "rule reject 5 a"},
    {"permit\n  if a\n  and b", "rule permit (and a b)"},
    {"permit permit",
     "?rule\n1:8-13: unexpected 'permit'; a text in quotes, 'if' or the end of the "
     "statement should stand here"},
    {"reject \"x\" \"y\"",
     "?rule\n1:12-14: unexpected '\"y\"'; a text in quotes, 'if' or the end of "
     "the statement should stand here"},
    {"reject \"x\" 550",
     "?rule\n1:12-14: unexpected '550'; a text in quotes, 'if' or the end of the "
     "statement should stand here"},
    {"permit if", "?rule\n1:10-10: the statement ends where a condition should stand"},
    {"permit if if", "?rule\n1:11-12: unexpected 'if'; a condition should stand here"},
    {"permitt", "?unknown\n1:1-7: unknown action or statement 'permitt'; did you mean 'permit'?"},
    {"newtorks a = b", "?unknown\n1:1-8: unknown action or statement 'newtorks'; did you mean "
                       "'networks'?"},
    {"quux if a", "?unknown\n1:1-4: unknown action or statement 'quux'"},
    {"Permit", "?unknown\n1:1-6: unknown action or statement 'Permit'; did you mean 'permit'?"},
    {"\"permit\"",
     "?unknown\n1:1-8: a statement starts with a word such as 'permit' or 'networks'"},
    {"= x", "?unknown\n1:1-1: a statement starts with a word such as 'permit' or 'networks'"},
    {" permit\n if a\nreject",
     "?unknown\nrule reject\n1:2-7: a statement starts in the first column; white space before it "
     "continues the one above"},

    /* Assertions. */
    {"never permit if a", "never permit a"},
    {"always permit, reject if a", "always permit reject a"},
    {"never permit", "?never\n1:13-13: the statement ends where ',' or 'if' should stand"},
    {"never permit,", "?never\n1:14-14: the statement ends where an action should stand"},
    {"never if a", "?never\n1:7-8: unexpected 'if'; an action should stand here"},
    {"never permit, if a", "?never\n1:15-16: unexpected 'if'; an action should stand here"},
    {"never \"x\" if a", "?never\n1:7-9: unexpected '\"x\"'; an action should stand here"},
    {"never reject \"x\" if a",
     "?never\n1:14-16: unexpected '\"x\"'; ',' or 'if' should stand here"},
    {"accept open relay", "accept"},
    {"accept", "?accept\n1:7-7: the statement ends where 'open relay' should stand"},
    {"accept open", "?accept\n1:12-12: the statement ends where 'open relay' should stand"},
    {"accept relay", "?accept\n1:8-12: unexpected 'relay'; 'open relay' should stand here"},
    {"accept open relay if a",
     "?accept\n1:19-20: unexpected 'if'; the end of the statement should stand here"},

    /* Conditions. */
    {"condition a = b", "condition a b"},
    {"condition a = b and c or not d", "condition a (or (and b c) (not d))"},
    {"condition a = b or c and d", "condition a (or b (and c d))"},
    {"condition a = b or c or d", "condition a (or b c d)"},
    {"condition a = b and c and d", "condition a (and b c d)"},
    {"condition a = (b or c) and d", "condition a (and (or b c) d)"},
    {"condition a = not b and c", "condition a (and (not b) c)"},
    {"condition a = not (b and c)", "condition a (not (and b c))"},
    {"condition a = not not b", "condition a (not (not b))"},
    {"condition a = ((b))", "condition a b"},
    {"condition a = b in c", "condition a (in b list:c)"},
    {"condition a = b not in c", "condition a ~(in b list:c)"},
    {"condition a = not b in c", "condition a (not (in b list:c))"},
    {"condition a = b in { x.y, c, \"d\", file \"f\", postconf p }",
     "condition a (in{} b x.y list:c s:d file:f postconf:p)"},
    {"condition a = b == \"c\"", "condition a (== b s:c)"},
    {"condition a = b != \"c\"", "condition a ~(== b s:c)"},
    {"condition a = b == c", "condition a (== b c)"},
    {"condition a = b<1 and b<=2 and b>3 and b>=4k",
     "condition a (and (< b 1) (<= b 2) (> b 3) (>= b 4k))"},
    {"condition a = b matches /c/", "condition a (matches b c)"},
    {"condition a = b matches /c/i and d", "condition a (and (matches/i b c) d)"},
    {"condition a = sender.domain", "condition a sender.domain"},
    {"condition a", "?condition a\n1:12-12: the statement ends where '=' should stand"},
    {"condition a =", "?condition a\n1:14-14: the statement ends where a condition should stand"},
    {"condition a = b c", "?condition a\n1:17-17: unexpected 'c'; 'and', 'or' or the end of the "
                          "statement should stand here"},
    {"condition a = b and", "?condition a\n1:20-20: the statement ends where a condition should "
                            "stand"},
    {"condition a = and b",
     "?condition a\n1:15-17: unexpected 'and'; a condition should stand here"},
    {"condition a = not",
     "?condition a\n1:18-18: the statement ends where a condition should stand"},
    {"condition a = (b",
     "?condition a\n1:17-17: the statement ends where ')', 'and' or 'or' should "
     "stand"},
    {"condition a = (b))", "?condition a\n1:18-18: unexpected ')'; 'and', 'or' or the end of the "
                           "statement should stand here"},
    {"condition a = ()", "?condition a\n1:16-16: unexpected ')'; a condition should stand here"},
    {"condition a = \"b\"", "?condition a\n1:15-17: unexpected '\"b\"'; a condition should stand "
                            "here"},
    {"condition a = b = c", "?condition a\n1:17-17: unexpected '='; '==' should stand here"},
    {"condition a = b not c", "?condition a\n1:21-21: unexpected 'c'; 'in' should stand here"},
    {"condition a = b in", "?condition a\n1:19-19: the statement ends where a list's name or '{' "
                           "should stand"},
    {"condition a = b in \"c\"", "?condition a\n1:20-22: unexpected '\"c\"'; a list's name or '{' "
                                 "should stand here"},
    {"condition a = b in {}",
     "?condition a\n1:21-21: unexpected '}'; an item of a list should stand "
     "here"},
    {"condition a = b in { c, }", "?condition a\n1:25-25: unexpected '}'; an item of a list should "
                                  "stand here"},
    {"condition a = b in { c d }", "?condition a\n1:24-24: unexpected 'd'; ',' or '}' should stand "
                                   "here"},
    {"condition a = b in { c", "?condition a\n1:23-23: the statement ends where ',' or '}' should "
                               "stand"},
    {"condition a = b ==", "?condition a\n1:19-19: the statement ends where a quoted string, a "
                           "number or an attribute should stand"},
    {"condition a = b == /c/", "?condition a\n1:20-22: unexpected '/c/'; a quoted string, a number "
                               "or an attribute should stand here"},
    {"condition a = b matches \"c\"", "?condition a\n1:25-27: unexpected '\"c\"'; a regex, as in "
                                      "/^mail[0-9]+/ should stand here"},
    {"condition a = 1 < b < 3", "?condition a\n1:21-21: unexpected '<'; 'and', 'or' or the end of "
                                "the condition (tests do not chain) should stand here"},
    {"condition a = b in c in d",
     "?condition a\n1:22-23: unexpected 'in'; 'and', 'or' or the end of "
     "the condition (tests do not chain) should stand here"},
    {"condition a = b == \"c\" == \"d\"", "?condition a\n1:24-25: unexpected '=='; 'and', 'or' or "
                                          "the end of the condition (tests do not chain) should "
                                          "stand here"},
    {"condition a = not in b", "?condition a\n1:19-20: unexpected 'in'; a condition should stand "
                               "here"},

    /* What the lexer broke off is not reported again. */
    {"permit if \"a\nreject", "?rule\nrule reject\n1:11-12: the string has no closing '\"' on its "
                              "line"},
    {"networks a = \"a\npermit",
     "?networks a\nrule permit\n1:14-15: the string has no closing '\"' "
     "on its line"},
    {"\"a\npermit", "?unknown\nrule permit\n1:1-2: the string has no closing '\"' on its line"},
    {"condition a = (b and !c)", "?condition a\n1:22-22: unexpected '!'; 'not' negates"},
};

static char *parse(const char *text) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(Source) source = source_new("f", text_from_string(text));
    g_autoptr(GPtrArray) statements = parser_read(source, diagnostics);
    return write_file(statements, diagnostics);
}

START_TEST(test_parse) {
    g_autofree char *written = parse(rows[_i].text);
    ck_assert_msg(g_str_equal(written, rows[_i].written), "%s\n%s", rows[_i].text, written);
}
END_TEST

#define TOO_DEEP "the condition is nested over 250 deep"

/* `before` so many times, a test, and `after` as often. */
static gboolean parses_nested(const char *before, const char *after, guint times) {
    g_autoptr(GString) text = g_string_new("condition a = ");
    for (guint i = 0; i < times; i++) {
        g_string_append(text, before);
    }
    g_string_append_c(text, 'b');
    for (guint i = 0; i < times; i++) {
        g_string_append(text, after);
    }
    g_autofree char *written = parse(text->str);
    gboolean broken = written[0] == '?';
    ck_assert_msg(broken == (strstr(written, TOO_DEEP) != NULL), "%s", written);
    return !broken;
}

static const struct {
    const char *before;
    const char *after;
    guint levels;
} nests[] = {
    {"not ", "", 1}, {"(", ")", 1}, {"(c or (", "))", 2}, {"not (", ")", 2}, {"(", " and c)", 1},
};

START_TEST(test_depth) {
    guint most = (LIMIT_DEPTH - 1) / nests[_i].levels;
    ck_assert(parses_nested(nests[_i].before, nests[_i].after, most));
    ck_assert(!parses_nested(nests[_i].before, nests[_i].after, most + 1));
    ck_assert(!parses_nested(nests[_i].before, nests[_i].after, 100000));
}
END_TEST

/* Series don't nest. */
START_TEST(test_wide) {
    g_autoptr(GString) text = g_string_new("condition a = b");
    for (guint i = 0; i < 10000; i++) {
        g_string_append(text, i % 2 ? " or b" : " and b");
    }
    g_autofree char *written = parse(text->str);
    ck_assert_msg(g_str_has_prefix(written, "condition a (or (and b b) (and b b)"), "%.80s",
                  written);
}
END_TEST

START_TEST(test_keywords) {
    static const char *const keywords[] = {"networks",  "domains", "addresses", "strings",
                                           "condition", "never",   "always",    "accept",
                                           "if",        "and",     "or",        "not",
                                           "in",        "matches", "file",      "postconf"};
    for (size_t i = 0; i < G_N_ELEMENTS(keywords); i++) {
        ck_assert_msg(parser_is_keyword(text_from_string(keywords[i])), "%s", keywords[i]);
    }
    ck_assert(!parser_is_keyword(TEXT_LITERAL("open")));
    ck_assert(!parser_is_keyword(TEXT_LITERAL("")));
    ck_assert(!parser_is_keyword(TEXT_LITERAL("If")));
    ck_assert(!parser_is_keyword(TEXT_LITERAL("if\0")));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("parser");
    UNIT_ADD_TABLE(suite, test_parse, rows);
    UNIT_ADD_TABLE(suite, test_depth, nests);
    unit_add(suite, "test_wide", test_wide, 1);
    unit_add(suite, "test_keywords", test_keywords, 1);
    return unit_run(suite);
}
