/*
 * Mend: the commands that change a setting of Postfix, as findings show them.
 */
#ifndef POLICYD_CTL_DOCTOR_MEND_H
#define POLICYD_CTL_DOCTOR_MEND_H

#include "ctl/doctor/installation.h"

/* Sets a parameter where the service has it from: in its -o of master.cf, or in main.cf, as where
 * `service` is NULL. To be freed. */
char *mend_parameter(const Installation *installation, const PostfixService *service,
                     const char *parameter, const char *value);

/* The entries of a list as main.cf has them, of char *, to be changed and handed to mend_list(). */
GPtrArray *mend_entries(const SmtpdList *list);

/* Sets the list to these entries. NULL if restriction classes stand in it: then the entries are not
 * those of the parameter. */
char *mend_list(const Installation *installation, const SmtpdList *list, const GPtrArray *entries);

/* Asks policyd in the list too, at its beginning. */
char *mend_ask(const Installation *installation, const SmtpdList *list);

/* Asks as `ask` does, but at another server, unless that is NULL, and without an attribute of the
 * policy service, unless that is. */
char *mend_policy(const Installation *installation, const Ask *ask, const char *server,
                  const char *attribute);

#endif
