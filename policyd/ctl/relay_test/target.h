/*
 * RelayTarget: the server that is tested: HOST[:PORT], its addresses, and whether they are of this
 * machine.
 */
#ifndef POLICYD_CTL_RELAY_TEST_TARGET_H
#define POLICYD_CTL_RELAY_TEST_TARGET_H

#include <gio/gio.h>

typedef struct {
    char *host; /* as given, without brackets */
    guint16 port;
    GList *addresses; /* of GInetAddress, at least one */
} RelayTarget;

/* Takes HOST[:PORT] apart, an IPv6 address in brackets, and looks its name up. NULL and an error of
 * G_IO_ERROR or G_RESOLVER_ERROR if it is none. */
RelayTarget *relay_target_find(const char *text, guint16 default_port, GError **error);

void relay_target_free(RelayTarget *target);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RelayTarget, relay_target_free)

/* TRUE if each address is of the loopback network, or of an interface of this machine. */
gboolean relay_target_is_here(const RelayTarget *target);

/* What stands behind the `@` of a mailbox at an address, to be freed: [192.0.2.1] or
 * [IPv6:2001:db8::1]. */
char *relay_target_literal(GInetAddress *address);

/* TRUE if it can stand behind an `@`: a domain of letters, digits, `-`, `_` and `.`, or an address
 * literal. */
gboolean relay_target_is_domain(const char *text);

/* TRUE of a domain alone. */
gboolean relay_target_is_name(const char *text);

#endif
