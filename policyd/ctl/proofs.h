/*
 * Proofs: what was proved, for people and for programs.
 */
#ifndef POLICYD_CTL_PROOFS_H
#define POLICYD_CTL_PROOFS_H

#include <json-glib/json-glib.h>

#include "analysis/prove.h"

/* On standard output; `path` is what the rule file is called in a command. */
void proofs_print(const GPtrArray *proofs, const Ruleset *ruleset, const char *path);

/* On standard error, of what must hold and isn't PROVED. */
void proofs_complain(const GPtrArray *proofs, const Ruleset *ruleset, const char *path);

/* Adds the member "proofs", an array. */
void proofs_json(JsonBuilder *builder, const GPtrArray *proofs, const Ruleset *ruleset);

#endif
