/*
 * Linter: what the parts of lint share while they look at one ruleset. Private to lint*.c.
 */
#ifndef POLICY_LINTER_H
#define POLICY_LINTER_H

#include "analysis/lint.h"

typedef struct {
    const Ruleset *ruleset;
    gboolean verbose;
    Diagnostics *warnings;
    GArray *line_starts; /* of size_t: offsets in the rule file; NULL before they are needed */
} Linter;

/* A condition with its place: of a definition its name, of a rule its first word, of an assertion
 * the whole. */
typedef struct {
    const Expression *condition;
    Span span;
    gboolean named; /* it is a definition's */
} LintRoot;

/* A list with its place: its name, or of braces what they stand in. */
typedef struct {
    const List *list;
    const Definition *definition; /* NULL: it stands in braces */
    Span span;
} LintList;

/* lint.c: the conditions of the definitions, of the rules and of the assertions, as LintRoots. */
GArray *linter_roots(const Linter *linter);

/* lint.c: TRUE if the entry comes from main.cf, which is written for Postfix. */
gboolean linter_is_postconf(const ListEntry *entry);

/* lint.c: the address and the prefix of a list of networks' entry, as it was checked before. */
typedef struct {
    AddressFamily family;
    guint prefix;
    guint64 high; /* the address's bytes as big-endian numbers, those of IPv4 first */
    guint64 low;
} LintNetwork;

gboolean linter_read_network(Text item, LintNetwork *out);

/* TRUE if the first contains the second. */
gboolean linter_contains(const LintNetwork *outer, const LintNetwork *inner);

/* lint.c: warns where an entry of the list stands; of several in the line with its text, at the
 * one before which `skip` others are. */
void linter_warn_entry(Linter *linter, const char *kind, const LintList *list,
                       const ListEntry *entry, guint skip, const char *format, ...)
    G_GNUC_PRINTF(6, 7);

/* An entry that another of the same list covers, by their numbers. */
typedef struct {
    guint entry;
    guint by;
    gboolean same; /* they are equal */
} LintCovered;

/* lint_networks.c, lint_texts.c: add what is covered in a list to an array of LintCovered. What
 * comes from main.cf neither is covered nor covers. */
void linter_find_networks(const List *list, GArray *covered);
void linter_find_texts(const List *list, GArray *covered);

/* Each adds the warnings of its kind. */
void linter_names(Linter *linter);
void linter_lists(Linter *linter);
void linter_widths(Linter *linter);
void linter_rules(Linter *linter);
void linter_states(Linter *linter);

#endif
