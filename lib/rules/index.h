/*
 * Index: which rules a request might match, told by the classes of its values, so that a decision
 * does not look at the others. Made once for a ruleset, then only read.
 *
 * Each rule has a cover: postings under (facet, atom) such that the rule's condition can only be
 * true of a request whose value of that facet has one of those atoms. A rule without a selective
 * cover stands in a list that is always looked at.
 */
#ifndef POLICY_INDEX_H
#define POLICY_INDEX_H

#include "rules/classify.h"
#include "rules/ruleset.h"

/* At most so many facets can be told apart: there are fewer. */
#define INDEX_FACETS_MAX 64

/* Behind the last posting. */
#define INDEX_END G_MAXUINT32

/* Numbers the tests of all these Expressions, and posts the Rules. Both are changed in that alone,
 * and outlive the index. */
Index *index_new(const GPtrArray *expressions, const GArray *rules);
void index_free(Index *index);

guint index_facet_count(const Index *index);
const Classifier *index_classifier(const Index *index, guint facet);

/* The first rule that is posted anywhere under the facet. */
typedef struct {
    guint32 rule;
    guint facet;
} IndexFirst;

/* Of each facet that has postings, by ascending rules; behind them one whose rule is INDEX_END. */
const IndexFirst *index_firsts(const Index *index);

/* Postings are ascending rule numbers, of which one may repeat, and then INDEX_END. Those under an
 * atom of the facet, but ATOM_ABSENT; those of any value that is present; and the rules that are
 * always looked at. */
const guint32 *index_postings(const Index *index, guint facet, Atom atom);
const guint32 *index_postings_present(const Index *index, guint facet);
const guint32 *index_postings_always(const Index *index);

/* How many outcomes are to be remembered while a request is decided: those of tests that no atom
 * answers, by Test.index, and those of expressions that are part of several, by Expression.memo. */
guint index_memo_count(const Index *index);

#endif
