/*
 * Installation: walks every list of every smtpd service, and finds which policy service is policyd:
 * the one whose socket the user named; or else on whose sockets the daemon listens; or else, as
 * without the daemon and where Postfix asks elsewhere, one whose socket is called policyd.
 */
#include "ctl/doctor/installation.h"

#include <stdlib.h>
#include <string.h>

#define UNIX_PREFIX "unix:"
#define USUAL_SOCKET "unix:private/policyd"

static void ask_free(Ask *ask) {
    g_free(ask->path);
    g_free(ask);
}

const char *installation_value(const Installation *installation, const char *parameter) {
    return postfix_service_text(postfix_settings_main(installation->evidence.postfix), parameter);
}

/* smtpd's working directory is the queue directory, which is also its root if it is chrooted. */
static char *find_path(const Installation *installation, const PostfixService *service,
                       const char *server) {
    const char *queue = installation_value(installation, "queue_directory");
    if (!g_str_has_prefix(server, UNIX_PREFIX)) {
        return NULL;
    }
    const char *path = server + strlen(UNIX_PREFIX);
    return service->chroot ? g_build_filename(queue, path, NULL)
                           : g_canonicalize_filename(path, queue);
}

static void find_asks(Installation *installation, const SmtpdList *list) {
    for (guint i = 0; i < list->entries->len; i++) {
        const SmtpdEntry *entry = g_ptr_array_index(list->entries, i);
        if (!entry->server) {
            continue;
        }
        Ask *ask = g_new0(Ask, 1);
        ask->list = list;
        ask->index = i;
        ask->entry = entry;
        ask->path = find_path(installation, list->service, entry->server);
        g_ptr_array_add(installation->asks, ask);
    }
}

/* An address of the daemon's, `unix:PATH,mode=...`, without its options; to be freed. */
static char *bare_address(const char *address) {
    return g_strndup(address, strcspn(address, ","));
}

/* policyd listens on addresses alone; to be freed. */
static char *spell_out(const char *server) {
    static const char *const name = "inet:localhost:";
    return g_str_has_prefix(server, name)
               ? g_strconcat("inet:127.0.0.1:", server + strlen(name), NULL)
               : g_strdup(server);
}

/* The path less symbolic links in its folder, as of /var/run; to be freed. */
static char *find_real(const char *path, const char *folder) {
    g_autofree char *whole = g_canonicalize_filename(path, folder);
    g_autofree char *parent = g_path_get_dirname(whole);
    g_autofree char *name = g_path_get_basename(whole);
    g_autofree char *real = realpath(parent, NULL);
    return g_build_filename(real ? real : parent, name, NULL);
}

/* In a chroot a path may be that of the socket outside: it was meant. */
static gboolean is_at(const Installation *installation, const Ask *ask, const char *address) {
    const char *queue = installation_value(installation, "queue_directory");
    g_autofree char *bare = bare_address(address);
    g_autofree char *server = spell_out(ask->entry->server);
    if (g_str_equal(server, bare) || g_str_equal(ask->entry->server, bare)) {
        return TRUE;
    }
    if (!ask->path || !g_str_has_prefix(bare, UNIX_PREFIX)) {
        return FALSE;
    }
    g_autofree char *path = find_real(bare + strlen(UNIX_PREFIX), queue);
    g_autofree char *asked = find_real(ask->path, queue);
    return g_str_equal(path, asked);
}

static gboolean is_told(const Installation *installation, const Ask *ask) {
    const char *socket = installation->evidence.socket;
    return socket && is_at(installation, ask, socket);
}

static gboolean is_listened(const Installation *installation, const Ask *ask) {
    const DaemonStatus *daemon = installation->evidence.daemon;
    for (guint i = 0; daemon && i < daemon->listen->len; i++) {
        if (is_at(installation, ask, g_ptr_array_index(daemon->listen, i))) {
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean is_named(const Installation *installation, const Ask *ask) {
    (void)installation;
    g_autofree char *name = ask->path ? g_path_get_basename(ask->path) : g_strdup("");
    return g_str_equal(name, "policyd");
}

static gboolean is_named_alike(const Installation *installation, const Ask *ask) {
    (void)installation;
    return ask->path && strstr(ask->path, "policyd");
}

/* The first way by which any is found finds them all. */
static void find_ours(Installation *installation) {
    static gboolean (*const ways[])(const Installation *installation, const Ask *ask) = {
        is_told, is_listened, is_named, is_named_alike};
    guint count = installation->evidence.socket ? 1 : G_N_ELEMENTS(ways);
    guint found = 0;
    for (guint way = 0; way < count && found == 0; way++) {
        for (guint i = 0; i < installation->asks->len; i++) {
            Ask *ask = g_ptr_array_index(installation->asks, i);
            ask->ours = ways[way](installation, ask);
            found += ask->ours ? 1 : 0;
        }
    }
}

Installation *installation_new(const Evidence *evidence) {
    Installation *installation = g_new0(Installation, 1);
    installation->evidence = *evidence;
    installation->lists = g_ptr_array_new_with_free_func((GDestroyNotify)smtpd_list_free);
    installation->asks = g_ptr_array_new_with_free_func((GDestroyNotify)ask_free);
    for (guint i = 0; i < postfix_settings_service_count(evidence->postfix); i++) {
        for (guint kind = 0; kind < SMTPD_LISTS; kind++) {
            const PostfixService *service = postfix_settings_service(evidence->postfix, i);
            SmtpdList *list = smtpd_list_new(service, (SmtpdListKind)kind);
            g_ptr_array_add(installation->lists, list);
            find_asks(installation, list);
        }
    }
    find_ours(installation);
    return installation;
}

void installation_free(Installation *installation) {
    if (installation) {
        g_ptr_array_unref(installation->asks);
        g_ptr_array_unref(installation->lists);
        g_free(installation);
    }
}

const SmtpdList *installation_list(const Installation *installation, guint service,
                                   SmtpdListKind kind) {
    return g_ptr_array_index(installation->lists, service * SMTPD_LISTS + kind);
}

const Ask *installation_first_ask(const Installation *installation, const PostfixService *service) {
    for (guint i = 0; i < installation->asks->len; i++) {
        const Ask *ask = g_ptr_array_index(installation->asks, i);
        if (ask->ours && (!service || ask->list->service == service)) {
            return ask;
        }
    }
    return NULL;
}

/* A socket below the queue directory is named relative to it, so that a chrooted smtpd finds it. */
static char *write_address(const Installation *installation, const char *address) {
    g_autofree char *bare = bare_address(address);
    g_autofree char *queue =
        g_strconcat(UNIX_PREFIX, installation_value(installation, "queue_directory"), "/", NULL);
    return g_str_has_prefix(bare, queue) ? g_strconcat(UNIX_PREFIX, bare + strlen(queue), NULL)
                                         : g_strdup(bare);
}

char *installation_socket(const Installation *installation) {
    const Evidence *evidence = &installation->evidence;
    if (evidence->socket) {
        return write_address(installation, evidence->socket);
    }
    if (evidence->daemon && evidence->daemon->listen->len > 0) {
        return write_address(installation, g_ptr_array_index(evidence->daemon->listen, 0));
    }
    return g_strdup(USUAL_SOCKET);
}

StateSet installation_states(const Installation *installation) {
    StateSet states = 0;
    for (guint i = 0; i < installation->asks->len; i++) {
        const Ask *ask = g_ptr_array_index(installation->asks, i);
        if (ask->ours) {
            states |= smtpd_list_states(ask->list);
        }
    }
    return states;
}
