/*
 * Sockets: whether smtpd gets to the socket where it asks. A chrooted smtpd looks for every path
 * below the queue directory, and any smtpd works there, as the user mail_owner. All sockets are
 * looked at: one that was not recognised as policyd's may be a wrong name of it.
 */
#include <string.h>

#include "ctl/doctor/examination.h"
#include "ctl/doctor/mend.h"
#include "ctl/doctor/socket_reach.h"

#define WHY "smtpd can't ask, and answers default_action to every client: 451, by default."

/* Where the way to the socket begins: smtpd enters the queue directory while it is root. */
static const char *find_base(const Installation *installation, const Ask *ask) {
    const char *queue = installation_value(installation, "queue_directory");
    gboolean absolute = g_str_has_prefix(ask->entry->server, "unix:/");
    gboolean inside = !absolute || ask->list->service->chroot;
    return inside && g_str_has_prefix(ask->path, queue) ? queue : "";
}

static Finding *add(GPtrArray *findings, const Ask *ask, const char *kind, char *what) {
    g_autofree char *address = postfix_service_address(ask->list->service);
    Finding *finding = findings_add(findings, FINDING_DANGER, kind, WHY, "%s", what);
    finding_set_place(finding, address, ask->list->parameter);
    g_free(what);
    return finding;
}

/* Another policy service is as good as policyd here, but how it listens is its own. */
static char *advise_option(const Ask *ask) {
    return !ask->ours ? g_strdup("have that service listen there, or ask where it does")
                      : g_strdup_printf(
                          "start policyd with --listen unix:%s,mode=0660,group=postfix", ask->path);
}

/* The way to where policyd listens, if that is elsewhere. */
static char *mend_server(const Installation *installation, const Ask *ask) {
    g_autofree char *socket = installation_socket(installation);
    gboolean lost = g_str_equal(socket, ask->entry->server)
                    || (ask->list->service->chroot && g_str_has_prefix(socket, "unix:/"));
    return lost ? NULL : mend_policy(installation, ask, socket, NULL);
}

static void add_missing(const Installation *installation, const Ask *ask, GPtrArray *findings) {
    gboolean chrooted =
        ask->list->service->chroot && g_str_has_prefix(ask->entry->server, "unix:/");
    char *what = chrooted
                     ? g_strdup_printf("smtpd is chrooted, so that %s means %s, where no socket is",
                                       ask->entry->server, ask->path)
                     : g_strdup_printf("there is no socket at %s", ask->path);
    Finding *finding = add(findings, ask, chrooted ? "socket-chroot" : "no-socket", what);
    finding->command = ask->ours ? mend_server(installation, ask) : NULL;
    finding->advice = finding->command ? NULL : advise_option(ask);
}

static void add_unwritable(const Ask *ask, const Account *account, GPtrArray *findings) {
    g_autofree char *path = g_shell_quote(ask->path);
    Finding *finding = add(findings, ask, "socket-mode",
                           g_strdup_printf("mode and owner of %s don't let %s, who smtpd is, write",
                                           ask->path, account->name));
    finding->advice = advise_option(ask);
    finding->command =
        g_strdup_printf("chgrp %u %s && chmod g+rw %s", (guint)account->group, path, path);
}

static void add_closed(const Ask *ask, const Account *account, const char *folder,
                       GPtrArray *findings) {
    g_autofree char *path = g_shell_quote(folder);
    Finding *finding = add(findings, ask, "socket-folder",
                           g_strdup_printf("%s, on the way to %s, can't be searched by %s, who "
                                           "smtpd is",
                                           folder, ask->path, account->name));
    finding->command = g_strdup_printf("chmod o+x %s", path);
}

static void add_hidden(const Ask *ask, const char *path, GPtrArray *findings) {
    Finding *finding =
        add(findings, ask, "not-looked", g_strdup_printf("%s can't be looked at", path));
    finding->level = FINDING_NOTE;
    finding->why = "Whether smtpd gets to the socket is not known.";
    finding->advice = g_strdup("run this as root");
}

static void examine_socket(const Installation *installation, const Ask *ask, const Account *account,
                           GPtrArray *findings) {
    g_autofree char *culprit = NULL;
    const char *base = find_base(installation, ask);
    switch (socket_reach(base, ask->path, account, &culprit)) {
    case SOCKET_REACHED:
        break;
    case SOCKET_MISSING:
        add_missing(installation, ask, findings);
        break;
    case SOCKET_OTHER:
        add(findings, ask, "no-socket", g_strdup_printf("%s is no socket", ask->path))->advice =
            advise_option(ask);
        break;
    case SOCKET_FOLDER:
        add_closed(ask, account, culprit, findings);
        break;
    case SOCKET_READONLY:
        add_unwritable(ask, account, findings);
        break;
    case SOCKET_DEAF:
        add(findings, ask, "socket-deaf", g_strdup_printf("nobody listens at %s", ask->path))
            ->advice = advise_option(ask);
        break;
    case SOCKET_HIDDEN:
        add_hidden(ask, culprit, findings);
        break;
    }
}

/* Each socket once for a service. */
static gboolean is_seen(const Installation *installation, guint index) {
    const Ask *ask = g_ptr_array_index(installation->asks, index);
    for (guint i = 0; i < index; i++) {
        const Ask *other = g_ptr_array_index(installation->asks, i);
        if (other->path && other->list->service == ask->list->service
            && g_str_equal(other->entry->server, ask->entry->server)) {
            return TRUE;
        }
    }
    return FALSE;
}

void examine_sockets(const Installation *installation, GPtrArray *findings) {
    const char *owner = installation_value(installation, "mail_owner");
    g_autoptr(Account) account = account_new(owner);
    if (!account) {
        findings_add(findings, FINDING_WARNING, "no-mail-owner", WHY,
                     "there is no user '%s', who is mail_owner in main.cf", owner);
        return;
    }
    for (guint i = 0; i < installation->asks->len; i++) {
        const Ask *ask = g_ptr_array_index(installation->asks, i);
        if (ask->path && !is_seen(installation, i)) {
            examine_socket(installation, ask, account, findings);
        }
    }
}
