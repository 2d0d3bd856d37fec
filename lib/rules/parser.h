/*
 * Parser: tokens to statements.
 *
 *   file       = { statement }
 *   statement  = kind NAME "=" item { "," item }
 *              | "condition" NAME "=" expression
 *              | ACTION [ CODE ] [ STRING ] [ "if" expression ]
 *              | ( "never" | "always" ) ACTION { "," ACTION } "if" expression
 *              | "accept" "open" "relay"
 *   kind       = "networks" | "domains" | "addresses" | "strings"
 *   item       = BARE | STRING | NAME | "file" STRING | "postconf" WORD
 *   expression = conjunct { "or" conjunct }
 *   conjunct   = negation { "and" negation }
 *   negation   = "not" negation | "(" expression ")" | test
 *   test       = NAME
 *              | NAME [ "not" ] "in" ( NAME | "{" item { "," item } "}" )
 *              | NAME ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) ( STRING | NUMBER | NAME )
 *              | NAME "matches" REGEX
 */
#ifndef POLICY_PARSER_H
#define POLICY_PARSER_H

#include "rules/syntax.h"

/* The file's statements in order; one that can't be parsed is reported once, and broken or
 * STATEMENT_UNKNOWN. Free with g_ptr_array_unref(). */
GPtrArray *parser_read(const Source *source, Diagnostics *diagnostics);

/* TRUE for a word that the grammar uses, which can't be a name. */
gboolean parser_is_keyword(Text word);

#endif
