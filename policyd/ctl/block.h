/*
 * Block: the attribute block that `policyctl query` asks with. It is one that policyd answers: a
 * frame_find() of it finds its end at its end, and request_parse() is content.
 */
#ifndef POLICYD_CTL_BLOCK_H
#define POLICYD_CTL_BLOCK_H

#include <glib.h>
#include <stdio.h>

#include "protocol/text.h"

/* From NAME=VALUE arguments, ending in NULL: each name once, and one that Postfix has. The caller
 * frees it. */
GString *block_from_arguments(char *const *arguments, GError **error);

/* From a stream, to its end: an attribute block whose empty line may be missing. Unknown
 * attributes stay in; a repeated one counts as policyd counts it. */
GString *block_read(FILE *stream, GError **error);

Text block_text(const GString *block);

#endif
