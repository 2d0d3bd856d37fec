/*
 * SampleSet: arrays of strings, so short that a search through them is quick. What doesn't fit, in
 * a set or in a string, is left out: whoever uses a sample tries it first.
 */
#include "analysis/sample_set.h"

#include <string.h>

#include "limit.h"

#define BYTES_MAX 4

/* What memory for a set costs, in bytes copied. */
#define STEPS_NEW 16

/* Repeats beyond those that must be. */
#define REPEATS_MORE 2

static void spend(guint *steps, size_t count) {
    *steps -= (guint)MIN(count, *steps);
}

SampleSet *sample_set_new(guint *steps) {
    spend(steps, STEPS_NEW);
    return g_ptr_array_new_with_free_func(g_free);
}

static const char *get(const SampleSet *samples, guint index) {
    return samples->pdata[index];
}

static gboolean is_full(const guint *steps, const SampleSet *samples) {
    return samples->len == SAMPLE_SET_MAX || *steps == 0;
}

static gboolean has_sample(guint *steps, SampleSet *samples, const char *sample) {
    spend(steps, samples->len);
    return g_ptr_array_find_with_equal_func(samples, sample, g_str_equal, NULL);
}

/* Adds the parts one behind the other, if that is not too long. */
static void add_new(guint *steps, SampleSet *samples, const char *before, const char *after) {
    size_t length = strlen(before) + strlen(after);
    spend(steps, 1 + length);
    if (!is_full(steps, samples) && length <= LIMIT_REGEX_SAMPLE) {
        g_ptr_array_add(samples, g_strconcat(before, after, NULL));
    }
}

/* The same, but only if they aren't there yet. */
static void add(guint *steps, SampleSet *samples, const char *before, const char *after) {
    g_autofree char *sample = g_strconcat(before, after, NULL);
    if (!has_sample(steps, samples, sample)) {
        add_new(steps, samples, sample, "");
    }
}

SampleSet *sample_set_of(guint *steps, const char *sample) {
    SampleSet *samples = sample_set_new(steps);
    add(steps, samples, sample, "");
    return samples;
}

SampleSet *sample_set_of_byte(guint *steps, char byte) {
    const char string[] = {byte, '\0'};
    return byte == '\0' ? sample_set_new(steps) : sample_set_of(steps, string);
}

/* What is only once on one side makes every pair new. */
static SampleSet *join_one(guint *steps, const SampleSet *left, const SampleSet *right) {
    SampleSet *joined = sample_set_new(steps);
    for (guint i = 0; i < left->len; i++) {
        for (guint j = 0; j < right->len; j++) {
            add_new(steps, joined, get(left, i), get(right, j));
        }
    }
    return joined;
}

/* Each sample of either side as soon as can be, and then the other pairs, the foremost first. */
SampleSet *sample_set_join(guint *steps, const SampleSet *left, const SampleSet *right) {
    if (left->len <= 1 || right->len <= 1) {
        return join_one(steps, left, right);
    }
    SampleSet *joined = sample_set_new(steps);
    for (guint i = 0; i < MAX(left->len, right->len); i++) {
        add(steps, joined, get(left, i % left->len), get(right, i % right->len));
    }
    for (guint sum = 0; sum < left->len + right->len - 1; sum++) {
        for (guint i = 0; i <= sum && !is_full(steps, joined); i++) {
            if (i < left->len && sum - i < right->len) {
                add(steps, joined, get(left, i), get(right, sum - i));
            }
        }
    }
    return joined;
}

/* So often, or too long. */
static char *repeat_string(const char *string, guint count) {
    GString *repeated = g_string_new(NULL);
    for (; *string && count > 0 && repeated->len <= LIMIT_REGEX_SAMPLE; count--) {
        g_string_append(repeated, string);
    }
    return g_string_free(repeated, FALSE);
}

/* Adds each sample so often, and then the first so often with another for the last or the first. */
static void add_repeated(guint *steps, SampleSet *repeated, const SampleSet *once, guint count) {
    for (guint i = 0; i < once->len && !is_full(steps, repeated); i++) {
        g_autofree char *same = repeat_string(get(once, i), count);
        add(steps, repeated, same, "");
    }
    if (count < 2 || once->len < 2) {
        return;
    }
    g_autofree char *most = repeat_string(get(once, 0), count - 1);
    for (guint i = 1; i < once->len && !is_full(steps, repeated); i++) {
        add(steps, repeated, most, get(once, i));
        add(steps, repeated, get(once, i), most);
    }
}

SampleSet *sample_set_repeat(guint *steps, const SampleSet *once, guint least, guint most) {
    SampleSet *repeated = sample_set_new(steps);
    for (guint more = 0; more <= REPEATS_MORE && least + more <= most; more++) {
        if (least + more == 0) {
            add(steps, repeated, "", "");
        } else {
            add_repeated(steps, repeated, once, least + more);
        }
    }
    return repeated;
}

SampleSet *sample_set_take_turns(guint *steps, const GPtrArray *alternatives) {
    SampleSet *samples = sample_set_new(steps);
    for (guint turn = 0; turn < SAMPLE_SET_MAX && !is_full(steps, samples); turn++) {
        for (guint i = 0; i < alternatives->len; i++) {
            const SampleSet *alternative = alternatives->pdata[i];
            if (turn < alternative->len) {
                add(steps, samples, get(alternative, turn), "");
            }
        }
    }
    return samples;
}

/* FALSE once there are enough. */
static gboolean add_byte(guint *steps, SampleSet *samples, const SampleBytes *bytes, guint byte) {
    const char string[] = {(char)byte, '\0'};
    if (bytes->has[byte]) {
        add(steps, samples, string, "");
    }
    return samples->len < BYTES_MAX;
}

SampleSet *sample_set_of_bytes(guint *steps, const SampleBytes *bytes) {
    static const char plain[] =
        "a1b.-_@0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    SampleSet *samples = sample_set_new(steps);
    spend(steps, 256);
    for (gsize i = 0; i < sizeof plain - 1; i++) {
        if (!add_byte(steps, samples, bytes, (guchar)plain[i])) {
            return samples;
        }
    }
    for (guint byte = '!'; byte <= '~' && add_byte(steps, samples, bytes, byte); byte++) {
    }
    if (samples->len == 0) {
        add_byte(steps, samples, bytes, ' ');
    }
    for (guint byte = 255; byte > 0 && samples->len == 0; byte--) {
        add_byte(steps, samples, bytes, byte);
    }
    return samples;
}

static guint plainness(const char *sample) {
    guint others = 0;
    for (const char *byte = sample; *byte; byte++) {
        others += !g_ascii_isalnum(*byte);
    }
    return others;
}

static gint compare_samples(gconstpointer a, gconstpointer b) {
    const char *first = *(const char *const *)a;
    const char *second = *(const char *const *)b;
    const size_t lengths[] = {strlen(first), strlen(second)};
    if (lengths[0] != lengths[1]) {
        return lengths[0] < lengths[1] ? -1 : 1;
    }
    return (gint)plainness(first) - (gint)plainness(second);
}

void sample_set_finish(SampleSet *samples, guint limit) {
    g_ptr_array_set_size(samples, (gint)MIN(limit, samples->len));
    g_ptr_array_sort(samples, compare_samples);
}
