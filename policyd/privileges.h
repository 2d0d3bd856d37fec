/*
 * Privileges: becoming another user for good.
 */
#ifndef POLICYD_PRIVILEGES_H
#define POLICYD_PRIVILEGES_H

#include <glib.h>

/* Takes on the user, its group and its supplementary groups, and makes sure that there is no way
 * back. FALSE and an error if that fails; then nothing may be relied on and the program must end.
 * What the user can reach shows when the rule file and the audit files are opened afterwards. */
gboolean privileges_drop(const char *user, GError **error);

#endif
