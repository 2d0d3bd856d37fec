/*
 * Load: a rule file to a ruleset, for the daemon. Where that takes over a second, the log says how
 * far it is, once a second.
 */
#ifndef POLICYD_LOAD_H
#define POLICYD_LOAD_H

#include "postconf_helper.h"
#include "rules/compile.h"

/* As compile_file(), with `postconf` lists read by the helper. */
Ruleset *load_ruleset(const char *path, PostconfHelper *helper, Diagnostics *diagnostics);

#endif
