/*
 * Settings: what the command line and the settings file say. The file is a GKeyFile with one group,
 * [policyd], and the flags' names as keys, lists with `;`:
 *
 *   [policyd]
 *   rules=/etc/policyd/relay.rules
 *   listen=unix:/var/spool/postfix/private/policyd,mode=0660,group=postfix
 *   audit=file:/var/log/policyd.log;syslog
 *
 * A flag replaces what the file says under its name. An unknown or repeated name is an error, but
 * --listen and --audit may be repeated.
 */
#ifndef POLICYD_SETTINGS_H
#define POLICYD_SETTINGS_H

#include <glib.h>

typedef struct {
    char *print;              /* NULL, or a text to print instead of starting: help or version */
    char *rules;              /* path */
    GPtrArray *listen;        /* of ListenerAddress; empty only where systemd hands over sockets */
    GPtrArray *audit;         /* of specs for audit_sink_open(); empty: none */
    char *user;               /* or NULL */
    char *control;            /* path of the control socket; NULL: none */
    gboolean control_default; /* nobody named it */
    guint workers;
    guint max_connections;
    guint request_timeout; /* seconds */
    guint proof_budget;    /* nodes of a diagram */
    gboolean dry_run;
    gboolean sandbox; /* ask for the filter of system calls, sandbox.h */
} Settings;

/* `arguments` is argv, ending in NULL, and left as it is. NULL and an error that names the option
 * and its value if anything is wrong. */
Settings *settings_parse(char **arguments, GError **error);
void settings_free(Settings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Settings, settings_free)

#endif
