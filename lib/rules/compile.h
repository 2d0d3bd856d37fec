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

/* Told, now and then while a long list is read, how many of the items of `source` are. */
typedef void (*CompileProgress)(const char *source, guint64 items, gpointer data);

/* What compiling has of its surroundings. */
typedef struct {
    PostconfReader read_postconf; /* NULL: `postconf` in a list is an error */
    gpointer postconf;            /* handed to it */
    CompileProgress tell;         /* NULL: nobody is told */
    gpointer told;                /* handed to it */
    gboolean detail;              /* keep what explaining and lint need: see ruleset.h, and
                                     list_entry() and Expression.text */
} CompileHost;

/*
 * Reads and compiles the file at `path`; `host` may be NULL. NULL if anything at all is wrong with
 * it; then `diagnostics`, new from the caller, says what, sorted. A path of "-" is not special.
 */
Ruleset *compile_file(const char *path, const CompileHost *host, Diagnostics *diagnostics);

/* The same for a text; `name` stands for its path, and list files are relative to its folder. */
Ruleset *compile_text(const char *name, Text text, const CompileHost *host,
                      Diagnostics *diagnostics);

#endif
