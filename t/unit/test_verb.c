/*
 * Units of ctl/verb: what other programs say, for a terminal.
 */
#include "ctl/verb.h"

#include "unit/unit.h"

static const struct {
    const char *name;
    const char *text;
    const char *want;
} texts[] = {
    {"nothing", "", ""},
    {"plain", "rules.5: ok\n\tnext\n", "rules.5: ok\n\tnext\n"},
    {"UTF-8", "b\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", "b\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80"},
    {"C0 and DEL", "\x1b[2J\a\r\b\x7f\x01", "?[2J?????"},
    {"C1", "\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "??????\xc2\xa0"},
    {"C1 in 8 bits",
     "\x9b"
     "31m",
     "?31m"},
    {"no UTF-8", "\xff\xc0\x80\xed\xa0\x80", "??????"},
    {"cut", "\xe2\x82", "??"},
    {"cut before a control character", "\xe2\x82\x1b", "???"},
};

START_TEST(test_clean) {
    g_autofree char *text = g_strdup(texts[_i].text);
    verb_clean(text);
    ck_assert_msg(g_str_equal(text, texts[_i].want), "%s: %s", texts[_i].name, text);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("verb");
    UNIT_ADD_TABLE(suite, test_clean, texts);
    return unit_run(suite);
}
