/*
 * RegexSample: strings that a PCRE2 pattern is likely to match, for the witness of a proof: they
 * are guesses, and whoever takes one matches it first.
 */
#ifndef POLICY_REGEX_SAMPLE_H
#define POLICY_REGEX_SAMPLE_H

#include "protocol/text.h"

/* Up to `limit` different strings, and at most 64, of `char *` and LIMIT_REGEX_SAMPLE bytes, the
 * shortest and plainest first; none where the pattern is beyond what can be guessed. They are the
 * bare match, also of an unanchored pattern. Free the array with g_ptr_array_unref(). */
GPtrArray *regex_sample(Text pattern, guint limit);

#endif
