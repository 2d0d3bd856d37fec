/*
 * Rules: whether Postfix sends what the rules look at: in these lists, with these contexts, in this
 * version; and whether what they say of one recipient fits a message of several.
 */
#include "ctl/doctor/examination.h"
#include "ctl/doctor/mend.h"
#include "ctl/doctor/rule_use.h"
#include "rules/match.h"

/* Since when smtpd sends an attribute: smtpd_check.c, by version. */
static const struct {
    Attribute attribute;
    guint major;
    guint minor;
} since[] = {
    {ATTRIBUTE_CCERT_SUBJECT, 2, 2},
    {ATTRIBUTE_CCERT_ISSUER, 2, 2},
    {ATTRIBUTE_CCERT_FINGERPRINT, 2, 2},
    {ATTRIBUTE_REVERSE_CLIENT_NAME, 2, 3},
    {ATTRIBUTE_RECIPIENT_COUNT, 2, 3},
    {ATTRIBUTE_ETRN_DOMAIN, 2, 3},
    {ATTRIBUTE_ENCRYPTION_PROTOCOL, 2, 3},
    {ATTRIBUTE_ENCRYPTION_CIPHER, 2, 3},
    {ATTRIBUTE_ENCRYPTION_KEYSIZE, 2, 3},
    {ATTRIBUTE_STRESS, 2, 5},
    {ATTRIBUTE_CCERT_PUBKEY_FINGERPRINT, 2, 9},
    {ATTRIBUTE_CLIENT_PORT, 3, 0},
    {ATTRIBUTE_POLICY_CONTEXT, 3, 1},
    {ATTRIBUTE_SERVER_ADDRESS, 3, 2},
    {ATTRIBUTE_SERVER_PORT, 3, 2},
    {ATTRIBUTE_COMPATIBILITY_LEVEL, 3, 8},
    {ATTRIBUTE_MAIL_VERSION, 3, 8},
    {ATTRIBUTE_TLS_SNI, 3, 12},
};

/* "3.7.11", "3.8-20220527" */
static gboolean read_version(const char *text, guint *major, guint *minor) {
    char *end;
    *major = (guint)g_ascii_strtoull(text, &end, 10);
    if (*end != '.') {
        return FALSE;
    }
    *minor = (guint)g_ascii_strtoull(end + 1, NULL, 10);
    return TRUE;
}

static void examine_version(const Installation *installation, const RuleUse *use,
                            GPtrArray *findings) {
    const char *version = installation_value(installation, "mail_version");
    guint major;
    guint minor;
    if (!read_version(version, &major, &minor)) {
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(since); i++) {
        const Rule *rule = use->first[since[i].attribute];
        gboolean sent = major != since[i].major ? major > since[i].major : minor >= since[i].minor;
        if (!rule || sent) {
            continue;
        }
        Finding *finding = findings_add(
            findings, FINDING_WARNING, "never-sent", "To the rules it is empty in every request.",
            "%s asks about %s, which Postfix sends since %u.%u: this is %s", rule->place,
            attribute_info(since[i].attribute)->name, since[i].major, since[i].minor, version);
        finding->advice = g_strdup("do without it, or upgrade Postfix");
    }
}

static const SmtpdList *find_list(const Installation *installation, SmtpdListKind kind) {
    const Ask *ask = installation_first_ask(installation, NULL);
    for (guint i = 0; i < installation->lists->len; i++) {
        const SmtpdList *list = g_ptr_array_index(installation->lists, i);
        if (list->service == ask->list->service && list->kind == kind) {
            return list;
        }
    }
    return NULL;
}

/* The list that is walked in one of these states; of several the one for the most messages. */
static const SmtpdList *choose_list(const Installation *installation, StateSet states) {
    static const struct {
        ProtocolState state;
        SmtpdListKind kind;
    } choices[] = {
        {STATE_RCPT, SMTPD_RELAY},     {STATE_DATA, SMTPD_DATA},
        {STATE_ETRN, SMTPD_ETRN},      {STATE_END_OF_MESSAGE, SMTPD_END_OF_DATA},
        {STATE_MAIL, SMTPD_SENDER},    {STATE_EHLO, SMTPD_HELO},
        {STATE_CONNECT, SMTPD_CLIENT},
    };
    for (guint i = 0; i < G_N_ELEMENTS(choices); i++) {
        if (states & STATE_SET(choices[i].state)) {
            return find_list(installation, choices[i].kind);
        }
    }
    return NULL;
}

static void mend_states(const Installation *installation, Finding *finding, StateSet states) {
    const SmtpdList *list = choose_list(installation, states);
    if (list) {
        g_autofree char *address = postfix_service_address(list->service);
        finding_set_place(finding, address, list->parameter);
        finding->command = mend_ask(installation, list);
    }
}

/* Attributes that are empty, or 0, whenever policyd is asked. */
static void examine_attributes(const Installation *installation, const RuleUse *use,
                               GPtrArray *findings) {
    StateSet asked = installation_states(installation);
    for (guint i = 0; i < ATTRIBUTE_COUNT; i++) {
        const AttributeInfo *info = attribute_info((Attribute)i);
        if (!use->first[i] || (asked & ~info->never)) {
            continue;
        }
        gboolean number = info->type == ATTRIBUTE_TYPE_NUMBER;
        Finding *finding =
            findings_add(findings, FINDING_WARNING, "wrong-list",
                         "The rule doesn't do what it says: a limit, say, is never exceeded.",
                         "%s asks about %s, which is %s whenever policyd is asked",
                         use->first[i]->place, info->name, number ? "0" : "empty");
        finding->advice = g_strdup("have policyd asked when it is known; rules about the recipient "
                                   "then need 'protocol_state == \"RCPT\"' too");
        mend_states(installation, finding, (StateSet)(STATE_SET_ALL & ~info->never));
    }
    if (use->first[ATTRIBUTE_SIZE] && !(asked & STATE_SET(STATE_END_OF_MESSAGE))) {
        findings_add(findings, FINDING_NOTE, "size-declared",
                     "It is 0 if the client doesn't say: message_size_limit is what binds.",
                     "%s asks about size, which before the end of the message is what the client "
                     "says of it",
                     use->first[ATTRIBUTE_SIZE]->place);
    }
}

/* TRUE if a rule looks at what only this state has: then that was told. */
static gboolean is_told(const RuleUse *use, StateSet asked, ProtocolState state) {
    for (guint i = 0; i < ATTRIBUTE_COUNT; i++) {
        StateSet filled = (StateSet)(STATE_SET_ALL & ~attribute_info((Attribute)i)->never);
        if (use->first[i] && (filled & asked) == 0 && (filled & STATE_SET(state))) {
            return TRUE;
        }
    }
    return FALSE;
}

static void examine_states(const Installation *installation, const RuleUse *use,
                           GPtrArray *findings) {
    StateSet asked = installation_states(installation);
    for (guint i = 0; i < STATE_COUNT; i++) {
        const Rule *rule = use->state_rules[i];
        if (!rule || (asked & STATE_SET(i)) || i == STATE_VRFY || i == STATE_HELO
            || is_told(use, asked, (ProtocolState)i)) {
            continue;
        }
        Finding *finding =
            findings_add(findings, FINDING_WARNING, "state-never-asked",
                         "What the rule says there has no effect.",
                         "%s is for protocol_state %s, when policyd is not asked", rule->place,
                         attribute_info(ATTRIBUTE_PROTOCOL_STATE)->values[i]);
        mend_states(installation, finding, STATE_SET(i));
    }
}

static const char *find_context(const Ask *ask) {
    const char *own = g_hash_table_lookup(ask->entry->attributes, "policy_context");
    return own ? own
               : postfix_service_text(ask->list->service, "smtpd_policy_service_policy_context");
}

static gboolean is_sent(const Installation *installation, const char *context) {
    for (guint i = 0; i < installation->asks->len; i++) {
        const Ask *ask = g_ptr_array_index(installation->asks, i);
        if (ask->ours && g_str_equal(find_context(ask), context)) {
            return TRUE;
        }
    }
    return FALSE;
}

static void examine_contexts(const Installation *installation, const RuleUse *use,
                             GPtrArray *findings) {
    for (guint i = 0; i < use->contexts->len; i++) {
        const char *context = g_ptr_array_index(use->contexts, i);
        if (!is_sent(installation, context)) {
            Finding *finding = findings_add(
                findings, FINDING_WARNING, "context-not-sent",
                "A test for it is false of every request.",
                "the rules ask about policy_context \"%s\", which no service sends", context);
            finding->advice = g_strdup_printf(
                "add policy_context=%s where it is to be sent: check_policy_service "
                "{ unix:private/policyd, policy_context=%s }",
                context, context);
        }
    }
    if (use->contexts->len == 0 || use->any_context) {
        return;
    }
    for (guint i = 0; i < installation->asks->len; i++) {
        const Ask *ask = g_ptr_array_index(installation->asks, i);
        if (!ask->ours || rule_use_has_context(use, find_context(ask))) {
            continue;
        }
        g_autofree char *address = postfix_service_address(ask->list->service);
        Finding *finding =
            findings_add(findings, FINDING_NOTE, "context-not-used",
                         "The rules for other contexts don't apply to it.",
                         "no rule asks about policy_context \"%s\"", find_context(ask));
        finding_set_place(finding, address, ask->list->parameter);
    }
}

/* Who sends: what a request says of a stranger, and of a user who has logged in. */
static const char *const senders[] = {
    "sender=sender@client.example\n",
    "sender=user@client.example\nsasl_method=PLAIN\nsasl_username=user@client.example\n"
    "encryption_protocol=TLSv1.3\nencryption_cipher=TLS_AES_256_GCM_SHA384\n"
    "encryption_keysize=256\n",
};

/* The rule that refuses a message in this state, or NULL; `recipient` is empty of several. */
static const Rule *find_refusal(const Ruleset *ruleset, const Ask *ask, ProtocolState state,
                                const char *sender, const char *recipient) {
    g_autoptr(Matcher) matcher = matcher_new();
    g_autofree char *block =
        g_strdup_printf("request=smtpd_access_policy\nprotocol_state=%s\nprotocol_name=ESMTP\n"
                        "client_address=192.0.2.1\nclient_name=unknown\nclient_port=40000\n"
                        "reverse_client_name=unknown\nhelo_name=client.example\n%srecipient=%s\n"
                        "recipient_count=%d\nqueue_id=4F9D195432C\ninstance=1.2.3.0\nsize=1000\n"
                        "policy_context=%s\n\n",
                        attribute_info(ATTRIBUTE_PROTOCOL_STATE)->values[state], sender, recipient,
                        recipient[0] ? 0 : 2, find_context(ask));
    Request request;
    if (request_parse(text_from_string(block), &request) != REQUEST_OK) {
        return NULL;
    }
    const Rule *rule = match(matcher, ruleset, &request);
    return rule->action == ACTION_REJECT || rule->action == ACTION_DEFER ? rule : NULL;
}

/* The rule that refuses a message, though each of its recipients was taken. */
static const Rule *find_breach(const Installation *installation, const Ask *ask,
                               ProtocolState state) {
    const Ruleset *ruleset = installation->evidence.ruleset;
    const List *local = ruleset_list(ruleset, "local");
    const Ask *first = installation_first_ask(installation, ask->list->service);
    gboolean named = local && text_set_count(list_whole(local)) > 0;
    Text domain = named ? text_set_get(list_whole(local), 0) : TEXT_LITERAL("client.example");
    g_autofree char *recipient = g_strdup_printf("user@%.*s", (int)domain.length, domain.data);
    for (guint i = 0; i < G_N_ELEMENTS(senders); i++) {
        const Rule *rule = find_refusal(ruleset, ask, state, senders[i], "");
        if (rule && !find_refusal(ruleset, first, STATE_RCPT, senders[i], recipient)) {
            return rule;
        }
    }
    return NULL;
}

static void examine_several(const Installation *installation, GPtrArray *findings) {
    for (guint i = 0; i < installation->asks->len; i++) {
        const Ask *ask = g_ptr_array_index(installation->asks, i);
        gboolean at_data = ask->list->kind == SMTPD_DATA;
        if (!ask->ours || (!at_data && ask->list->kind != SMTPD_END_OF_DATA)) {
            continue;
        }
        ProtocolState state = at_data ? STATE_DATA : STATE_END_OF_MESSAGE;
        const Rule *rule = find_breach(installation, ask, state);
        if (!rule) {
            continue;
        }
        g_autofree char *address = postfix_service_address(ask->list->service);
        Finding *finding =
            findings_add(findings, FINDING_DANGER, "refused-at-data",
                         "recipient is empty there if there are several, and so in no list: the "
                         "message is refused though each recipient was taken.",
                         "%s refuses a message of several recipients at %s", rule->place,
                         at_data ? "DATA" : "its end");
        finding_set_place(finding, address, ask->list->parameter);
        finding->advice = g_strdup_printf("before rules about recipients, write: dunno if "
                                          "protocol_state == \"%s\"",
                                          attribute_info(ATTRIBUTE_PROTOCOL_STATE)->values[state]);
    }
}

void examine_rules(const Installation *installation, GPtrArray *findings) {
    g_autoptr(RuleUse) use = rule_use_new(installation->evidence.ruleset);
    if (!use) {
        return;
    }
    examine_version(installation, use, findings);
    if (!installation_first_ask(installation, NULL)) {
        return;
    }
    examine_attributes(installation, use, findings);
    examine_states(installation, use, findings);
    examine_contexts(installation, use, findings);
    examine_several(installation, findings);
}
