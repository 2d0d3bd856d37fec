/*
 * Compile: a rule file to a ruleset, with every error of the file.
 */
#ifndef POLICY_COMPILE_H
#define POLICY_COMPILE_H

#include "rules/diagnostic.h"
#include "rules/ruleset.h"

/* Where `postconf PARAMETER` gets its value: as `postconf -hx` prints it, to be freed by the
 * caller; NULL and an error if there is no such parameter or no Postfix. */
typedef char *(*PostconfReader)(const char *parameter, gpointer data, GError **error);

typedef struct {
    PostconfReader read; /* NULL: `postconf` in a list is an error */
    gpointer data;
} Postconf;

/*
 * Reads and compiles the file at `path`. NULL if anything at all is wrong with it; then
 * `diagnostics`, new from the caller, says what, sorted. A path of "-" is not special.
 */
Ruleset *compile_file(const char *path, const Postconf *postconf, Diagnostics *diagnostics);

/* The same for a text; `name` stands for its path, and list files are relative to its folder. */
Ruleset *compile_text(const char *name, Text text, const Postconf *postconf,
                      Diagnostics *diagnostics);

#endif
