/*
 * Installation: all that the doctor looks at: Postfix's settings, the rules, the daemon, and how
 * they are tied together. The checks only read it.
 */
#ifndef POLICYD_CTL_DOCTOR_INSTALLATION_H
#define POLICYD_CTL_DOCTOR_INSTALLATION_H

#include "ctl/daemon.h"
#include "ctl/doctor/finding.h"
#include "ctl/doctor/smtpd_list.h"
#include "rules/ruleset.h"

/* A place where smtpd asks a policy service: check_policy_service in a list. */
typedef struct {
    const SmtpdList *list;
    guint index; /* of its restriction in the list */
    const SmtpdEntry *entry;
    char *path;    /* of a Unix socket, as seen from outside smtpd's chroot; NULL: another */
    gboolean ours; /* it is meant for policyd, though it may not get there */
} Ask;

/* What the doctor was told and could find out; borrowed, and NULL where it is not to be had. */
typedef struct {
    const PostfixSettings *postfix;
    const char *folder;         /* of main.cf, where it isn't the usual one */
    const char *rules;          /* path */
    gboolean rules_given;       /* by the user, not by the daemon */
    const Ruleset *ruleset;     /* with detail */
    const DaemonStatus *daemon; /* policyd's */
    const char *silence;        /* why there is no daemon */
    const char *socket;         /* policyd's, as check_policy_service has it */
    const GArray *interfaces;   /* of Interface */
} Evidence;

typedef struct {
    Evidence evidence;
    GPtrArray *lists; /* of SmtpdList: SMTPD_LISTS of each service, in their order */
    GPtrArray *asks;  /* of Ask, in the order of the lists */
} Installation;

/* The evidence stays the caller's, and outlives it. */
Installation *installation_new(const Evidence *evidence);
void installation_free(Installation *installation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Installation, installation_free)

const SmtpdList *installation_list(const Installation *installation, guint service,
                                   SmtpdListKind kind);

/* The first place where the service asks policyd, or any service if that is NULL; or NULL. */
const Ask *installation_first_ask(const Installation *installation, const PostfixService *service);

/* What check_policy_service is to be followed by to reach policyd; the caller frees it. */
char *installation_socket(const Installation *installation);

/* The states in which policyd is asked. */
StateSet installation_states(const Installation *installation);

/* A parameter of main.cf; empty where this Postfix has none of that name. */
const char *installation_value(const Installation *installation, const char *parameter);

#endif
