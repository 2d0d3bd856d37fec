/*
 * Privileges: the bounding set first, then groups, then the user, since only root may change them;
 * then the capabilities that a change of user leaves. Fails with an error that names the user.
 */
#include "privileges.h"

#include <errno.h>
#include <gio/gio.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fail.h"

static gboolean fail(const char *user, const char *why, GError **error) {
    return fail_with(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "cannot become user '%s': %s",
                     user, why);
}

/* Only who has CAP_SETPCAP may; for others no_new_privs has the same effect. */
static void empty_bounding_set(void) {
    for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++) {
        prctl(PR_CAPBSET_DROP, capability);
    }
}

static gboolean is_only(uid_t uid, gid_t gid) {
    uid_t real, effective, saved;
    gid_t real_group, effective_group, saved_group;
    return getresuid(&real, &effective, &saved) == 0 && real == uid && effective == uid
           && saved == uid && getresgid(&real_group, &effective_group, &saved_group) == 0
           && real_group == gid && effective_group == gid && saved_group == gid;
}

static gboolean become(const char *user, GError **error) {
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
    return is_only(uid, gid) || fail(user, "a part of the old one stayed", error);
}

static gboolean has_more(const struct __user_cap_data_struct *had,
                         const struct __user_cap_data_struct *kept) {
    return had->permitted != kept->permitted || had->inheritable != 0;
}

/* libc has no wrappers of capget(2) and capset(2). The effective and the ambient set never hold
 * more than these two. A service manager that leaves nothing to give up may forbid capset(2). */
static gboolean give_up_capabilities(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct had[_LINUX_CAPABILITY_U32S_3];
    struct __user_cap_data_struct kept[_LINUX_CAPABILITY_U32S_3] = {0};
    if (syscall(SYS_capget, &header, had) != 0) {
        return FALSE;
    }
    if (geteuid() == 0) {
        kept[0].permitted = had[0].permitted & CAP_TO_MASK(CAP_DAC_OVERRIDE);
        kept[0].effective = kept[0].permitted;
    }
    return (!has_more(&had[0], &kept[0]) && !has_more(&had[1], &kept[1]))
           || syscall(SYS_capset, &header, kept) == 0;
}

static gboolean can_go_back(void) {
    return (geteuid() != 0 && setuid(0) == 0) || (getegid() != 0 && setgid(0) == 0);
}

gboolean privileges_drop(const char *user, GError **error) {
    empty_bounding_set();
    if (user && !become(user, error)) {
        return FALSE;
    }
    if (!give_up_capabilities() || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return fail_with(error, G_IO_ERROR, (gint)g_io_error_from_errno(errno),
                         "cannot give up privileges: %s", g_strerror(errno));
    }
    if (can_go_back()) {
        return fail_with(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                         "root could be taken on again");
    }
    return TRUE;
}
