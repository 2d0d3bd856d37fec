/*
 * SocketReach: whether a user can connect to a Unix socket: unix(7) wants to search each folder on
 * the way and to write to the socket. Only modes and owners count here, no ACLs.
 */
#ifndef POLICYD_CTL_DOCTOR_SOCKET_REACH_H
#define POLICYD_CTL_DOCTOR_SOCKET_REACH_H

#include <glib.h>
#include <sys/types.h>

/* A user with all his groups. */
typedef struct {
    char *name;
    uid_t user;
    gid_t group;    /* his own */
    GArray *groups; /* of gid_t */
} Account;

/* NULL if there is no such user. */
Account *account_new(const char *name);
void account_free(Account *account);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Account, account_free)

typedef enum {
    SOCKET_REACHED,
    SOCKET_MISSING,
    SOCKET_OTHER,    /* it is no socket */
    SOCKET_FOLDER,   /* a folder can't be searched */
    SOCKET_READONLY, /* it can't be written to */
    SOCKET_DEAF,     /* nobody listens */
    SOCKET_HIDDEN,   /* we ourselves may not look */
} SocketReach;

/* Of a path in `base`, from where the way begins. What is in the way is put into *culprit, to be
 * freed. If nothing is, it connects, to see whether anybody listens. */
SocketReach socket_reach(const char *base, const char *path, const Account *account,
                         char **culprit);

#endif
