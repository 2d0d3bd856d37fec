/*
 * Changes: logged requests whose decision is another now, grouped by what decided them then and
 * now. What it keeps is bounded by ctl_limit.h, however long the log and whoever wrote it.
 */
#ifndef POLICYD_CTL_CHANGES_H
#define POLICYD_CTL_CHANGES_H

#include "ctl/audit_line.h"
#include "rules/ruleset.h"

#define CHANGE_EXAMPLES 3

typedef struct {
    guint64 line;
    char *words; /* words_from_request(), which may be NULL */
} ChangeExample;

typedef struct {
    char *decision; /* as logged, printable: other bytes are \xHH */
    char *rule;     /* the same */
    const Rule *now;
    guint64 count;
    guint example_count;
    ChangeExample examples[CHANGE_EXAMPLES]; /* the first ones */
} Change;

typedef struct Changes Changes;

Changes *changes_new(void);
void changes_free(Changes *changes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Changes, changes_free)

/* Counts one: this line of the log is decided by `now`, which outlives the changes. */
void changes_add(Changes *changes, const AuditLine *logged, guint64 line, const Rule *now);

/* How many were added; and of these, how many are in no group, as there were too many groups. */
guint64 changes_total(const Changes *changes);
guint64 changes_ungrouped(const Changes *changes);

/* The groups, largest first, else in the order in which they were found; to be unreferenced. */
GPtrArray *changes_sorted(const Changes *changes);

#endif
