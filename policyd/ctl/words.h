/*
 * Words: a request as NAME=VALUE words of a shell, to be pasted behind `policyctl query`.
 */
#ifndef POLICYD_CTL_WORDS_H
#define POLICYD_CTL_WORDS_H

#include "protocol/request.h"

/*
 * The attributes that are not empty, but `request`, in the table's order. What a shell would not
 * take for itself is quoted, bytes other than printable ASCII as $'\xHH', so that a terminal gets
 * nothing to obey. NULL if a value holds a NUL, which no argument can; else the caller frees it.
 */
char *words_from_request(const Request *request);

#endif
