/*
 * SmtpdList: a restriction list of one smtpd service, as smtpd walks it (SMTPD_ACCESS_README), and
 * where a policy service is asked in it.
 */
#ifndef POLICYD_CTL_DOCTOR_SMTPD_LIST_H
#define POLICYD_CTL_DOCTOR_SMTPD_LIST_H

#include "ctl/postfix/settings.h"
#include "protocol/attribute.h"

/* In the order in which smtpd comes to them. */
typedef enum {
    SMTPD_CLIENT,
    SMTPD_HELO,
    SMTPD_SENDER,
    SMTPD_RELAY,
    SMTPD_RECIPIENT,
    SMTPD_DATA,
    SMTPD_END_OF_DATA,
    SMTPD_ETRN,
    SMTPD_LISTS
} SmtpdListKind;

/* A restriction. */
typedef struct {
    char *name;             /* in lower case: "permit_mynetworks" */
    char *argument;         /* empty where it has none */
    gboolean warn;          /* behind warn_if_reject: its rejections are only logged */
    char *server;           /* of check_policy_service: "unix:private/policyd"; else NULL */
    GHashTable *attributes; /* of check_policy_service, char * to char *: timeout, ... */
} SmtpdEntry;

typedef struct {
    SmtpdListKind kind;
    const char *parameter;         /* "smtpd_relay_restrictions" */
    const PostfixService *service; /* borrowed */
    GPtrArray *entries;            /* of SmtpdEntry; a class stands opened: what it holds */
    gboolean opened;               /* some did, so that the entries aren't those of the parameter */
} SmtpdList;

/* The caller frees it. */
SmtpdList *smtpd_list_new(const PostfixService *service, SmtpdListKind kind);
void smtpd_list_free(SmtpdList *list);

const char *smtpd_list_parameter(SmtpdListKind kind);

/* In which states a policy service in the list is asked: with smtpd_delay_reject those of client,
 * helo and sender wait for RCPT. VRFY, which walks lists of RCPT, is left out: few may use it. */
StateSet smtpd_list_states(const SmtpdList *list);

/* TRUE if the list is walked at every RCPT. */
gboolean smtpd_list_is_of_recipients(const SmtpdList *list);

/* Where in the list, before `end`, the first restriction of a name stands, or -1. One whose
 * rejections are only logged counts if `warn`. */
gint smtpd_list_find(const SmtpdList *list, const char *name, guint end, gboolean warn);

/* Where the first stands that keeps smtpd from relaying to anybody: reject_unauth_destination or
 * defer_unauth_destination; or -1. */
gint smtpd_list_find_refusal(const SmtpdList *list, guint end);

/* TRUE if smtpd finds in the list what it demands in one of relay and recipients: a refusal that
 * counts, not behind `permit` (smtpd_check.c, has_required()). */
gboolean smtpd_list_has_required(const SmtpdList *list);

#endif
