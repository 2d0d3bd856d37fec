/*
 * Header: paragraphs, filled to the width of a page; commands stand on one line each, to be pasted.
 * Bytes of main.cf other than printable ASCII are escaped. Nothing fails.
 */
#include "ctl/import/header.h"

#include <string.h>

#include "ctl/postfix/command.h"

#define COLUMNS 100

/* Fills lines that begin with `first`, and then with `next`. */
static void put_filled(GString *text, const char *first, const char *next, const char *paragraph) {
    g_autofree char *escaped = g_strescape(paragraph, "\"\\");
    g_auto(GStrv) words = g_strsplit(escaped, " ", -1);
    gsize column = strlen(first);
    g_string_append(text, first);
    for (char **word = words; *word; word++) {
        if (column + 1 + strlen(*word) > COLUMNS && word > words) {
            g_string_append_printf(text, "\n%s", next);
            column = strlen(next);
        }
        g_string_append_printf(text, " %s", *word);
        column += 1 + strlen(*word);
    }
    g_string_append(text, "\n");
}

static void put_paragraph(GString *text, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void put_paragraph(GString *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *paragraph = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    put_filled(text, "#", "#", paragraph);
    g_string_append(text, "#\n");
}

static void put_command(GString *text, const char *folder, const char *option,
                        const char *setting) {
    g_autofree char *escaped = g_strescape(setting, "\"\\");
    g_autofree char *command = command_postconf(folder, option, escaped);
    g_string_append_printf(text, "#     %s\n", command);
}

char *header_services(const ServiceGroup *group) {
    GString *names = g_string_new(NULL);
    for (guint i = 0; i < group->services->len; i++) {
        const PostfixService *service = g_ptr_array_index(group->services, i);
        g_autofree char *address = postfix_service_address(service);
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", address);
    }
    return g_string_free(names, FALSE);
}

/* postconf -P takes no white space, so the list becomes a parameter of main.cf. */
static void put_service_commands(GString *text, const PostfixSettings *settings, const char *folder,
                                 const ServiceGroup *group, const PostfixService *service) {
    gboolean told = !group->name || service_group_port(group, service, settings) > 0;
    g_autofree char *word = service_word(settings, service);
    g_autofree char *list = relay_policy_list(group->policy, told ? NULL : word);
    g_autofree char *setting = g_strdup_printf("policyd_%s = %s", word, list);
    g_autofree char *address = postfix_service_address(service);
    g_autofree char *own =
        g_strdup_printf("%s/smtpd_relay_restrictions=$policyd_%s", address, word);
    put_command(text, folder, "-e", setting);
    put_command(text, folder, "-P", own);
}

/* Services without a list of their own have main.cf's. */
static void put_group_commands(GString *text, const PostfixSettings *settings, const char *folder,
                               const ServiceGroup *group) {
    for (guint i = 0; i < group->services->len; i++) {
        const PostfixService *service = g_ptr_array_index(group->services, i);
        gboolean own = g_hash_table_contains(service->own, "smtpd_relay_restrictions");
        if (own || group->name) {
            put_service_commands(text, settings, folder, group, service);
        }
    }
}

static void put_commands(GString *text, const PostfixSettings *settings, const char *folder,
                         const GPtrArray *groups) {
    const ServiceGroup *main_cf = g_ptr_array_index(groups, 0);
    g_autofree char *list = relay_policy_list(main_cf->policy, NULL);
    g_autofree char *setting = g_strconcat("smtpd_relay_restrictions = ", list, NULL);
    put_command(text, folder, "-e", setting);
    for (guint i = 0; i < groups->len; i++) {
        put_group_commands(text, settings, folder, g_ptr_array_index(groups, i));
    }
    g_autofree char *postfix = command_start("postfix", folder);
    g_string_append_printf(text, "#     %s reload\n#\n", postfix);
}

/* What smtpd sees of it. */
static const PostfixService *group_source(const PostfixSettings *settings,
                                          const ServiceGroup *group) {
    return group->name ? g_ptr_array_index(group->services, 0) : postfix_settings_main(settings);
}

static const char *group_value(const PostfixSettings *settings, const ServiceGroup *group,
                               const char *parameter) {
    const char *value = postfix_service_text(group_source(settings, group), parameter);
    return *value ? value : "(empty)";
}

static void put_source(GString *text, const PostfixSettings *settings, const ServiceGroup *group) {
    static const char *const relay = "smtpd_relay_restrictions";
    g_autofree char *services = group->name ? header_services(group) : g_strdup("main.cf");
    const char *source = group->policy->source;
    if (g_str_equal(source, relay)) {
        put_paragraph(text, "%s: the rules stand for %s, which was: %s", services, relay,
                      group_value(settings, group, relay));
    } else {
        put_paragraph(text,
                      "%s: the rules stand for what %s says about relaying, which is: %s. By "
                      "itself, %s let mail to elsewhere through; it was: %s",
                      services, source, group_value(settings, group, source), relay,
                      group_value(settings, group, relay));
    }
}

static void put_clear_logins(GString *text, const GPtrArray *groups) {
    for (guint i = 0; i < groups->len; i++) {
        const ServiceGroup *group = g_ptr_array_index(groups, i);
        if (relay_policy_has_rule(group->policy, RELAY_LOGIN)) {
            put_paragraph(text, "Users may log in without TLS, and then relay. To refuse that, put "
                                "this before the permit of those who are authenticated:");
            g_string_append(text,
                            "#     reject \"5.7.11 Encryption required to log in and relay\" if "
                            "authenticated and not encrypted\n#\n");
            return;
        }
    }
}

/* It's the default, and permits nobody where nobody can log in. */
static void put_no_logins(GString *text, const PostfixSettings *settings,
                          const ServiceGroup *group) {
    const char *list = group_value(settings, group, group->policy->source);
    if (strstr(list, "permit_sasl_authenticated")
        && !relay_policy_has_rule(group->policy, RELAY_LOGIN)
        && !relay_policy_has_rule(group->policy, RELAY_LOGIN_TLS)) {
        put_paragraph(text, "permit_sasl_authenticated permits nobody as smtpd_sasl_auth_enable is "
                            "no. Where users shall log in, add: permit if authenticated and "
                            "encrypted");
    }
}

/* Who is at no domain of the list is refused, and not left to Postfix. */
static gboolean refuses_by_domain(const ServiceGroup *group) {
    const GPtrArray *rules = group->policy->rules;
    const RelayRule *last = g_ptr_array_index(rules, rules->len - 1);
    return relay_policy_has_rule(group->policy, RELAY_LOCAL)
           && (g_str_has_prefix(last->action, "reject ")
               || g_str_has_prefix(last->action, "defer "));
}

static void put_strict_forms(GString *text, const GPtrArray *groups) {
    for (guint i = 0; i < groups->len; i++) {
        if (refuses_by_domain(g_ptr_array_index(groups, i))) {
            put_paragraph(text,
                          "`recipient in local` is stricter than Postfix for these addresses: "
                          "`user` without a domain, `user%%local@local`, `local!user`, a literal "
                          "with leading zeros, and a literal `user@[ADDRESS]` of this machine that "
                          "is not in the list.");
            return;
        }
    }
}

static void put_notes(GString *text, const GPtrArray *notes) {
    if (notes->len == 0) {
        return;
    }
    put_paragraph(text, "NOT CARRIED OVER, or stricter than Postfix:");
    for (guint i = 0; i < notes->len; i++) {
        put_filled(text, "#   -", "#    ", g_ptr_array_index(notes, i));
    }
    g_string_append(text, "#\n");
}

void header_write(GString *text, const PostfixSettings *settings, const char *folder,
                  const GPtrArray *groups, const GPtrArray *notes) {
    put_paragraph(text,
                  "Who may relay through %s, as its Postfix decided when policyctl import "
                  "wrote this.",
                  postfix_settings_value(settings, "myhostname"));
    for (guint i = 0; i < groups->len; i++) {
        put_source(text, settings, g_ptr_array_index(groups, i));
    }
    put_notes(text, notes);
    put_paragraph(text, "To use it: let policyd listen on private/policyd in Postfix's queue "
                        "directory, with this file; see policyd(8). Keep copies of main.cf and "
                        "master.cf, and then:");
    put_commands(text, settings, folder, groups);
    put_paragraph(text, "To try it first, start policyd with --dry-run, and only put "
                        "check_policy_service before what the present lists hold.");
    put_paragraph(text, "All other lists stay as they are: a recipient must pass "
                        "smtpd_recipient_restrictions too.");
    put_clear_logins(text, groups);
    put_no_logins(text, settings, g_ptr_array_index(groups, 0));
    put_strict_forms(text, groups);
    g_string_truncate(text, text->len - 2);
    g_string_append_c(text, '\n');
}
