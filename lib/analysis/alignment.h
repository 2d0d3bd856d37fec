/*
 * Alignment: what two lists have in common in the same order.
 */
#ifndef POLICY_ALIGNMENT_H
#define POLICY_ALIGNMENT_H

#include <glib.h>

typedef struct {
    const guint64 *keys; /* equal keys are the same thing */
    guint count;
    gboolean *aligned; /* set to TRUE for those in common */
} AlignmentSide;

/* A common subsequence: the longest one where no key repeats. The flags are FALSE before. */
void alignment_find(const AlignmentSide *a, const AlignmentSide *b);

#endif
