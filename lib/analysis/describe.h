/*
 * Describe: a part of a region of requests, in the words of the two rule files whose conditions the
 * region is made of: as few of their conditions and tests as say that a request is in it.
 */
#ifndef POLICY_DESCRIBE_H
#define POLICY_DESCRIBE_H

#include "analysis/space.h"
#include "rules/match.h"

/* A condition or test of one of the files, and what it is for all that is described. */
typedef struct {
    const Expression *expression;
    char *text;         /* as the file has it, without a `not` */
    guint file;         /* 0, or 1: the file whose it is */
    gboolean ambiguous; /* the other file means something else by that text */
    gboolean holds;
} Claim;

typedef struct Describer Describer;

/* What the files' conditions are made of, and what people call them; all of that is to be among the
 * roots of the space. */
void describe_add_roots(GPtrArray *roots, const Ruleset *ruleset);

/* Both rulesets have detail and were joined; all is borrowed. NULL if the budget does not suffice.
 */
Describer *describer_new(Space *space, const Ruleset *const rulesets[2]);
void describer_free(Describer *describer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Describer, describer_free)

/* Which of the describer's conditions hold, for describe(), of a request that the matcher has just
 * decided by the ruleset, one of the two; the caller frees them. */
gboolean *describer_ask(const Describer *describer, Matcher *matcher, const Ruleset *ruleset,
                        const Request *request);

/* The same of a part of a region, not empty, which is narrowed to where all are decided. NULL if
 * the budget does not suffice. */
gboolean *describer_settle(const Describer *describer, Bdd *part);

typedef struct {
    Bdd universe;
    Bdd outside;          /* of the universe, what is not in the region */
    const Rule *rules[2]; /* that decide what is described, one of each file */
} DescribeRegion;

/*
 * Conditions that hold so in `truth`, and of which none can be left out: all requests for which
 * they do are in the region. Those of the deciding rules are preferred, positive ones, and names
 * and named lists. An array of Claim, which outlives the describer, not the rulesets; *part is all
 * that it describes. NULL if the budget does not suffice. It is in the region if the region is a
 * function of the files' tests, and the request or part was in it.
 */
GPtrArray *describe(const Describer *describer, const DescribeRegion *region, const gboolean *truth,
                    Bdd *part);

/* Claims that a text shows. A class that lies behind hundreds of rules may need one of each. */
#define DESCRIBE_CLAIMS_MAX 12

/* "client_address in trusted and not encrypted, any recipient"; `names` are for claims that are
 * ambiguous. The caller frees it. */
char *describe_text(const GPtrArray *claims, const char *const names[2]);

#endif
