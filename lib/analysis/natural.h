/*
 * Natural: what Postfix would send: values that are tried first where a person is to read them.
 */
#ifndef POLICY_NATURAL_H
#define POLICY_NATURAL_H

#include "protocol/attribute.h"

/* Ending in NULL. */
const char *const *natural_values(Attribute attribute);

#endif
