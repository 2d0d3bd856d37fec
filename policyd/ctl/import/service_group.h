/*
 * ServiceGroup: smtpd services of master.cf whose relay restrictions come to the same, and how a
 * rule tells a request of theirs.
 */
#ifndef POLICYD_CTL_IMPORT_SERVICE_GROUP_H
#define POLICYD_CTL_IMPORT_SERVICE_GROUP_H

#include "ctl/import/items.h"
#include "ctl/import/relay_policy.h"
#include "ctl/postfix/settings.h"

typedef struct {
    char *name;             /* "submission", for names in the rule file; NULL: what main.cf says */
    GPtrArray *services;    /* of const PostfixService, borrowed from the settings */
    const char *mynetworks; /* their value, borrowed */
    Items *networks;        /* what of it can be in a list */
    RelayPolicy *policy;
} ServiceGroup;

/* An array that frees them; the first is main.cf's and may have no service. `partial_domains` as in
 * RelaySources. */
GPtrArray *service_groups_new(const PostfixSettings *settings, gboolean partial_domains,
                              GPtrArray *notes);

/* TRUE if the group needs a list of networks other than main.cf's. */
gboolean service_group_has_networks(const ServiceGroup *group, const GPtrArray *groups);

/* By what a request of this service is told from those of other groups: the port, where that is
 * told by its name and is its alone; else 0, and its policy_context is to be its word. */
guint service_group_port(const ServiceGroup *group, const PostfixService *service,
                         const PostfixSettings *settings);

/* Letters, digits and `_`, for a name in a rule file or in main.cf and for a policy_context: of
 * this service alone. The caller frees it. */
char *service_word(const PostfixSettings *settings, const PostfixService *service);

#endif
