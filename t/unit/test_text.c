/*
 * Units of lib/protocol/text: comparing, folding, searching, numbers.
 */
#include "protocol/text.h"

#include "unit/unit.h"

static const struct {
    const char *name;
    Text a;
    Text b;
    gboolean equal;
    gboolean folded;
} pairs[] = {
    {"two empty ones", BYTES(""), BYTES(""), TRUE, TRUE},
    {"no data at all", {NULL, 0}, BYTES(""), TRUE, TRUE},
    {"the same", BYTES("relay"), BYTES("relay"), TRUE, TRUE},
    {"another case", BYTES("Relay"), BYTES("rELAY"), FALSE, TRUE},
    {"a prefix", BYTES("relay"), BYTES("rela"), FALSE, FALSE},
    {"the last byte", BYTES("relay"), BYTES("relax"), FALSE, FALSE},
    {"the same up to a NUL", BYTES("a\0b"), BYTES("a\0c"), FALSE, FALSE},
    {"equal with a NUL", BYTES("a\0B"), BYTES("a\0b"), FALSE, TRUE},
    {"a NUL at the end", BYTES("a\0"), BYTES("a"), FALSE, FALSE},
    {"no case in brackets", BYTES("["), BYTES("{"), FALSE, FALSE},
    {"no case in @ and `", BYTES("@"), BYTES("`"), FALSE, FALSE},
    {"no case beyond ASCII", BYTES("\xc3\x84"), BYTES("\xc3\xa4"), FALSE, FALSE},
    {"no case in Latin 1", BYTES("\xc4"), BYTES("\xe4"), FALSE, FALSE},
};

START_TEST(test_equal) {
    g_autofree char *a = unit_copy(pairs[_i].a);
    g_autofree char *b = unit_copy(pairs[_i].b);
    Text left = text_make(a, pairs[_i].a.length);
    Text right = text_make(b, pairs[_i].b.length);
    ck_assert_msg(text_equal(left, right) == pairs[_i].equal, "%s", pairs[_i].name);
    ck_assert_msg(text_equal(right, left) == pairs[_i].equal, "%s, turned", pairs[_i].name);
    ck_assert_msg(text_equal_folded(left, right) == pairs[_i].folded, "%s", pairs[_i].name);
    ck_assert_msg(text_equal_folded(right, left) == pairs[_i].folded, "%s", pairs[_i].name);
}
END_TEST

START_TEST(test_from_string) {
    UNIT_ASSERT_TEXT("NULL", text_from_string(NULL), TEXT_LITERAL(""));
    UNIT_ASSERT_TEXT("empty", text_from_string(""), TEXT_LITERAL(""));
    UNIT_ASSERT_TEXT("a word", text_from_string("word"), TEXT_LITERAL("word"));
    UNIT_ASSERT_TEXT("a literal keeps its NUL", TEXT_LITERAL("a\0b"), text_make("a\0b", 3));
}
END_TEST

START_TEST(test_fold) {
    for (int byte = 0; byte < 256; byte++) {
        char in = (char)byte;
        g_autofree char *out = g_malloc(1);
        text_fold(text_make(&in, 1), out);
        int want = byte >= 'A' && byte <= 'Z' ? byte + 32 : byte;
        ck_assert_int_eq((guchar)*out, want);
    }
    char untouched = 'x';
    text_fold(TEXT_LITERAL(""), &untouched);
    ck_assert_int_eq(untouched, 'x');
}
END_TEST

static const struct {
    const char *name;
    Text text;
    char byte;
    ssize_t first;
    ssize_t last;
} finds[] = {
    {"nowhere in nothing", BYTES(""), '@', -1, -1},
    {"nowhere in no data", {NULL, 0}, '@', -1, -1},
    {"nowhere", BYTES("user"), '@', -1, -1},
    {"alone", BYTES("@"), '@', 0, 0},
    {"at the start", BYTES("@user"), '@', 0, 0},
    {"at the end", BYTES("user@"), '@', 4, 4},
    {"twice", BYTES("a@b@c"), '@', 1, 3},
    {"side by side", BYTES("@@"), '@', 0, 1},
    {"behind a NUL", BYTES("a\0@"), '@', 2, 2},
    {"a NUL", BYTES("a\0b\0c"), '\0', 1, 3},
    {"not the NUL behind it", BYTES("abc"), '\0', -1, -1},
    {"a byte over 0x7f", BYTES("a\xff"), '\xff', 1, 1},
};

START_TEST(test_find) {
    g_autofree char *copy = unit_copy(finds[_i].text);
    Text text = text_make(copy, finds[_i].text.length);
    ck_assert_msg(text_find(text, finds[_i].byte) == finds[_i].first, "%s", finds[_i].name);
    ck_assert_msg(text_find_last(text, finds[_i].byte) == finds[_i].last, "%s", finds[_i].name);
}
END_TEST

static const struct {
    const char *name;
    Text text;
    gboolean ok;
    guint64 value;
} numbers[] = {
    {"zero", BYTES("0"), TRUE, 0},
    {"one digit", BYTES("7"), TRUE, 7},
    {"leading zeros", BYTES("0000000000000000000000000012"), TRUE, 12},
    {"a usual size", BYTES("10240000"), TRUE, 10240000},
    {"2^63", BYTES("9223372036854775808"), TRUE, G_GUINT64_CONSTANT(9223372036854775808)},
    {"2^64 - 1", BYTES("18446744073709551615"), TRUE, G_MAXUINT64},
    {"2^64", BYTES("18446744073709551616"), FALSE, 0},
    {"2^64 + 4", BYTES("18446744073709551620"), FALSE, 0},
    {"21 digits", BYTES("100000000000000000000"), FALSE, 0},
    {"empty", BYTES(""), FALSE, 0},
    {"a sign", BYTES("-1"), FALSE, 0},
    {"a plus", BYTES("+1"), FALSE, 0},
    {"a space before", BYTES(" 1"), FALSE, 0},
    {"a space behind", BYTES("1 "), FALSE, 0},
    {"a letter", BYTES("1k"), FALSE, 0},
    {"hexadecimal", BYTES("0x10"), FALSE, 0},
    {"a fraction", BYTES("1.0"), FALSE, 0},
    {"the byte below 0", BYTES("1/"), FALSE, 0},
    {"the byte above 9", BYTES("1:"), FALSE, 0},
    {"a NUL behind", BYTES("1\0"), FALSE, 0},
    {"a byte over 0x7f", BYTES("1\xb1"), FALSE, 0},
};

START_TEST(test_parse_number) {
    g_autofree char *copy = unit_copy(numbers[_i].text);
    guint64 value = 4242;
    gboolean ok = text_parse_number(text_make(copy, numbers[_i].text.length), &value);
    ck_assert_msg(ok == numbers[_i].ok, "%s", numbers[_i].name);
    ck_assert_msg(value == (ok ? numbers[_i].value : 4242), "%s: %" G_GUINT64_FORMAT,
                  numbers[_i].name, value);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("text");
    UNIT_ADD_TABLE(suite, test_equal, pairs);
    unit_add(suite, "test_from_string", test_from_string, 1);
    unit_add(suite, "test_fold", test_fold, 1);
    UNIT_ADD_TABLE(suite, test_find, finds);
    UNIT_ADD_TABLE(suite, test_parse_number, numbers);
    return unit_run(suite);
}
