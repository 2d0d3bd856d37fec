/*
 * Units of lib/rules/regex.
 */
#include "rules/regex.h"

#include <string.h>

#include "limit.h"
#include "unit/unit.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Regex, regex_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RegexScratch, regex_scratch_free)

static RegexResult run(const char *pattern, gboolean caseless, Text subject) {
    g_autoptr(GError) error = NULL;
    g_autoptr(RegexScratch) scratch = regex_scratch_new();
    size_t offset = 0;
    g_autoptr(Regex) regex = regex_new(text_from_string(pattern), caseless, &offset, &error);
    ck_assert_msg(regex != NULL, "%s: %s", pattern, error ? error->message : "");
    return regex_match(regex, scratch, subject);
}

static const struct {
    const char *name;
    const char *pattern;
    gboolean caseless;
    Text subject;
    RegexResult result;
} rows[] = {
    {"anywhere", "b", FALSE, BYTES("abc"), REGEX_YES},
    {"nowhere", "x", FALSE, BYTES("abc"), REGEX_NO},
    {"empty", "", FALSE, BYTES("abc"), REGEX_YES},
    {"the start", "^b", FALSE, BYTES("abc"), REGEX_NO},
    {"the end", "c$", FALSE, BYTES("abc"), REGEX_YES},
    {"$ is not before a last newline", "c$", FALSE, BYTES("abc\n"), REGEX_NO},
    {"^ is not behind a newline", "^b", FALSE, BYTES("a\nb"), REGEX_NO},
    {". is no newline", "a.b", FALSE, BYTES("a\nb"), REGEX_NO},
    {". is a NUL", "a.b", FALSE, BYTES("a\0b"), REGEX_YES},
    {"a NUL ends no subject", "b$", FALSE, BYTES("a\0b"), REGEX_YES},
    {"case counts", "abc", FALSE, BYTES("ABC"), REGEX_NO},
    {"i folds", "abc", TRUE, BYTES("ABC"), REGEX_YES},
    {"i folds ASCII alone", "\xc3\xbc", TRUE, BYTES("\xc3\x9c"), REGEX_NO},
    {"UTF-8 is bytes", "^..$", FALSE, BYTES("\xc3\xbc"), REGEX_YES},
    {"bytes that are no UTF-8", "^\\xff$", FALSE, BYTES("\xff"), REGEX_YES},
    {"\\w is ASCII", "^\\w+$", FALSE, BYTES("\xc3\xbc"), REGEX_NO},
    {"a slash behind a backslash", "a\\/b", FALSE, BYTES("a/b"), REGEX_YES},
    {"an alternation", "^(a|bc)$", FALSE, BYTES("bc"), REGEX_YES},
    {"a back reference", "^(.)\\1$", FALSE, BYTES("aa"), REGEX_YES},
    {"a look behind", "(?<!x)b", FALSE, BYTES("xb"), REGEX_NO},
    {"an option inside", "(?i)abc", FALSE, BYTES("ABC"), REGEX_YES},
    {"nested repeats that match", "^(a+)+$", FALSE, BYTES("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
     REGEX_YES},
    {"nested repeats give up", "^(a+)+$", FALSE,
     BYTES("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
     REGEX_LIMIT},
    {"alternating repeats give up", "^(a|aa)+$", FALSE,
     BYTES("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
     REGEX_LIMIT},
};

START_TEST(test_match) {
    /* No unit_copy(): compiled patterns read whole vectors, past a subject's end. */
    RegexResult result = run(rows[_i].pattern, rows[_i].caseless, rows[_i].subject);
    ck_assert_msg(result == rows[_i].result, "%s: %d", rows[_i].name, (int)result);
}
END_TEST

static const struct {
    const char *pattern;
    size_t offset;
    const char *message;
} faults[] = {
    {"(", 1, "missing closing parenthesis"},
    {"a)", 1, "unmatched closing parenthesis"},
    {"[a", 2, "missing terminating ] for character class"},
    {"*", 0, "quantifier does not follow a repeatable item"},
    {"a**", 0, NULL},
    {"\\", 1, "\\ at end of pattern"},
    {"(?<n>a)\\k<m>", 10, "reference to non-existent subpattern"},
    {"(*UTF)a", 6, "using UTF is disabled by the application"},
    {"(*UCP)a", 6, "using UCP is disabled by the application"},
    {"a{2,1}", 5, "numbers out of order in {} quantifier"},
    {"(?<=a+)b", 0, "lookbehind assertion is not fixed length"},
    {"[[:nope:]]", 3, "unknown POSIX class name"},
    {"(?(1)a|b|c)", 0, NULL},
};

START_TEST(test_fault) {
    g_autoptr(GError) error = NULL;
    size_t offset = 999;
    g_autoptr(Regex) regex =
        regex_new(text_from_string(faults[_i].pattern), FALSE, &offset, &error);
    ck_assert_msg(regex == NULL, "%s", faults[_i].pattern);
    ck_assert(g_error_matches(error, REGEX_ERROR, REGEX_ERROR_SYNTAX));
    ck_assert_msg(offset <= strlen(faults[_i].pattern), "%s: %zu", faults[_i].pattern, offset);
    if (faults[_i].message) {
        ck_assert_str_eq(error->message, faults[_i].message);
        ck_assert_msg(offset == faults[_i].offset, "%s: %zu", faults[_i].pattern, offset);
    }
}
END_TEST

/* A scratch is for any number of regexes, and a limit that was hit leaves nothing behind. */
START_TEST(test_scratch) {
    g_autoptr(RegexScratch) scratch = regex_scratch_new();
    size_t offset;
    g_autoptr(Regex) slow = regex_new(TEXT_LITERAL("^(a|aa)+$"), FALSE, &offset, NULL);
    g_autoptr(Regex) quick = regex_new(TEXT_LITERAL("^(x)(y)(z)$"), FALSE, &offset, NULL);
    g_autofree char *subject = g_strnfill(5000, 'a');
    subject[4999] = 'b';
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(regex_match(slow, scratch, text_from_string(subject)), REGEX_LIMIT);
        ck_assert_int_eq(regex_match(quick, scratch, TEXT_LITERAL("xyz")), REGEX_YES);
        ck_assert_int_eq(regex_match(quick, scratch, TEXT_LITERAL("xy")), REGEX_NO);
    }
    regex_free(NULL);
    regex_scratch_free(NULL);
}
END_TEST

/* The longest value that a request may hold, against patterns that remember where they were: they
 * end, at the stack's limit if not before. */
START_TEST(test_long_subject) {
    static const char *const patterns[] = {"(.|x)*$", "^(?:a?)*?b", "(a+)+b", "(?:(a)|b)*c",
                                           "^(?:[^b]*a)*$"};
    g_autofree char *subject = g_strnfill(LIMIT_BLOCK - 1, 'a');
    for (size_t i = 0; i < G_N_ELEMENTS(patterns); i++) {
        gint64 start = g_get_monotonic_time();
        run(patterns[i], FALSE, text_make(subject, LIMIT_BLOCK - 1));
        ck_assert_msg(g_get_monotonic_time() - start < 10 * G_USEC_PER_SEC, "%s", patterns[i]);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("regex");
    UNIT_ADD_TABLE(suite, test_match, rows);
    UNIT_ADD_TABLE(suite, test_fault, faults);
    unit_add(suite, "test_scratch", test_scratch, 1);
    unit_add(suite, "test_long_subject", test_long_subject, 1);
    return unit_run(suite);
}
