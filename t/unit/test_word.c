/*
 * Units of lib/protocol/word: each against the same byte by byte.
 */
#include "protocol/word.h"

#include "unit/random.h"

/* The word whose bytes these are, the first one lowest, and zeros above them. */
static guint64 make_word(const char *bytes, size_t length) {
    guint64 word = 0;
    for (size_t i = length; i > 0; i--) {
        word = word << 8 | (guchar)bytes[i - 1];
    }
    return word;
}

static void fill(Random *random, char bytes[WORD_SIZE]) {
    for (size_t i = 0; i < WORD_SIZE; i++) {
        bytes[i] = (char)random_below(random, 256);
    }
}

START_TEST(test_load) {
    Random random = random_start();
    for (guint round = 0; round < 1000; round++) {
        char bytes[WORD_SIZE];
        char stored[WORD_SIZE];
        fill(&random, bytes);
        g_autofree char *copy = unit_copy(text_make(bytes, WORD_SIZE));
        RANDOM_ASSERT(&random, word_load(copy) == make_word(bytes, WORD_SIZE), "whole");
        RANDOM_ASSERT(&random, word_load_half(copy) == make_word(bytes, 4), "half");
        word_store(stored, word_load(copy));
        UNIT_ASSERT_TEXT("stored", text_make(stored, WORD_SIZE), text_make(bytes, WORD_SIZE));
    }
}
END_TEST

START_TEST(test_load_some) {
    Random random = random_start();
    ck_assert_uint_eq(word_load_some(NULL, 0), 0);
    for (size_t length = 0; length < WORD_SIZE; length++) {
        char bytes[WORD_SIZE];
        fill(&random, bytes);
        g_autofree char *copy = unit_copy(text_make(bytes, length));
        RANDOM_ASSERT(&random, word_load_some(copy, length) == make_word(bytes, length),
                      "%zu bytes", length);
    }
}
END_TEST

static void check_fold(Random *random, int byte) {
    for (size_t at = 0; at < WORD_SIZE; at++) {
        char bytes[WORD_SIZE];
        char folded[WORD_SIZE];
        fill(random, bytes);
        bytes[at] = (char)byte;
        text_fold(text_make(bytes, WORD_SIZE), folded);
        RANDOM_ASSERT(random,
                      word_fold(make_word(bytes, WORD_SIZE)) == make_word(folded, WORD_SIZE),
                      "byte %d at %zu", byte, at);
    }
}

/* Among those beside it in the order of bytes, and what a borrow from below could turn into it. */
static void check_has(int number) {
    const char byte = (char)number;
    const char near[] = {(char)(byte - 1), (char)(byte + 1), (char)(byte ^ 1), (char)(byte ^ 0x80)};
    for (size_t at = 0; at < WORD_SIZE; at++) {
        char bytes[WORD_SIZE];
        for (size_t i = 0; i < WORD_SIZE; i++) {
            bytes[i] = near[(i + at) % sizeof near];
        }
        ck_assert_msg(!word_has(make_word(bytes, WORD_SIZE), byte), "byte %d", number);
        bytes[at] = byte;
        ck_assert_msg(word_has(make_word(bytes, WORD_SIZE), byte), "byte %d at %zu", number, at);
    }
}

/* Every byte, at every place. */
START_TEST(test_bytes) {
    Random random = random_start();
    for (int byte = 0; byte < 256; byte++) {
        check_fold(&random, byte);
        check_has(byte);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("word");
    unit_add(suite, "test_load", test_load, 1);
    unit_add(suite, "test_load_some", test_load_some, 1);
    unit_add(suite, "test_bytes", test_bytes, 1);
    return unit_run(suite);
}
