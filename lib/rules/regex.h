/*
 * Regex: a PCRE2 pattern over bytes, compiled with its limits, as attackers write the subjects.
 * Neither the pattern nor a subject is taken for UTF-8; `$` is the very end; letters are ASCII's.
 */
#ifndef POLICY_REGEX_H
#define POLICY_REGEX_H

#include "protocol/text.h"

typedef struct Regex Regex;

#define REGEX_ERROR (regex_error_quark())
GQuark regex_error_quark(void);

typedef enum {
    REGEX_ERROR_SYNTAX,
} RegexError;

/* NULL and PCRE2's message if it does not compile; *offset is then where in the pattern. */
Regex *regex_new(Text pattern, gboolean caseless, size_t *offset, GError **error);
void regex_free(Regex *regex);

/* As it was compiled; borrowed. */
Text regex_pattern(const Regex *regex);
gboolean regex_caseless(const Regex *regex);

/* What one thread needs to match any regex. */
typedef struct RegexScratch RegexScratch;

RegexScratch *regex_scratch_new(void);
void regex_scratch_free(RegexScratch *scratch);

typedef enum {
    REGEX_NO,
    REGEX_YES,
    REGEX_LIMIT, /* given up at a limit: neither */
} RegexResult;

RegexResult regex_match(const Regex *regex, RegexScratch *scratch, Text subject);

#endif
