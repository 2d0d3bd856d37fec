/*
 * Ruleset: a rule file, compiled. Immutable, reference-counted, shared by all threads without a
 * lock. What its expressions mean is said in match.c.
 */
#ifndef POLICY_RULESET_H
#define POLICY_RULESET_H

#include "protocol/action.h"
#include "rules/expression.h"

typedef struct {
    Action action;
    ActionSet outcomes;          /* what Postfix may make of it: `restrict` may permit */
    const Expression *condition; /* NULL: unconditional */
    guint line;
    char *place;    /* "relay.rules:14": the path as it was given, and the line */
    char *decision; /* "REJECT 5.7.1 Relay access denied" */
    char *reply;    /* "action=" decision "\n\n" */
    size_t reply_length;
} Rule;

typedef enum {
    ASSERTION_NEVER,
    ASSERTION_ALWAYS,
} AssertionKind;

typedef struct {
    AssertionKind kind;
    ActionSet actions;
    const Expression *condition;
    char *place;
} Assertion;

/* Characters of a ruleset's short hash. */
#define RULESET_HASH_LENGTH 8

typedef struct Ruleset Ruleset;
typedef struct Index Index;

Ruleset *ruleset_ref(Ruleset *ruleset);
void ruleset_unref(Ruleset *ruleset);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ruleset, ruleset_unref)

/* At least one; the last is unconditional. */
guint ruleset_rule_count(const Ruleset *ruleset);
const Rule *ruleset_rule(const Ruleset *ruleset, guint index);

guint ruleset_assertion_count(const Ruleset *ruleset);
const Assertion *ruleset_assertion(const Ruleset *ruleset, guint index);

/* TRUE if the file says `accept open relay`. */
gboolean ruleset_accepts_open_relay(const Ruleset *ruleset);

/* The condition `insider`, and the lists `trusted` and `local`; a list that the file doesn't
 * define is NULL. */
const Expression *ruleset_insider(const Ruleset *ruleset);
const List *ruleset_list(const Ruleset *ruleset, const char *name);

/* How many lists have a name. */
guint ruleset_named_list_count(const Ruleset *ruleset);

/* The first characters of a SHA-256 over the rule file and all that its lists read. */
const char *ruleset_hash(const Ruleset *ruleset);

/* See index.h. */
const Index *ruleset_index(const Ruleset *ruleset);

/* Paths of the rule file and of every list file, ending in NULL; owned by the ruleset. */
const char *const *ruleset_files(const Ruleset *ruleset);

/*
 * For the compiler alone, before the ruleset is shared: each takes what it is given, but copies a
 * text. A rule's and an assertion's strings were made by g_strdup() and its kin; a condition was
 * added before.
 */
Ruleset *ruleset_new(void);
const List *ruleset_add_list(Ruleset *ruleset, List *list);
const Regex *ruleset_add_regex(Ruleset *ruleset, Regex *regex);
const char *ruleset_add_text(Ruleset *ruleset, const char *text);
const Expression *ruleset_add_expression(Ruleset *ruleset, Expression *expression);
void ruleset_add_rule(Ruleset *ruleset, const Rule *rule);
void ruleset_add_assertion(Ruleset *ruleset, const Assertion *assertion);
void ruleset_add_file(Ruleset *ruleset, const char *path);
void ruleset_set_insider(Ruleset *ruleset, const Expression *condition);
void ruleset_set_accepts_open_relay(Ruleset *ruleset);
void ruleset_set_hash(Ruleset *ruleset, const char *hash);

/* Makes the index; called last. */
void ruleset_seal(Ruleset *ruleset);

#endif
