/*
 * Tally: how many members the classes of local parts and of domains have, and how many mailboxes
 * that a list names whole take from their free combinations: when it is all of them, nothing is
 * left that has both classes and is not listed.
 */
#ifndef POLICY_TALLY_H
#define POLICY_TALLY_H

#include "analysis/relation.h"

/* More members than are counted. */
#define TALLY_MANY G_MAXUINT32

typedef struct {
    GArray *locals;    /* by row of one relation: of guint64 */
    GArray *domains;   /* by row of another */
    Relation *covered; /* rows of which listed mailboxes take members */
    GArray *takers;    /* by row, how many: of guint64 */
    gboolean few;      /* some class of local parts, and some one of domains, is counted */
} Tally;

/* `covered` is over the first `width` of the fields. */
void tally_init(Tally *tally, const GPtrArray *fields, guint width);
void tally_clear(Tally *tally);

/* Adds a row to a relation, or so many to the members of one that is there. Members may be counted
 * twice: then less is found to be taken than is. */
void tally_count(Relation *relation, GArray *members, const guint32 *row, const Seed *seed,
                 guint32 more);

/* Called once all members are counted. */
void tally_seal(Tally *tally);

/* A mailbox of this row is listed; each is told once. Gives how many were. */
guint64 tally_take(Tally *tally, const guint32 *row, const Seed *seed);

#endif
