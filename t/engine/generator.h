/*
 * Generator: random rule files and requests, from a seed or from a fuzzer's bytes. Half of a
 * request's values are drawn from the constants of its rule file and their neighbours, so that the
 * tests are met.
 */
#ifndef GENERATOR_H
#define GENERATOR_H

#include <glib.h>

#include "protocol/attribute.h"

typedef struct Generator Generator;

Generator *generator_new(guint32 seed);

/* The same whose choices are made of bytes, which it borrows: each takes one, or four among more
 * than 256, and the first where none is left. */
Generator *generator_new_from_bytes(const guint8 *bytes, gsize length);

/* TRUE if no byte is left; never of a seed. */
gboolean generator_is_spent(const Generator *generator);

void generator_free(Generator *generator);

/* A rule file that compiles, of about so many rules; owned by the caller. It replaces the
 * constants from which requests are drawn. */
char *generator_rules(Generator *generator, guint rules);

/* The same, with few attributes and constants, which rules then often share, and any action. */
char *generator_small_rules(Generator *generator, guint rules);

/* What a rule of such a file begins with. */
const char *generator_action(Generator *generator);

/* A value for an attribute; owned by the caller. */
char *generator_value(Generator *generator, Attribute attribute);

/* A number from 0 to `limit` - 1. */
guint generator_below(Generator *generator, guint limit);

/* An attribute block with its empty line, of *length bytes; owned by the caller. */
char *generator_request(Generator *generator, gsize *length);

#endif
