/*
 * Print: a rule file's tree as text again, in one way to write each thing; and whether two trees
 * say the same. What is printed is to be read as the same tree.
 */
#ifndef FUZZ_PRINT_H
#define FUZZ_PRINT_H

#include "rules/syntax.h"

/* Of Statements none of which is broken; the caller frees it. */
char *print_statements(const GPtrArray *statements);

gboolean print_is_same(const GPtrArray *a, const GPtrArray *b);

#endif
