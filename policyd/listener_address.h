/*
 * ListenerAddress: where to listen, as the settings say it.
 *
 *   unix:PATH[,mode=0660][,owner=NAME][,group=NAME]    names or numbers; PATH holds no comma
 *   inet:ADDRESS:PORT, inet:[ADDRESS]:PORT             the latter for IPv6
 */
#ifndef POLICYD_LISTENER_ADDRESS_H
#define POLICYD_LISTENER_ADDRESS_H

#include "protocol/address.h"

typedef struct {
    char *text;   /* as it was given */
    char *path;   /* of a Unix socket; NULL: inet */
    guint mode;   /* permissions */
    char *owner;  /* or NULL: whoever policyd is when it binds */
    char *group;  /* the same */
    Address host; /* inet */
    guint16 port;
} ListenerAddress;

/* Reads an address; NULL and an error if it is none. */
ListenerAddress *listener_address_parse(const char *text, GError **error);
void listener_address_free(ListenerAddress *address);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ListenerAddress, listener_address_free)

#endif
