/*
 * Compiler: what the parts of the compiler share while they work on one file. Private to
 * compile*.c.
 */
#ifndef POLICY_COMPILER_H
#define POLICY_COMPILER_H

#include "rules/compile.h"
#include "rules/syntax.h"

typedef struct {
    guint line;                 /* where it is defined */
    const Statement *statement; /* that defines it */
    gboolean used;
    const List *list;            /* NULL for a condition */
    const Expression *condition; /* NULL for a list, and for a condition that is in error */
    gboolean broken;             /* the definition is in error: both are NULL, and uses are good */
} Name;

/* The built-in conditions. */
#define COMPILER_BUILTINS 4

typedef struct {
    const Source *source;
    const CompileHost *host;
    Diagnostics *diagnostics;
    Ruleset *ruleset;
    GHashTable *names;   /* of char * to Name */
    GHashTable *braces;  /* what stands in braces, as text, to its const List * */
    GChecksum *checksum; /* of all that was read */
    GArray *newlines;    /* of size_t: where each is in the source */
    gboolean accepts_open_relay;
    const Expression *builtins[COMPILER_BUILTINS]; /* those that were used: each is made once */
    gboolean insider_used; /* the built-in `insider` was, so it can't be defined anew */
} Compiler;

/* compile.c: the line of an offset in the source, from 1. */
guint compile_line(const Compiler *compiler, size_t offset);

/* compile.c: what a name means, which is used with that; NULL if there is none. */
const Name *compile_use(Compiler *compiler, const char *name);

/* compile_list.c: a list of these items, owned by the ruleset. What is wrong is reported, and the
 * list then lacks it: the file doesn't load. `name` is NULL for braces. */
const List *compile_list(Compiler *compiler, ListKind kind, const char *name, const GArray *items);

/* compile_source.c: adds what a file or a postconf parameter holds. */
void compile_file_item(Compiler *compiler, List *list, const Item *item);
void compile_postconf_item(Compiler *compiler, List *list, const Item *item);

/* compile_source.c: adds a text that was read to the ruleset's hash. */
void compile_hash(Compiler *compiler, Text text);

/* compile_condition.c: NULL if it is in error, which is reported. */
const Expression *compile_condition(Compiler *compiler, const Node *node);

/* compile_test.c: the same for NODE_NAME and the tests. */
const Expression *compile_test(Compiler *compiler, const Node *node);

/* compile_condition.c: owned by the ruleset; NULL with a report at `span` if it is too deep. */
const Expression *compile_connective(Compiler *compiler, Span span, ExpressionKind kind,
                                     const Expression *const *parts, guint count);

/* compile_list.c: notes a word that was added to a list, with its place in the file or value that
 * `source` names; or in the rule file, if that is NULL. Reports at `span` if the word makes
 * `trusted` or `local` hold what nobody's server should. */
void compile_note_entry(Compiler *compiler, List *list, Span span, const ListEntry *entry);

/* compile_condition.c: keeps what a person calls the expression, unless it has a name already. */
void compile_set_text(Compiler *compiler, const Expression *expression, const char *text);

/* compile_condition.c: owned by the ruleset. */
const Expression *compile_add_test(Compiler *compiler, const Test *test);

/* compile_builtin.c: a built-in condition, or NULL if there is none of that name. */
const Expression *compile_builtin(Compiler *compiler, Text name);

/* The names of the built-in conditions, ending in NULL. */
const char *const *compile_builtin_names(void);

#endif
