/*
 * FakePostfix: stands for postconf(1), whose output it makes of a target's bytes: in a target that
 * uses it, policyd/postconf.c is left out.
 */
#ifndef FUZZ_FAKE_POSTFIX_H
#define FUZZ_FAKE_POSTFIX_H

#include "protocol/text.h"

/*
 * What postconf says from here on: the defaults of what import reads, and lines, each a letter and
 * a value: `a` and on, the parameters that fake_postfix_parameters lists, of main.cf at first, and
 * behind a line `!NAME/TYPE` of that service of smtpd's; `#` lines of a list file, which is what
 * every word is that begins with `/`. Other lines are left out.
 */
void fake_postfix_set(Text text);

/* Ends in NULL. */
extern const char *const fake_postfix_parameters[];

/* Values of a parameter, main.cf's and then each service's own; the caller frees them. */
GPtrArray *fake_postfix_values(const char *parameter);

/* What the list file holds. */
const char *fake_postfix_file(void);

#endif
