/*
 * Privileges: groups first, since only root may change them. Fails with an error that names the
 * user.
 */
#include "privileges.h"

#include <errno.h>
#include <gio/gio.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

static gboolean fail(const char *user, const char *why, GError **error) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "cannot become user '%s': %s",
                user, why);
    return FALSE;
}

static gboolean is_only(uid_t uid, gid_t gid) {
    uid_t real, effective, saved;
    gid_t real_group, effective_group, saved_group;
    return getresuid(&real, &effective, &saved) == 0 && real == uid && effective == uid
           && saved == uid && getresgid(&real_group, &effective_group, &saved_group) == 0
           && real_group == gid && effective_group == gid && saved_group == gid;
}

gboolean privileges_drop(const char *user, GError **error) {
    errno = 0;
    const struct passwd *entry = getpwnam(user);
    if (!entry) {
        return fail(user, errno ? g_strerror(errno) : "there is no such user", error);
    }
    uid_t uid = entry->pw_uid;
    gid_t gid = entry->pw_gid;
    if (is_only(uid, gid)) {
        return TRUE;
    }
    if (initgroups(user, gid) != 0 || setgid(gid) != 0 || setuid(uid) != 0) {
        return fail(user, g_strerror(errno), error);
    }
    if (!is_only(uid, gid) || (uid != 0 && setuid(0) == 0)) {
        return fail(user, "the old user could be taken on again", error);
    }
    return TRUE;
}
