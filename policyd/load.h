/*
 * Load: a rule file to a ruleset that is proved, for the daemon. Where that takes over a second,
 * the log says how far it is, once a second.
 */
#ifndef POLICYD_LOAD_H
#define POLICYD_LOAD_H

#include "postconf_helper.h"
#include "rules/ruleset.h"

/*
 * As compile_file(), with `postconf` lists read by the helper; then all that must hold is proved,
 * with `budget` nodes at the most. NULL if the file is in error or something is not PROVED:
 * *trouble then says what, as policyctl check does, in lines; the caller frees it.
 */
Ruleset *load_ruleset(const char *path, PostconfHelper *helper, guint32 budget, char **trouble);

#endif
