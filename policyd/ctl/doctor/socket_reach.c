/*
 * SocketReach: stat() of each folder, and of the socket. What can't be looked at is SOCKET_HIDDEN.
 */
#include "ctl/doctor/socket_reach.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* More than Linux allows a process by far less trouble than anybody takes. */
#define GROUPS_MAX 1024

Account *account_new(const char *name) {
    const struct passwd *entry = getpwnam(name);
    if (!entry) {
        return NULL;
    }
    Account *account = g_new0(Account, 1);
    int count = GROUPS_MAX;
    account->name = g_strdup(name);
    account->user = entry->pw_uid;
    account->group = entry->pw_gid;
    account->groups = g_array_new(FALSE, TRUE, sizeof(gid_t));
    g_array_set_size(account->groups, GROUPS_MAX);
    if (getgrouplist(name, entry->pw_gid, &g_array_index(account->groups, gid_t, 0), &count) < 0) {
        count = GROUPS_MAX;
    }
    g_array_set_size(account->groups, (guint)count);
    return account;
}

void account_free(Account *account) {
    if (account) {
        g_free(account->name);
        g_array_unref(account->groups);
        g_free(account);
    }
}

static gboolean is_member(const Account *account, gid_t group) {
    for (guint i = 0; i < account->groups->len; i++) {
        if (g_array_index(account->groups, gid_t, i) == group) {
            return TRUE;
        }
    }
    return FALSE;
}

/* `bit` is one of S_IWOTH and S_IXOTH; the first class that fits decides, as in path_resolution(7).
 */
static gboolean may(const Account *account, const struct stat *entry, mode_t bit) {
    if (account->user == 0) {
        return TRUE;
    }
    if (entry->st_uid == account->user) {
        return (entry->st_mode & (bit << 6)) != 0;
    }
    if (is_member(account, entry->st_gid)) {
        return (entry->st_mode & (bit << 3)) != 0;
    }
    return (entry->st_mode & bit) != 0;
}

static SocketReach find_trouble(const char *path, struct stat *entry) {
    if (stat(path, entry) == 0) {
        return SOCKET_REACHED;
    }
    return errno == EACCES ? SOCKET_HIDDEN : SOCKET_MISSING;
}

/* A full queue of connections is a sign of life too. */
static SocketReach knock(const char *path) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof name.sun_path) {
        return SOCKET_REACHED;
    }
    memcpy(name.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    gboolean deaf = fd >= 0 && connect(fd, (const struct sockaddr *)&name, sizeof name) != 0
                    && errno == ECONNREFUSED;
    if (fd >= 0) {
        close(fd);
    }
    return deaf ? SOCKET_DEAF : SOCKET_REACHED;
}

static SocketReach reach_end(const char *path, const struct stat *entry, const Account *account) {
    if (!S_ISSOCK(entry->st_mode)) {
        return SOCKET_OTHER;
    }
    return may(account, entry, S_IWOTH) ? knock(path) : SOCKET_READONLY;
}

SocketReach socket_reach(const char *base, const char *path, const Account *account,
                         char **culprit) {
    size_t start = strlen(base);
    *culprit = NULL;
    for (size_t end = start; end <= strlen(path); end++) {
        struct stat entry;
        gboolean last = path[end] == '\0';
        if (!last && path[end] != '/' && end != start) {
            continue;
        }
        g_autofree char *part = g_strndup(path, MAX(end, 1));
        SocketReach reach = find_trouble(part, &entry);
        if (reach == SOCKET_REACHED && last) {
            reach = reach_end(path, &entry, account);
        } else if (reach == SOCKET_REACHED && !may(account, &entry, S_IXOTH)) {
            reach = SOCKET_FOLDER;
        }
        if (reach != SOCKET_REACHED) {
            *culprit = g_steal_pointer(&part);
            return reach;
        }
    }
    return SOCKET_REACHED;
}
