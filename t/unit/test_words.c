/*
 * Units of policyd/ctl/words: how each value is quoted, and that a shell takes it for itself.
 */
#include "ctl/words.h"

#include <stdio.h>

#include "unit/random.h"

static const struct {
    const char *name;
    Text sender;
    const char *words; /* NULL: there are none */
} words[] = {
    {"nothing", BYTES(""), ""},
    {"plain", BYTES("a.b-c_d@example.com"), "sender=a.b-c_d@example.com"},
    {"signs that a shell leaves alone", BYTES("%+=:,/@"), "sender=%+=:,/@"},
    {"a blank", BYTES("a b"), "'sender=a b'"},
    {"signs that it doesn't", BYTES("$(a)`b`*?[c]~!#&|;<>{}^\""),
     "'sender=$(a)`b`*?[c]~!#&|;<>{}^\"'"},
    {"a quote", BYTES("o'b"), "'sender=o'\\''b'"},
    {"a backslash", BYTES("a\\b"), "'sender=a\\b'"},
    {"an escape of a terminal", BYTES("\x1b[31m"), "$'sender=\\x1b[31m'"},
    {"quote and backslash among escapes", BYTES("\t'\\\""), "$'sender=\\x09\\'\\\\\"'"},
    {"UTF-8", BYTES("\xc3\xbc"), "$'sender=\\xc3\\xbc'"},
    {"a hexadecimal digit behind an escape",
     BYTES("\x01"
           "1"),
     "$'sender=\\x011'"},
    {"a NUL", BYTES("a\0b"), NULL},
};

START_TEST(test_word) {
    Request request = {.values = {[ATTRIBUTE_SENDER] = words[_i].sender}};
    g_autofree char *got = words_from_request(&request);
    ck_assert_pstr_eq(got, words[_i].words);
}
END_TEST

START_TEST(test_order) {
    Request request = {.values = {[ATTRIBUTE_SIZE] = TEXT_LITERAL("1"),
                                  [ATTRIBUTE_REQUEST] = TEXT_LITERAL("smtpd_access_policy"),
                                  [ATTRIBUTE_SENDER] = TEXT_LITERAL("a b")}};
    g_autofree char *got = words_from_request(&request);
    ck_assert_str_eq(got, "'sender=a b' size=1");
}
END_TEST

/* Adds a word to a script that prints its words, and what it should print. */
static void add_word(const char *value, size_t length, GString *script, GString *want) {
    Request request = {.values = {[ATTRIBUTE_SENDER] = text_make(value, length)}};
    g_autofree char *word = words_from_request(&request);
    g_string_append_printf(script, " %s", word);
    g_string_append(want, "sender=");
    g_string_append_len(want, value, (gssize)length);
    g_string_append_c(want, '\0');
}

/* What a run of bash prints, of which no more than `limit` bytes are looked at. */
static GString *run_bash(char *script, size_t limit) {
    char *arguments[] = {(char[]){"bash"}, (char[]){"-c"}, script, NULL};
    GString *printed = g_string_sized_new(limit);
    int pipe;
    ck_assert(g_spawn_async_with_pipes(NULL, arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                                       NULL, &pipe, NULL, NULL));
    FILE *stream = fdopen(pipe, "r");
    g_string_set_size(printed, limit);
    g_string_set_size(printed, fread(printed->str, 1, limit, stream));
    fclose(stream);
    return printed;
}

/* Every byte, where a shell might expand it, and random values. */
START_TEST(test_shell) {
    Random random = random_start();
    g_autoptr(GString) script = g_string_new("printf '%s\\0'");
    g_autoptr(GString) want = g_string_new(NULL);
    for (int byte = 1; byte < 256; byte++) {
        const char around[] = {(char)byte, 'r', 'o', 'o', 't', (char)byte, ','};
        add_word(around, 5, script, want);
        add_word(around + 1, 5, script, want);
        add_word(around + 4, 3, script, want);
    }
    for (int i = 0; i < 500; i++) {
        char value[12];
        for (size_t j = 0; j < sizeof value; j++) {
            value[j] = (char)(1 + random_below(&random, i % 2 > 0 ? 255 : 126));
        }
        add_word(value, sizeof value, script, want);
    }
    g_autoptr(GString) got = run_bash(script->str, want->len + 1);
    RANDOM_ASSERT(&random, g_string_equal(got, want), "%s", script->str);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("words");
    UNIT_ADD_TABLE(suite, test_word, words);
    unit_add(suite, "test_order", test_order, 1);
    unit_add(suite, "test_shell", test_shell, 1);
    return unit_run(suite);
}
