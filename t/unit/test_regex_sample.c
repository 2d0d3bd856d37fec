/*
 * Units of lib/analysis/regex_sample, with the matcher for a judge.
 */
#include "analysis/regex_sample.h"

#include <string.h>
#include <time.h>

#include "limit.h"
#include "rules/regex.h"
#include "unit/unit.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Regex, regex_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RegexScratch, regex_scratch_free)

static guint count_matching(const char *pattern, const GPtrArray *samples) {
    size_t offset;
    g_autoptr(Regex) regex = regex_new(text_from_string(pattern), FALSE, &offset, NULL);
    g_autoptr(RegexScratch) scratch = regex_scratch_new();
    ck_assert_msg(regex != NULL, "%s does not compile", pattern);
    guint count = 0;
    for (guint i = 0; i < samples->len; i++) {
        /* Compiled patterns read whole vectors, past a subject's end. */
        char subject[LIMIT_REGEX_SAMPLE + 64] = {0};
        gsize length = g_strlcpy(subject, samples->pdata[i], sizeof subject);
        count += regex_match(regex, scratch, text_make(subject, length)) == REGEX_YES;
    }
    return count;
}

static char *show(const GPtrArray *samples) {
    GString *shown = g_string_new(NULL);
    for (guint i = 0; i < samples->len; i++) {
        const char *one = unit_show(text_from_string(samples->pdata[i]));
        g_string_append_printf(shown, " %s", one);
        g_free((gpointer)(guintptr)one);
    }
    return g_string_free(shown, FALSE);
}

/* The samples themselves, and in order. */
static const struct {
    const char *pattern;
    const char *samples; /* each behind a space */
} exact[] = {
    {"", " \"\""},
    {"a", " \"a\""},
    {"^abc$", " \"abc\""},
    {"\\Aabc\\z", " \"abc\""},
    {"\\babc\\b", " \"abc\""},
    {"foo|bar|q", " \"q\" \"foo\" \"bar\""},
    {"a(b|c)d", " \"abd\" \"acd\""},
    {"a(|b)", " \"a\" \"ab\""},
    {"(a|b)(c|d)", " \"ac\" \"bd\" \"ad\" \"bc\""},
    {"ab?", " \"a\" \"ab\""},
    {"ab*", " \"a\" \"ab\" \"abb\""},
    {"ab+", " \"ab\" \"abb\" \"abbb\""},
    {"ab+?", " \"ab\" \"abb\" \"abbb\""},
    {"ab++", " \"ab\" \"abb\" \"abbb\""},
    {"a{3}", " \"aaa\""},
    {"a{0}", " \"\""},
    {"a{2,}", " \"aa\" \"aaa\" \"aaaa\""},
    {"a{2,3}", " \"aa\" \"aaa\""},
    {"(ab){2}?", " \"abab\""},
    {"a{", " \"a{\""},
    {"a{1", " \"a{1\""},
    {"a{,2}", " \"a{,2}\""},
    {"a{b}", " \"a{b}\""},
    {"a}]", " \"a}]\""},
    {"\\.\\/\\@\\-", " \"./@-\""},
    {"\\x41\\x{42}\\x4", " \"AB\\x04\""},
    {"\\t\\n\\r\\f\\a\\e\\033\\cA", " \"\\x09\\x0a\\x0d\\x0c\\x07\\x1b\\x1b\\x01\""},
    {"\\d", " \"1\" \"0\" \"2\" \"3\""},
    {"\\w", " \"a\" \"1\" \"b\" \"_\""},
    {"\\D", " \"a\" \"b\" \".\" \"-\""},
    {"\\W", " \".\" \"-\" \"@\" \"!\""},
    {"\\S", " \"a\" \"1\" \"b\" \".\""},
    {"\\s", " \" \""},
    {"\\v", " \"\\x0d\""},
    {".", " \"a\" \"1\" \"b\" \".\""},
    {"\\N", " \"a\" \"1\" \"b\" \".\""},
    {"[xy]", " \"x\" \"y\""},
    {"[^a-z]", " \"1\" \".\" \"-\" \"_\""},
    {"[\\x00-\\x1f]", " \"\\x1f\""},
    {"[]a]", " \"a\" \"]\""},
    {"[^]a]", " \"1\" \"b\" \".\" \"-\""},
    {"[a\\]b]", " \"a\" \"b\" \"]\""},
    {"[x-z]", " \"x\" \"y\" \"z\""},
    {"[x-]", " \"x\" \"-\""},
    {"[-x]", " \"x\" \"-\""},
    {"[\\d-]", " \"1\" \"0\" \"2\" \"-\""},
    {"[\\x41-\\x43]", " \"A\" \"B\" \"C\""},
    {"[\\bx]", " \"x\""},
    {"[\\b]", " \"\\x08\""},
    {"[[:upper:]]", " \"A\" \"B\" \"C\" \"D\""},
    {"[[:^alnum:]]", " \".\" \"-\" \"_\" \"@\""},
    {"[[:xdigit:][:space:]]", " \"a\" \"1\" \"b\" \"0\""},
    {"[[:a]", " \"a\" \":\" \"[\""},
    {"[[a]", " \"a\" \"[\""},
    {"[\\x80-\\xff]", " \"\\xff\""},
    {"[\\x01-\\x1f]", " \"\\x1f\""},
    {"\xc3\xbc", " \"\\xc3\\xbc\""},
    {"(?:ab)c", " \"abc\""},
    {"(?<n>ab)(?P<m>c)(?'o'd)", " \"abcd\""},
    {"(?>ab)(?|c|d)", " \"abc\" \"abd\""},
    {"(?i)abc", " \"abc\""},
    {"(?i-s:abc)(?^)", " \"abc\""},
    {"a(?#comment)b", " \"ab\""},
    {"\\Qa.*b\\E+", " \"a.*b\" \"a.*ba.*b\" \"a.*ba.*ba.*b\""},
    {"\\Qa.", " \"a.\""},
    {"a\\Q", " \"a\""},
    {"(?!x)a(?<!b)", " \"a\""},
    {"a(?=b)", " \"a\" \"ab\""},
    {"(?<=a)b", " \"b\" \"ab\""},
    {"(?<n>a)(\\k{n}|\\k<n>|\\k'n'|\\g{1}|\\p{Lu}|zz)", " \"azz\""},
    {"x\\K.y\\G", " \"xay\" \"x1y\" \"xby\" \"x.y\""},
};

START_TEST(test_exact) {
    g_autoptr(GPtrArray) samples = regex_sample(text_from_string(exact[_i].pattern), 4);
    g_autofree char *shown = show(samples);
    ck_assert_msg(strcmp(shown, exact[_i].samples) == 0, "%s:%s", exact[_i].pattern, shown);
}
END_TEST

/* Patterns as in rule files: of so many samples, so many match. */
static const struct {
    const char *pattern;
    guint limit;
    guint matching;
} likely[] = {
    {".*", 5, 5},
    {"^.+$", 8, 8},
    {"^(dyn|dsl|pool)[0-9.-]*\\.example\\.(com|net)$", 8, 8},
    {"^([a-z0-9-]+\\.)+example\\.org$", 8, 8},
    {"^\\d{1,3}-\\d{1,3}-\\d{1,3}-\\d{1,3}\\.", 8, 8},
    {"^(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)(\\.(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)){3}$", 8, 8},
    {"^[^@]+@[^@]+$", 8, 8},
    {"^[\\w.+-]+@([\\w-]+\\.)+(com|de)$", 8, 8},
    {"^\\[?(\\d+\\.){3}\\d+\\]?$", 8, 8},
    {"(?i)^(friend|localhost)$", 8, 2},
    {"^[A-F0-9]{2}(:[A-F0-9]{2}){19}$", 8, 8},
    {"^(sales|info|help)(\\+.*)?@", 8, 8},
    {"^(?=.{5,10}$)\\w+$", 16, 1},
    {"^(?!a).+b$", 8, 1},
    {"foo\\b.bar", 4, 1},
    {"(.)\\1|zz", 4, 1},
    {"\\p{L}|1", 4, 1},
    {"[\\p{L}1]", 4, 1},
    {"^\\.|\\.\\.|\\.$", 4, 2},
    {"^$", 4, 1},
    {"^\\S+\\s\\S+$", 8, 8},
};

START_TEST(test_likely) {
    const char *pattern = likely[_i].pattern;
    g_autoptr(GPtrArray) samples = regex_sample(text_from_string(pattern), likely[_i].limit);
    g_autofree char *shown = show(samples);
    ck_assert_msg(samples->len <= likely[_i].limit, "%s:%s", pattern, shown);
    ck_assert_msg(count_matching(pattern, samples) >= likely[_i].matching, "%s:%s", pattern, shown);
}
END_TEST

/* What can't be guessed, or has brackets that don't pair. */
static const char *const none[] = {
    "(.)\\1",
    "\\g{1}a",
    "(?<n>a)\\k<n>",
    "(?<n>a)(?P=n)",
    "\\p{L}",
    "a\\PL",
    "(a)(?1)",
    "(?x) a b",
    "(?x: a)b",
    "(a)(?(1)b|c)",
    "(*COMMIT)a",
    "a\\x00",

    "\\Qa\\Eb(",
    "(",
    "a)",
    "[a",
    "a\\",
    "[",
    "(?",
    "(?<n",
    "a(?#",
    "[[:alpha:]",
    "\\X",
    "\\N{U+41}",
    "x{513}",
    "[^\\x00-\\xff]",
};

/* `a\Q` is `a`, and a few of the above end where PCRE2 would complain: neither reads past the end.
 */
START_TEST(test_none) {
    Text pattern = text_from_string(none[_i]);
    g_autofree char *copy = unit_copy(pattern);
    g_autoptr(GPtrArray) samples = regex_sample(text_make(copy, pattern.length), 8);
    g_autofree char *shown = show(samples);
    ck_assert_msg(samples->len == 0, "%s:%s", none[_i], shown);
}
END_TEST

/* Every beginning of every pattern ends, within its bytes. */
START_TEST(test_cut) {
    const char *pattern = exact[_i].pattern;
    for (size_t length = 0; length <= strlen(pattern); length++) {
        g_autofree char *copy = unit_copy(text_make(pattern, length));
        g_autoptr(GPtrArray) samples = regex_sample(text_make(copy, length), 100);
        ck_assert_uint_le(samples->len, 64);
    }
}
END_TEST

START_TEST(test_nul) {
    static const Text patterns[] = {BYTES("a\0b"), BYTES("\\\0"), BYTES("\\Q\0"), BYTES("(?\0)")};
    for (size_t i = 0; i < G_N_ELEMENTS(patterns); i++) {
        g_autoptr(GPtrArray) samples = regex_sample(patterns[i], 8);
        ck_assert_msg(samples->len == 0, "%s", unit_show(patterns[i]));
    }
    g_autoptr(GPtrArray) samples = regex_sample((Text)BYTES("[\0a]"), 8);
    g_autofree char *shown = show(samples);
    ck_assert_str_eq(shown, " \"a\"");
    g_autoptr(GPtrArray) empty = regex_sample(text_make(NULL, 0), 8);
    ck_assert_uint_eq(empty->len, 1);
}
END_TEST

/* All different, and no more than asked for. */
START_TEST(test_limit) {
    for (guint limit = 0; limit < 100; limit++) {
        g_autoptr(GPtrArray) samples = regex_sample(TEXT_LITERAL("^(.*|a?|[a1]+)(.|a)*$"), limit);
        g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
        ck_assert_uint_eq(samples->len, MIN(limit, 64));
        for (guint i = 0; i < samples->len; i++) {
            ck_assert_msg(g_hash_table_add(seen, samples->pdata[i]), "%u", limit);
        }
    }
}
END_TEST

/* Of many alternatives, each before a second of any. */
START_TEST(test_breadth) {
    g_autoptr(GString) pattern = g_string_new("^(");
    for (guint i = 0; i < 64; i++) {
        g_string_append_printf(pattern, "%sword%u", i > 0 ? "|" : "", i);
    }
    g_string_append(pattern, ")\\d*$");
    g_autoptr(GPtrArray) samples = regex_sample(text_from_string(pattern->str), 64);
    ck_assert_uint_eq(samples->len, 64);
    ck_assert_uint_eq(count_matching(pattern->str, samples), 64);
    g_autoptr(GPtrArray) few = regex_sample(TEXT_LITERAL("a.*|b.*|c.*"), 3);
    g_autofree char *shown = show(few);
    ck_assert_str_eq(shown, " \"a\" \"b\" \"c\"");
}
END_TEST

static char *repeat(const char *string, guint count) {
    GString *repeated = g_string_new(NULL);
    for (guint i = 0; i < count; i++) {
        g_string_append(repeated, string);
    }
    return g_string_free(repeated, FALSE);
}

static guint count_samples(const char *before, const char *middle, const char *after, guint times) {
    g_autofree char *head = repeat(before, times);
    g_autofree char *tail = repeat(after, times);
    g_autofree char *pattern = g_strconcat(head, middle, tail, NULL);
    g_autoptr(GPtrArray) samples = regex_sample(text_from_string(pattern), 8);
    return samples->len;
}

START_TEST(test_bounds) {
    ck_assert_uint_eq(count_samples("(", "a", ")", LIMIT_DEPTH), 1);
    ck_assert_uint_eq(count_samples("(", "a", ")", LIMIT_DEPTH + 1), 0);
    ck_assert_uint_eq(count_samples("()", "a", "", 2 * LIMIT_DEPTH), 1);
    ck_assert_uint_eq(count_samples("a", "", "", LIMIT_REGEX_SAMPLE), 1);
    ck_assert_uint_eq(count_samples("a", "", "", LIMIT_REGEX_SAMPLE + 1), 0);
    g_autofree char *exactly = g_strdup_printf("a{%d}", LIMIT_REGEX_SAMPLE);
    ck_assert_uint_eq(count_samples("", exactly, "", 1), 1);
    g_autofree char *past = g_strdup_printf("a{%d}", LIMIT_REGEX_SAMPLE + 1);
    ck_assert_uint_eq(count_samples("", past, "", 1), 0);
    /* An alternative takes 17 steps. */
    ck_assert_uint_eq(count_samples("|", "", "", LIMIT_REGEX_SAMPLE_STEPS / 18), 1);
    ck_assert_uint_eq(count_samples("|", "", "", LIMIT_REGEX_SAMPLE_STEPS / 16), 0);
}
END_TEST

static const struct {
    const char *before;
    const char *middle;
    const char *after;
    guint times;
} hostile[] = {
    {"(", "a+", "+)+", 200},
    {"(", "a", "{500})", 200},
    {"(", "a|", "{60000}){60000}", 200},
    {"", "", "(a|b|c|d)*", 5000},
    {"", "", "([a-z]+\\.)*", 5000},
    {"", "", "(((.+)+.+)+.+)+", 5000},
    {"", "", "((.{1,9}){1,9}){1,9}", 5000},
    {"", "", "(?=.*a)", 10000},
    {"", "", ".*", 10000},
    {"", "", "(a|)", 10000},
    {"", "", "|", 100000},
    {"", "", "a|", 100000},
    {"", "", "[a-z]{500}", 10000},
    {"", "", "[[:alpha:]]", 10000},
    {"", "", "\\p{L}", 10000},
    {"", "", "a", 1000000},
    {"(", "", "", 100000},
    {"(?", "", "", 100000},
    {"[", "", "", 100000},
    {"[[:", "", "", 100000},
    {"(?<", "", "", 100000},
    {"\\Q", "", "", 100000},
    {"\\x{", "", "", 100000},
};

START_TEST(test_hostile) {
    clock_t start = clock();
    count_samples(hostile[_i].before, hostile[_i].middle, hostile[_i].after, hostile[_i].times);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    ck_assert_msg(seconds < 5, "%s%s%s: %.1f s", hostile[_i].before, hostile[_i].middle,
                  hostile[_i].after, seconds);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("regex_sample");
    UNIT_ADD_TABLE(suite, test_exact, exact);
    UNIT_ADD_TABLE(suite, test_likely, likely);
    UNIT_ADD_TABLE(suite, test_none, none);
    UNIT_ADD_TABLE(suite, test_cut, exact);
    unit_add(suite, "test_nul", test_nul, 1);
    unit_add(suite, "test_limit", test_limit, 1);
    unit_add(suite, "test_breadth", test_breadth, 1);
    unit_add(suite, "test_bounds", test_bounds, 1);
    UNIT_ADD_TABLE(suite, test_hostile, hostile);
    return unit_run(suite);
}
