/*
 * Regex: the only includer of PCRE2. Compiled just in time where the machine can, else
 * interpreted, under the same limits. Memory is taken when a scratch is made, not at a match.
 */
#include "rules/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "limit.h"

G_DEFINE_QUARK(policy - regex - error - quark, regex_error)

struct Regex {
    pcre2_code *code;
    char *pattern;
    size_t length;
    gboolean caseless;
};

struct RegexScratch {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
};

Regex *regex_new(Text pattern, gboolean caseless, size_t *offset, GError **error) {
    uint32_t options = PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_DOLLAR_ENDONLY;
    int number;
    PCRE2_UCHAR message[256];
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)pattern.data, pattern.length,
                      options | (caseless ? PCRE2_CASELESS : 0), &number, offset, NULL);
    if (!code) {
        pcre2_get_error_message(number, message, sizeof message);
        g_set_error_literal(error, REGEX_ERROR, REGEX_ERROR_SYNTAX, (const char *)message);
        return NULL;
    }
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    Regex *regex = g_new(Regex, 1);
    regex->code = code;
    regex->pattern = g_strndup(pattern.data, pattern.length);
    regex->length = pattern.length;
    regex->caseless = caseless;
    return regex;
}

void regex_free(Regex *regex) {
    if (regex) {
        pcre2_code_free(regex->code);
        g_free(regex->pattern);
        g_free(regex);
    }
}

Text regex_pattern(const Regex *regex) {
    return text_make(regex->pattern, regex->length);
}

gboolean regex_caseless(const Regex *regex) {
    return regex->caseless;
}

RegexScratch *regex_scratch_new(void) {
    RegexScratch *scratch = g_new0(RegexScratch, 1);
    scratch->data = pcre2_match_data_create(1, NULL);
    scratch->context = pcre2_match_context_create(NULL);
    scratch->stack = pcre2_jit_stack_create(LIMIT_REGEX_STACK / 8, LIMIT_REGEX_STACK, NULL);
    if (!scratch->data || !scratch->context) {
        g_error("no memory for a regex");
    }
    pcre2_set_match_limit(scratch->context, LIMIT_REGEX_STEPS);
    pcre2_set_heap_limit(scratch->context, LIMIT_REGEX_HEAP_KIB);
    pcre2_jit_stack_assign(scratch->context, NULL, scratch->stack);
    return scratch;
}

void regex_scratch_free(RegexScratch *scratch) {
    if (scratch) {
        pcre2_match_data_free(scratch->data);
        pcre2_match_context_free(scratch->context);
        pcre2_jit_stack_free(scratch->stack);
        g_free(scratch);
    }
}

RegexResult regex_match(const Regex *regex, RegexScratch *scratch, Text subject) {
    int result = pcre2_match(regex->code, (PCRE2_SPTR)subject.data, subject.length, 0, 0,
                             scratch->data, scratch->context);
    if (result == PCRE2_ERROR_NOMATCH) {
        return REGEX_NO;
    }
    return result >= 0 ? REGEX_YES : REGEX_LIMIT;
}
