/*
 * Sieve: the rules of a file in their order, and which of them a region's requests come to.
 *
 * The region that a rule is left by all rules before it may be large beyond any budget, where what
 * is asked of it mostly needs one request: such a one is guessed, and if an earlier rule takes it,
 * what that rule matches is subtracted, until a guess is right or nothing is left. The answers are
 * exact, as those of a Space.
 */
#ifndef POLICY_SIEVE_H
#define POLICY_SIEVE_H

#include "analysis/space.h"

typedef struct Sieve Sieve;

/* The conditions of all rules are among the roots of the space. All is borrowed. */
Sieve *sieve_new(Space *space, const Ruleset *ruleset);
void sieve_free(Sieve *sieve);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sieve, sieve_free)

#define SIEVE_NONE G_MAXUINT
#define SIEVE_UNDECIDED (G_MAXUINT - 1)

typedef struct {
    Bdd region;
    guint first; /* of the rules that are looked for, the first */
    guint end;   /* and the one behind the last */

    /* Whether a rule between is looked for; NULL: each is. */
    gboolean (*wants)(guint rule, gpointer data);
    gpointer data;

    /* By rule: TRUE of one that is taken as if it weren't there, unless it is looked for. NULL:
     * there is none. */
    const gboolean *ignored;

    /* Where the rules are added (guint) whose matches the region lost; NULL: nowhere. */
    GArray *takers;
} SieveSearch;

/* The first rule looked for that decides a request of the region which can occur, or SIEVE_NONE, or
 * SIEVE_UNDECIDED. The region loses what can't occur or is decided by other rules, as far as that
 * was worked out. */
guint sieve_find(Sieve *sieve, SieveSearch *search);

/* A rule looked for, of which one guess shows that it decides a request of the region; SIEVE_NONE
 * if that guess failed, which says nothing. Costs far less than sieve_find(). */
guint sieve_guess(Sieve *sieve, const SieveSearch *search);

#endif
