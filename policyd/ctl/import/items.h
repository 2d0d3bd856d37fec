/*
 * Items: the value of a list parameter of Postfix, as items of a list in a rule file. Postfix's
 * syntax is that of match_list(3) (src/util/match_list.c): the first pattern that matches decides.
 */
#ifndef POLICYD_CTL_IMPORT_ITEMS_H
#define POLICYD_CTL_IMPORT_ITEMS_H

#include <glib.h>

typedef struct {
    GPtrArray *texts;  /* of char *, as a rule file has them, each once; `file "PATH"` stands for a
                          file whose items mean the same to both */
    GHashTable *known; /* the set of them */
    gboolean partial;  /* Postfix matches more than these: a lookup table, a name, ... */
    gboolean fixed;    /* `postconf PARAMETER` in a rule file would be an error */
} Items;

/* A value as `postconf -x` prints it, of mynetworks. What can't be carried over is noted. */
Items *items_from_networks(const char *parameter, const char *value, GPtrArray *notes);

/* Of a list of domains. `children`: a domain stands for those under it too, as
 * parent_domain_matches_subdomains may say of relay_domains. */
Items *items_from_domains(const char *parameter, const char *value, gboolean children,
                          GPtrArray *notes);

/* The address literals of inet_interfaces and proxy_interfaces that are told by them: what is
 * written as an address, and 127.0.0.1 of the loopback interface where IPv4 is used. */
Items *items_from_interfaces(const char *value, const char *protocols);

void items_free(Items *items);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Items, items_free)

#endif
