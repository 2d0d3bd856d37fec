/*
 * Ruleset: a rule file, compiled. Immutable, reference-counted, shared by all threads without a
 * lock. What its expressions mean is said in match.c.
 */
#ifndef POLICY_RULESET_H
#define POLICY_RULESET_H

#include "protocol/action.h"
#include "rules/expression.h"
#include "rules/source.h"

typedef struct {
    Action action;
    ActionSet outcomes;          /* what Postfix may make of it: `restrict` may permit */
    const Expression *condition; /* NULL: unconditional */
    guint line;
    size_t offset; /* of its first word in the rule file, and that word's bytes */
    size_t length;
    guint64 text_hash; /* of its words as they are written, strings and regexes whole, and not of
                          the white space and comments between them */
    char *place;       /* "relay.rules:14": the path as it was given, and the line */
    char *decision;    /* "REJECT 5.7.1 Relay access denied" */
    char *reply;       /* "action=" decision "\n\n" */
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
    guint line;
    size_t offset; /* of the whole assertion in the rule file, and its bytes */
    size_t length;
    char *place;
} Assertion;

/* A name that the file defines: of a list, or of a condition. */
typedef struct {
    const char *name;
    const List *list;            /* NULL for a condition */
    const Expression *condition; /* NULL for a list */
    gboolean used;               /* named below its definition, or means something by itself */
    guint line;
    size_t offset; /* of the name in the rule file, and its bytes */
    size_t length;
} Definition;

/* The conditions that the standing assertion is made of, and those that people ask about. */
typedef struct {
    const Expression *insider;
    const Expression *authenticated;
    const Expression *trusted;   /* client_address in trusted; NULL if there is no such list */
    const Expression *local;     /* recipient in local; NULL if there is no such list */
    const Expression *encrypted; /* these two only of a ruleset with detail, else NULL */
    const Expression *routed;
} Landmarks;

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

const Landmarks *ruleset_landmarks(const Ruleset *ruleset);

/* NULL if the file defines no list of that name. */
const List *ruleset_list(const Ruleset *ruleset, const char *name);

/* How many lists have a name. */
guint ruleset_named_list_count(const Ruleset *ruleset);

/* The first characters of a SHA-256 over the rule file and all that its lists read. */
const char *ruleset_hash(const Ruleset *ruleset);

/* What only a CompileHost with `detail` keeps: the rule file's text, or NULL, and what it defines,
 * in its order. */
const Source *ruleset_source(const Ruleset *ruleset);
guint ruleset_definition_count(const Ruleset *ruleset);
const Definition *ruleset_definition(const Ruleset *ruleset, guint index);

/* Every expression of the file, those that no rule uses too; a part comes before its whole. */
guint ruleset_expression_count(const Ruleset *ruleset);
const Expression *ruleset_expression(const Ruleset *ruleset, guint index);

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
void ruleset_add_definition(Ruleset *ruleset, const Definition *definition);
void ruleset_set_landmarks(Ruleset *ruleset, const Landmarks *landmarks);
void ruleset_set_source(Ruleset *ruleset, Source *source);
void ruleset_set_accepts_open_relay(Ruleset *ruleset);
void ruleset_set_hash(Ruleset *ruleset, const char *hash);

/* Makes the index; called last. */
void ruleset_seal(Ruleset *ruleset);

/* Makes the index of each anew, so that the facets, tests and atoms of both are numbered alike and
 * tell apart what either does. Neither is shared with another thread yet. */
void ruleset_join(Ruleset *a, Ruleset *b);

#endif
