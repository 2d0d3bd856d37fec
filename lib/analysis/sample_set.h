/*
 * SampleSet: a few different strings that may match a part of a regex, the most different first.
 * Each function that makes one takes as many of the caller's `steps` as it works for; with none
 * left it adds nothing more, so that the sets mean nothing any longer.
 */
#ifndef POLICY_SAMPLE_SET_H
#define POLICY_SAMPLE_SET_H

#include <glib.h>

/* Strings of a set at the most. */
#define SAMPLE_SET_MAX 64

/* Of char *, at most LIMIT_REGEX_SAMPLE bytes each. */
typedef GPtrArray SampleSet;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SampleSet, g_ptr_array_unref)

/* Of nothing: a part that can't be guessed. */
SampleSet *sample_set_new(guint *steps);

SampleSet *sample_set_of(guint *steps, const char *sample);

/* None of NUL, which a string can't hold. */
SampleSet *sample_set_of_byte(guint *steps, char byte);

/* Bytes of which any will do. */
typedef struct {
    gboolean has[256];
} SampleBytes;

/* Some four of them: what stands in names and mailboxes, or else what can be printed, or else one
 * that can't. */
SampleSet *sample_set_of_bytes(guint *steps, const SampleBytes *bytes);

/* One of `left` and then one of `right`. */
SampleSet *sample_set_join(guint *steps, const SampleSet *left, const SampleSet *right);

/* From `least` to `most` of `once`, and of the many ways a few. */
SampleSet *sample_set_repeat(guint *steps, const SampleSet *once, guint least, guint most);

/* The first of each alternative, then the second of each, and so on. */
SampleSet *sample_set_take_turns(guint *steps, const GPtrArray *alternatives);

/* Keeps the first `limit`, and puts the shortest of them first, and of the same length the
 * plainest. */
void sample_set_finish(SampleSet *samples, guint limit);

#endif
