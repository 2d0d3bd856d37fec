/*
 * ListenerAddress: fails with an error that names the part at fault.
 */
#include "listener_address.h"

#include <gio/gio.h>
#include <string.h>
#include <sys/un.h>

#include "fail.h"

#define UNIX_PREFIX "unix:"
#define INET_PREFIX "inet:"
#define DEFAULT_MODE 0660
#define NO_MODE G_MAXUINT

void listener_address_free(ListenerAddress *address) {
    if (address) {
        g_free(address->text);
        g_free(address->path);
        g_free(address->owner);
        g_free(address->group);
        g_free(address);
    }
}

#define FAIL(error, ...) fail_with((error), G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, __VA_ARGS__)

/* Three octal digits, or four that start with 0. */
static gboolean parse_mode(const char *text, guint *out) {
    guint mode = 0;
    size_t length = strlen(text);
    if (length < 3 || length > 4 || (length == 4 && text[0] != '0')) {
        return FALSE;
    }
    for (; *text; text++) {
        if (*text < '0' || *text > '7') {
            return FALSE;
        }
        mode = mode * 8 + (guint)(*text - '0');
    }
    *out = mode;
    return TRUE;
}

static gboolean set_name(char **name, const char *value) {
    if (*name || *value == '\0') {
        return FALSE;
    }
    *name = g_strdup(value);
    return TRUE;
}

static gboolean set_unix_option(ListenerAddress *address, const char *option, GError **error) {
    const char *value = strchr(option, '=');
    gboolean taken = FALSE;
    if (value && g_str_has_prefix(option, "mode=")) {
        taken = address->mode == NO_MODE;
        if (!parse_mode(value + 1, &address->mode)) {
            return FAIL(error, "'%s' is not an octal mode, such as mode=0660", option);
        }
    } else if (value && g_str_has_prefix(option, "owner=")) {
        taken = set_name(&address->owner, value + 1);
    } else if (value && g_str_has_prefix(option, "group=")) {
        taken = set_name(&address->group, value + 1);
    } else {
        return FAIL(error, "'%s' is none of mode=MODE, owner=NAME, group=NAME", option);
    }
    return taken || FAIL(error, "'%s' is empty or given twice", option);
}

static gboolean parse_unix(ListenerAddress *address, const char *text, GError **error) {
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    if (!parts[0] || parts[0][0] == '\0') {
        return FAIL(error, "the path is missing: unix:PATH");
    }
    if (strlen(parts[0]) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
        return FAIL(error, "the path '%s' is longer than 107 bytes", parts[0]);
    }
    address->path = g_strdup(parts[0]);
    address->mode = NO_MODE;
    for (guint i = 1; parts[i]; i++) {
        if (!set_unix_option(address, parts[i], error)) {
            return FALSE;
        }
    }
    address->mode = address->mode == NO_MODE ? DEFAULT_MODE : address->mode;
    return TRUE;
}

/* IPv6 stands in brackets, IPv4 does not. */
static gboolean parse_host(Text host, Address *out) {
    gboolean brackets =
        host.length >= 2 && host.data[0] == '[' && host.data[host.length - 1] == ']';
    if (brackets) {
        host = text_make(host.data + 1, host.length - 2);
    }
    return brackets == (text_find(host, ':') >= 0) && address_parse(host, out);
}

static gboolean parse_inet(ListenerAddress *address, const char *text, GError **error) {
    Text whole = text_from_string(text);
    ssize_t colon = text_find_last(whole, ':');
    guint64 port;
    if (colon < 0) {
        return FAIL(error, "the port is missing: inet:ADDRESS:PORT");
    }
    Text host = text_make(text, (size_t)colon);
    if (!parse_host(host, &address->host)) {
        return FAIL(error, "'%.*s' is not an address, such as 127.0.0.1 or [::1]", (int)host.length,
                    host.data);
    }
    if (!text_parse_number(text_from_string(text + colon + 1), &port) || port < 1
        || port > G_MAXUINT16) {
        return FAIL(error, "'%s' is not a port from 1 to 65535", text + colon + 1);
    }
    address->port = (guint16)port;
    return TRUE;
}

ListenerAddress *listener_address_parse(const char *text, GError **error) {
    g_autoptr(ListenerAddress) address = g_new0(ListenerAddress, 1);
    gboolean parsed;
    address->text = g_strdup(text);
    if (g_str_has_prefix(text, UNIX_PREFIX)) {
        parsed = parse_unix(address, text + strlen(UNIX_PREFIX), error);
    } else if (g_str_has_prefix(text, INET_PREFIX)) {
        parsed = parse_inet(address, text + strlen(INET_PREFIX), error);
    } else {
        parsed = FAIL(error, "'%s' is neither unix:PATH nor inet:ADDRESS:PORT", text);
    }
    return parsed ? g_steal_pointer(&address) : NULL;
}
