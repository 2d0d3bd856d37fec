/*
 * Verb: what policyctl can do, and what its verbs share: options, loading rules, JSON.
 */
#ifndef POLICYD_CTL_VERB_H
#define POLICYD_CTL_VERB_H

#include <json-glib/json-glib.h>

#include "rules/compile.h"

/* The exit status of policyctl. */
typedef enum {
    VERB_DONE = 0,
    VERB_FAILED = 1,  /* what was asked does not hold */
    VERB_TROUBLE = 2, /* usage, or something that can't be read, parsed or reached */
} VerbStatus;

typedef struct {
    const char *name;
    const char *summary; /* one line */
    const char *help;    /* for `policyctl VERB --help` */

    /* argv[0] is the verb's name. On VERB_TROUBLE, *error is for standard error, or unset where
     * what was printed says it all. */
    VerbStatus (*run)(int argc, char **argv, GError **error);
} Verb;

extern const Verb check_verb;
extern const Verb diff_verb;
extern const Verb doctor_verb;
extern const Verb explain_verb;
extern const Verb import_verb;
extern const Verb log_verb;
extern const Verb metrics_verb;
extern const Verb prove_verb;
extern const Verb query_verb;
extern const Verb relay_test_verb;
extern const Verb reload_verb;
extern const Verb replay_verb;
extern const Verb status_verb;
extern const Verb test_verb;

/* Reads the options of a verb; what is no option goes to the G_OPTION_REMAINING of `entries`. */
gboolean verb_options(const GOptionEntry *entries, int argc, char **argv, GError **error);

/* compile_file(), with `postconf` lists read by running postconf. */
Ruleset *verb_compile(const char *path, Diagnostics *diagnostics);

/* Prints what they say on standard error. */
void verb_complain(const Diagnostics *diagnostics);

/* verb_compile(); NULL, and what is wrong is on standard error, if the file is in error. */
Ruleset *verb_load(const char *path);

/* The same of a text that would stand in a file of this name. */
Ruleset *verb_load_text(const char *name, Text text);

/* For what another program says: makes `?` of control characters but newlines and tabs, and of
 * bytes that are not UTF-8, which a terminal might obey. */
void verb_clean(char *text);

/* Adds a member to the object that `builder` has open; bytes that are not UTF-8 are replaced, and
 * a NULL value is JSON's null. */
void verb_json_string(JsonBuilder *builder, const char *name, const char *value);
void verb_json_number(JsonBuilder *builder, const char *name, guint value);

/* Prints what was built, indented, and a newline. */
void verb_json_print(JsonBuilder *builder);

#endif
