/*
 * Units of lib/rules/text_set.
 */
#include "rules/text_set.h"

#include "unit/random.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TextSet, text_set_free)

static const Text added[] = {
    BYTES("example.com"), BYTES(""),    BYTES("a"),     BYTES("ab"),
    BYTES("a\0b"),        BYTES("\0"),  BYTES("\0\0"),  BYTES("example.com"),
    BYTES("xn--p1ai"),    BYTES("a b"), BYTES("\xff\n")};

static TextSet *new_set(void) {
    TextSet *set = text_set_new();
    for (size_t i = 0; i < G_N_ELEMENTS(added); i++) {
        g_autofree char *copy = unit_copy(added[i]);
        ck_assert(text_set_add(set, text_make(copy, added[i].length)));
    }
    return set;
}

static const struct {
    const char *name;
    Text text;
    gboolean has;
    gboolean has_folded;
} rows[] = {
    {"a text", BYTES("example.com"), TRUE, TRUE},
    {"its prefix", BYTES("example.co"), FALSE, FALSE},
    {"and more", BYTES("example.com "), FALSE, FALSE},
    {"capitals", BYTES("Example.COM"), FALSE, TRUE},
    {"empty", BYTES(""), TRUE, TRUE},
    {"no data", {NULL, 0}, TRUE, TRUE},
    {"a NUL inside", BYTES("a\0b"), TRUE, TRUE},
    {"another behind the NUL", BYTES("a\0c"), FALSE, FALSE},
    {"one NUL", BYTES("\0"), TRUE, TRUE},
    {"three NULs", BYTES("\0\0\0"), FALSE, FALSE},
    {"a capital", BYTES("A b"), FALSE, TRUE},
    {"high bytes", BYTES("\xff\n"), TRUE, TRUE},
    {"high bytes are not folded", BYTES("\xdf\n"), FALSE, FALSE},
    {"missing", BYTES("z"), FALSE, FALSE},
};

START_TEST(test_has) {
    g_autoptr(TextSet) set = new_set();
    g_autofree char *copy = unit_copy(rows[_i].text);
    Text text = text_make(rows[_i].text.data ? copy : NULL, rows[_i].text.length);
    ck_assert_msg(text_set_has(set, text) == rows[_i].has, "%s", rows[_i].name);
    ck_assert_msg(text_set_has_folded(set, text) == rows[_i].has_folded, "%s: folded",
                  rows[_i].name);
}
END_TEST

START_TEST(test_order) {
    g_autoptr(TextSet) set = new_set();
    ck_assert_uint_eq(text_set_count(set), G_N_ELEMENTS(added) - 1);
    UNIT_ASSERT_TEXT("the first", text_set_get(set, 0), added[0]);
    UNIT_ASSERT_TEXT("the second", text_set_get(set, 1), added[1]);
    UNIT_ASSERT_TEXT("one that was there is not added", text_set_get(set, 7), added[8]);
}
END_TEST

START_TEST(test_empty_set) {
    g_autoptr(TextSet) set = text_set_new();
    ck_assert(!text_set_has(set, TEXT_LITERAL("")));
    ck_assert(!text_set_has_folded(set, TEXT_LITERAL("a")));
    ck_assert_uint_eq(text_set_count(set), 0);
    text_set_free(NULL);
}
END_TEST

#define LETTERS "abAB.\0\xc3"

/* Short texts over few letters, so that many are met again. */
static Text make_text(Random *random, char out[8]) {
    guint length = random_below(random, 7);
    for (guint i = 0; i < length; i++) {
        out[i] = LETTERS[random_below(random, sizeof LETTERS - 1)];
    }
    return text_make(out, length);
}

static gboolean naive_has(const GPtrArray *texts, Text text) {
    for (guint i = 0; i < texts->len; i++) {
        const GString *known = g_ptr_array_index(texts, i);
        size_t same = 0;
        while (same < MIN(known->len, text.length) && known->str[same] == text.data[same]) {
            same++;
        }
        if (same == known->len && same == text.length) {
            return TRUE;
        }
    }
    return FALSE;
}

static void free_string(gpointer string) {
    g_string_free(string, TRUE);
}

/* Each round adds one text and looks for others; with `fold`, in another case than they have. */
static void run_random(gboolean fold) {
    Random random = random_start();
    g_autoptr(TextSet) set = text_set_new();
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(free_string);
    char bytes[8];
    char folded[8];
    for (guint round = 0; round < 200; round++) {
        Text text = make_text(&random, bytes);
        text_fold(text, folded);
        text.data = fold ? folded : bytes;
        if (!naive_has(texts, text)) {
            g_ptr_array_add(texts, g_string_new_len(text.data, (gssize)text.length));
        }
        ck_assert(text_set_add(set, text));
        RANDOM_ASSERT(&random, text_set_count(set) == texts->len, "%u texts, not %u",
                      text_set_count(set), texts->len);
        for (guint i = 0; i < 20; i++) {
            text = make_text(&random, bytes);
            text_fold(text, folded);
            gboolean has = fold ? text_set_has_folded(set, text) : text_set_has(set, text);
            Text looked_for = text_make(fold ? folded : bytes, text.length);
            RANDOM_ASSERT(&random, has == naive_has(texts, looked_for), "%s", unit_show(text));
        }
    }
}

START_TEST(test_random) {
    run_random(_i == 1);
}
END_TEST

/* Past every size that the table starts with. */
START_TEST(test_many) {
    enum { MANY = 20000 };
    g_autoptr(TextSet) set = text_set_new();
    char text[16];
    for (guint i = 0; i < MANY; i++) {
        g_snprintf(text, sizeof text, "%u.example", i);
        ck_assert(text_set_add(set, text_from_string(text)));
    }
    ck_assert_uint_eq(text_set_count(set), MANY);
    for (guint i = 0; i < 2 * MANY; i++) {
        g_snprintf(text, sizeof text, "%u.example", i);
        ck_assert_int_eq(text_set_has_folded(set, text_from_string(text)), i < MANY);
    }
}
END_TEST

/* A hash that goes on is the hash of the longer text alone, and letters are folded in it. */
START_TEST(test_hash) {
    static const Text text = TEXT_LITERAL("Very.Long.Label-of.Mail.Example.COM");
    g_autofree char *copy = unit_copy(text);
    TextHash hash = text_hash_start(text_make(copy, text.length));
    text_fold(text, copy);
    for (size_t length = 0; length <= text.length; length += (size_t)_i + 1) {
        TextHash alone = text_hash_start(text_make(text.data + text.length - length, length));
        ck_assert_uint_eq(text_hash_last(&hash, length), text_hash_last(&alone, length));
    }
}
END_TEST

/* Zeros in front count, and so does each byte. */
START_TEST(test_hash_differs) {
    char bytes[20] = {0};
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    for (size_t length = 0; length <= sizeof bytes; length++) {
        for (size_t at = 0; at < MAX(length, 1); at++) {
            guint64 *value = g_new(guint64, 1);
            bytes[at] = length > 0 ? 'x' : 0;
            TextHash hash = text_hash_start(text_make(bytes, length));
            *value = text_hash_last(&hash, length);
            bytes[at] = 0;
            ck_assert_msg(g_hash_table_add(seen, value), "%zu of %zu", at, length);
        }
    }
}
END_TEST

START_TEST(test_longest) {
    g_autoptr(TextSet) set = text_set_new();
    ck_assert_uint_eq(text_set_longest(set), 0);
    ck_assert(!text_set_has(set, TEXT_LITERAL("a")));
    ck_assert(text_set_add(set, TEXT_LITERAL("example")));
    ck_assert(text_set_add(set, TEXT_LITERAL("net")));
    ck_assert_uint_eq(text_set_longest(set), 7);
    ck_assert(text_set_has(set, TEXT_LITERAL("example")));
    ck_assert(!text_set_has(set, TEXT_LITERAL("examples")));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("text_set");
    UNIT_ADD_TABLE(suite, test_has, rows);
    unit_add(suite, "test_order", test_order, 1);
    unit_add(suite, "test_empty_set", test_empty_set, 1);
    unit_add(suite, "test_random", test_random, 2);
    unit_add(suite, "test_many", test_many, 1);
    unit_add(suite, "test_hash", test_hash, 9);
    unit_add(suite, "test_hash_differs", test_hash_differs, 1);
    unit_add(suite, "test_longest", test_longest, 1);
    return unit_run(suite);
}
