/*
 * Load: a rule file to a ruleset that is proved, for the daemon. Where that takes over a second,
 * the log says how far it is, once a second.
 */
#ifndef POLICYD_LOAD_H
#define POLICYD_LOAD_H

#include "postconf_helper.h"
#include "rules/ruleset.h"

typedef enum {
    LOAD_GOOD = 0,
    LOAD_UNPROVED = 1, /* something that must hold is not PROVED */
    LOAD_FAILED = 2,   /* it can't be read, or is in error */
} LoadStatus;

/*
 * As compile_file(), with `postconf` lists read by the helper; then all that must hold is proved,
 * with `budget` nodes at the most. Once another thread sets *stop, which may be NULL, no more is
 * asked of the helper, and nothing is proved any more. On LOAD_GOOD *ruleset is the caller's; else
 * *trouble says what is wrong, as policyctl check does, in lines; the caller frees it.
 */
LoadStatus load_ruleset(const char *path, PostconfHelper *helper, guint32 budget,
                        const volatile gint *stop, Ruleset **ruleset, char **trouble);

#endif
