/*
 * Units of lib/rules/nearest.
 */
#include "rules/nearest.h"

#include "unit/unit.h"

#define LETTERS_64 "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"

static const char *const words[] = {"permit",    "reject",     "defer",           "networks", "bcc",
                                    "recipient", "sender",     "sender.domain",   "size",     "ab",
                                    "x",         "tls_sni_ab", "defer_if_permit", LETTERS_64, NULL};

static const struct {
    const char *name;
    Text word;
    const char *nearest;
} rows[] = {
    {"the word itself", BYTES("permit"), "permit"},
    {"a letter changed", BYTES("pormit"), "permit"},
    {"a letter left out", BYTES("prmit"), "permit"},
    {"a letter put in", BYTES("permitt"), "permit"},
    {"neighbours swapped", BYTES("premit"), "permit"},
    {"two of six letters", BYTES("parmet"), "permit"},
    {"three of six letters", BYTES("parmex"), NULL},
    {"case does not count", BYTES("REJECT"), "reject"},
    {"capitals and a letter changed", BYTES("PORMIT"), "permit"},
    {"one of three letters", BYTES("bbc"), "bcc"},
    {"two of three letters", BYTES("bbb"), NULL},
    {"one of two letters", BYTES("ac"), "ab"},
    {"a word of one letter is no hint", BYTES("y"), NULL},
    {"a prefix is too far", BYTES("defer_if"), NULL},
    {"the nearer of two", BYTES("sendre"), "sender"},
    {"a part", BYTES("sender.doman"), "sender.domain"},
    {"an underscore left out", BYTES("deferif_permit"), "defer_if_permit"},
    {"nothing like it", BYTES("zzzzzz"), NULL},
    {"empty", BYTES(""), NULL},
    {"64 letters", BYTES("x" LETTERS_64), NULL},
    {"64 letters, one changed",
     BYTES("baaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"), LETTERS_64},
    {"a NUL is a letter", BYTES("per\0it"), "permit"},
};

START_TEST(test_nearest) {
    g_autofree char *copy = unit_copy(rows[_i].word);
    const char *nearest = nearest_find(text_make(copy, rows[_i].word.length), words);
    ck_assert_msg(g_strcmp0(nearest, rows[_i].nearest) == 0, "%s: %s", rows[_i].name,
                  nearest ? nearest : "none");
}
END_TEST

START_TEST(test_none_known) {
    static const char *const none[] = {NULL};
    ck_assert_ptr_null(nearest_find(TEXT_LITERAL("permit"), none));
}
END_TEST

/* A known word over the longest that is compared is passed over. */
START_TEST(test_long_known) {
    static const char *const known[] = {LETTERS_64 "x", NULL};
    ck_assert_ptr_null(nearest_find(TEXT_LITERAL(LETTERS_64), known));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("nearest");
    UNIT_ADD_TABLE(suite, test_nearest, rows);
    unit_add(suite, "test_none_known", test_none_known, 1);
    unit_add(suite, "test_long_known", test_long_known, 1);
    return unit_run(suite);
}
