/*
 * Settings of Postfix: main.cf and master.cf as its own postconf(1) tells them, each $name replaced
 * by its value, defaults included.
 */
#ifndef POLICYD_CTL_POSTFIX_SETTINGS_H
#define POLICYD_CTL_POSTFIX_SETTINGS_H

#include <glib.h>

typedef struct PostfixSettings PostfixSettings;

/* The parameters that hold domains which Postfix takes mail for. */
#define POSTFIX_DOMAIN_PARAMETERS 4
extern const char *const postfix_domain_parameters[POSTFIX_DOMAIN_PARAMETERS];

/* A service of master.cf (master(5)) that runs smtpd. */
typedef struct {
    char *name; /* "smtp", "submission", "127.0.0.1:2525" */
    char *type; /* "inet", "pass", "unix" */
    gboolean chroot;
    guint limit;        /* of processes; 0: none */
    GHashTable *own;    /* of char * to char *: its -o, as master.cf has them */
    GHashTable *values; /* of char * to char *: every parameter as this service sees it */
} PostfixService;

/* Of the folder that holds main.cf and master.cf, NULL: the usual one. NULL and an error if
 * postconf can't be run or complains of the files. */
PostfixSettings *postfix_settings_read(const char *config_directory, GError **error);
void postfix_settings_free(PostfixSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PostfixSettings, postfix_settings_free)

/* What main.cf says; NULL if this version of Postfix has no such parameter. */
const char *postfix_settings_value(const PostfixSettings *settings, const char *parameter);

/* main.cf alone, as a service would see it that has no -o; it has neither name nor type. */
const PostfixService *postfix_settings_main(const PostfixSettings *settings);

/* Of the smtpd services, in the order of master.cf. */
guint postfix_settings_service_count(const PostfixSettings *settings);
const PostfixService *postfix_settings_service(const PostfixSettings *settings, guint index);

/* What the service's -o says, or else main.cf; NULL as above. */
const char *postfix_service_value(const PostfixService *service, const char *parameter);

/* The same, but empty where it is NULL. */
const char *postfix_service_text(const PostfixService *service, const char *parameter);

/* TRUE if the parameter is `yes`, in any case (mail_conf_bool.c). */
gboolean postfix_service_is_on(const PostfixService *service, const char *parameter);

/* TRUE if smtpd speaks to nobody without TLS: smtpd_tls_security_level, in the names of old and new
 * (it takes the levels above encrypt, which are of clients, for that), or smtpd_tls_wrappermode. */
gboolean postfix_service_demands_tls(const PostfixService *service);

/* As postconf -M and -P take it, "smtp/inet"; the caller frees it. */
char *postfix_service_address(const PostfixService *service);

#endif
