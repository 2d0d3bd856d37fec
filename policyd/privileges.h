/*
 * Privileges: what the process may do by who it is. Given up for good, before there are threads, as
 * capabilities are a thread's own.
 */
#ifndef POLICYD_PRIVILEGES_H
#define POLICYD_PRIVILEGES_H

#include <glib.h>

/* Takes on the user, its group and its supplementary groups; NULL stays who it is. No capability is
 * left in any set, the bounding one too where that may be emptied, and none comes back by execve(2)
 * (no_new_privs). Who stays root keeps CAP_DAC_OVERRIDE alone, for folders of other users. FALSE
 * and an error if that fails, or if there is a way back; then nothing may be relied on and the
 * program must end. What the user can reach shows when the rule file and the audit files are opened
 * afterwards. */
gboolean privileges_drop(const char *user, GError **error);

#endif
