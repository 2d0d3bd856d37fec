/*
 * RuleFile: rule files of any size for the benchmark of the engine, with a value for each rule that
 * makes it match; and list files of any size.
 *
 * The rules that block come first, in turn of ten kinds, each with constants of its own: networks,
 * domains and mailboxes, helo_name, sasl_username, sizes, a named condition, `and`, `or`, `not`,
 * and in one of a hundred a regex. Behind them stand the rules about relaying of reference.rules.
 *
 * For the analysis there are mixes of rules, with those about relaying behind them too: the rules
 * permit as well as block, some of them only because an earlier one keeps outsiders from them. What
 * must hold of a rule file holds of all.
 */
#ifndef RULE_FILE_H
#define RULE_FILE_H

#include <gio/gio.h>

#include "protocol/attribute.h"

/* A value that a rule, or an entry of a list, asks for. */
typedef struct {
    Attribute attribute;
    char *value;
} RuleHit;

typedef struct {
    char *path;
    GArray *hits; /* of RuleHit */
} RuleFile;

/* Writes a file of `rules` blocking rules and those about relaying into the folder. */
RuleFile *rule_file_write(const char *folder, guint rules, GError **error);

/* Writes the file of ten rules with two more before them, on a list of networks and a list of
 * domains of `entries` each, and the list files. The hits are entries of the lists. */
RuleFile *rule_file_write_sets(const char *folder, guint entries, GError **error);

typedef enum {
    RULE_MIX_PLAIN, /* half of it those that block, half that permit, pass on, or ask for logins */
    RULE_MIX_HARD,  /* more attributes in a condition, mailboxes by their parts, comparisons */
} RuleMix;

typedef struct {
    RuleMix mix;
    guint rules;
    guint entries;    /* of each of the two lists of rule_file_write_sets(); 0: without them */
    gboolean swapped; /* two of RULE_MIX_PLAIN that match something in common and differ in it */
} RuleMixOptions;

/* Writes such a file to `name` in the folder; the hits are of no use. */
RuleFile *rule_file_write_mix(const char *folder, const char *name, const RuleMixOptions *options,
                              GError **error);

void rule_file_free(RuleFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RuleFile, rule_file_free)

#endif
