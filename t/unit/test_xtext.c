/*
 * Units of lib/protocol/xtext.
 */
#include "protocol/xtext.h"

#include "unit/unit.h"

static const struct {
    const char *name;
    Text text;
    gboolean ok;
    Text decoded;
} rows[] = {
    {"empty", BYTES(""), TRUE, BYTES("")},
    {"nothing to decode", BYTES("user@example.com"), TRUE, BYTES("user@example.com")},
    {"a space", BYTES("CN=a+20b"), TRUE, BYTES("CN=a b")},
    {"a plus", BYTES("user+2Btag"), TRUE, BYTES("user+tag")},
    {"an equals sign", BYTES("a+3Db"), TRUE, BYTES("a=b")},
    {"lower case digits", BYTES("+2b+3d"), TRUE, BYTES("+=")},
    {"alone", BYTES("+40"), TRUE, BYTES("@")},
    {"side by side", BYTES("+41+42"), TRUE, BYTES("AB")},
    {"not decoded twice", BYTES("+2B40"), TRUE, BYTES("+40")},
    {"digits behind it stay", BYTES("+410"), TRUE, BYTES("A0")},
    {"a NUL", BYTES("a+00b"), TRUE, BYTES("a\0b")},
    {"the highest byte", BYTES("+FF"), TRUE, BYTES("\xff")},
    {"a raw NUL", BYTES("a\0b"), TRUE, BYTES("a\0b")},
    {"raw UTF-8", BYTES("M\xc3\xbcller"), TRUE, BYTES("M\xc3\xbcller")},
    {"a plus alone", BYTES("+"), FALSE, BYTES("")},
    {"a plus at the end", BYTES("user+"), FALSE, BYTES("")},
    {"one digit", BYTES("user+2"), FALSE, BYTES("")},
    {"one digit, then text", BYTES("+2x"), FALSE, BYTES("")},
    {"no digit", BYTES("+x2"), FALSE, BYTES("")},
    {"two pluses", BYTES("++20"), FALSE, BYTES("")},
    {"a sign", BYTES("+-1"), FALSE, BYTES("")},
    {"a prefix 0x", BYTES("+0x"), FALSE, BYTES("")},
    {"a digit of another script", BYTES("+\xd9\xa1"), FALSE, BYTES("")},
    {"wrong at the end only", BYTES("a+20b+g0"), FALSE, BYTES("")},
};

/* Both buffers are of the exact size that the contract asks for. */
START_TEST(test_decode) {
    g_autofree char *copy = unit_copy(rows[_i].text);
    g_autofree char *scratch = g_malloc(MAX(rows[_i].text.length, 1));
    Text decoded = TEXT_LITERAL("untouched");
    gboolean ok = xtext_decode(text_make(copy, rows[_i].text.length), scratch, &decoded);
    ck_assert_msg(ok == rows[_i].ok, "%s", rows[_i].name);
    UNIT_ASSERT_TEXT(rows[_i].name, decoded, ok ? rows[_i].decoded : TEXT_LITERAL("untouched"));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("xtext");
    UNIT_ADD_TABLE(suite, test_decode, rows);
    return unit_run(suite);
}
