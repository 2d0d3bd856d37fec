/*
 * RuleFile: lists, conditions and rules, with comments about each; nothing fails.
 */
#include "ctl/import/rule_file.h"

#include <string.h>

#include "ctl/import/header.h"
#include "ctl/import/items.h"
#include "ctl/import/note.h"
#include "ctl/import/service_group.h"

#define COLUMNS 96
#define INDENT "        "

typedef struct {
    const PostfixSettings *settings;
    const RuleFileOptions *options;
    Items *domains[POSTFIX_DOMAIN_PARAMETERS];
    Items *literals;
    GPtrArray *groups;
    GString *text;
} Writer;

static void writer_clear(Writer *writer) {
    for (size_t i = 0; i < POSTFIX_DOMAIN_PARAMETERS; i++) {
        items_free(writer->domains[i]);
    }
    items_free(writer->literals);
    g_ptr_array_unref(writer->groups);
    g_string_free(writer->text, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Writer, writer_clear)

static const char *value_of(const PostfixSettings *settings, const char *parameter) {
    return postfix_service_text(postfix_settings_main(settings), parameter);
}

static const ServiceGroup *get_group(const Writer *writer, guint index) {
    return g_ptr_array_index(writer->groups, index);
}

/* A list item by item, over as many lines as it takes. */
typedef struct {
    GString *text;
    GHashTable *known; /* set of the items, borrowed */
    gsize column;
    gboolean comma; /* is due before the next item */
} ListWriter;

static void break_line(ListWriter *list) {
    g_string_append(list->text, "\n" INDENT);
    list->column = strlen(INDENT);
}

static void put_item(ListWriter *list, const char *item) {
    g_string_append(list->text, list->comma ? "," : "");
    if (list->column + strlen(item) + 2 > COLUMNS) {
        break_line(list);
    } else if (list->column > strlen(INDENT)) {
        g_string_append_c(list->text, ' ');
    }
    g_string_append(list->text, item);
    list->column += strlen(item) + 2;
    list->comma = TRUE;
}

static gboolean has_new(const ListWriter *list, const Items *items) {
    for (guint i = 0; i < items->texts->len; i++) {
        if (!g_hash_table_contains(list->known, g_ptr_array_index(items->texts, i))) {
            return TRUE;
        }
    }
    return FALSE;
}

/* Those that aren't there yet, below a comment. */
static void put_items(ListWriter *list, const char *comment, const Items *items) {
    if (!has_new(list, items)) {
        return;
    }
    g_string_append(list->text, list->comma ? "," : "");
    list->comma = FALSE;
    break_line(list);
    g_string_append_printf(list->text, "# %s", comment);
    break_line(list);
    for (guint i = 0; i < items->texts->len; i++) {
        if (g_hash_table_add(list->known, g_ptr_array_index(items->texts, i))) {
            put_item(list, g_ptr_array_index(items->texts, i));
        }
    }
}

static void put_source(ListWriter *list, const char *parameter) {
    g_autofree char *item = g_strconcat("postconf ", parameter, NULL);
    put_item(list, item);
}

static gboolean is_live(const Writer *writer, const Items *items) {
    return writer->options->live && !items->fixed;
}

static gboolean has_networks(const Writer *writer, const ServiceGroup *group) {
    return group->networks->texts->len > 0 || (!group->name && is_live(writer, group->networks));
}

static void put_networks(const Writer *writer, const ServiceGroup *group) {
    if (!has_networks(writer, group)) {
        return;
    }
    gsize before = writer->text->len;
    g_string_append_printf(writer->text, "networks trusted%s%s =", group->name ? "_at_" : "",
                           group->name ? group->name : "");
    ListWriter list = {.text = writer->text, .column = writer->text->len - before};
    if (!group->name && is_live(writer, group->networks)) {
        put_source(&list, "mynetworks");
    } else {
        for (guint i = 0; i < group->networks->texts->len; i++) {
            put_item(&list, g_ptr_array_index(group->networks->texts, i));
        }
    }
    g_string_append(writer->text, "\n");
}

static gboolean has_domains(const Writer *writer) {
    gboolean any = writer->literals->texts->len > 0;
    for (size_t i = 0; i < POSTFIX_DOMAIN_PARAMETERS; i++) {
        any = any || writer->domains[i]->texts->len > 0 || is_live(writer, writer->domains[i]);
    }
    return any;
}

static void put_domains(const Writer *writer) {
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    ListWriter list = {.text = writer->text, .known = known, .column = strlen("domains local =")};
    if (!has_domains(writer)) {
        return;
    }
    g_string_append(writer->text, "domains local =");
    for (size_t i = 0; i < POSTFIX_DOMAIN_PARAMETERS; i++) {
        if (is_live(writer, writer->domains[i])) {
            put_source(&list, postfix_domain_parameters[i]);
        }
    }
    for (size_t i = 0; i < POSTFIX_DOMAIN_PARAMETERS; i++) {
        if (!is_live(writer, writer->domains[i])) {
            put_items(&list, postfix_domain_parameters[i], writer->domains[i]);
        }
    }
    put_items(&list, "inet_interfaces, proxy_interfaces", writer->literals);
    g_string_append(writer->text, "\n");
}

static void put_condition(const Writer *writer, const ServiceGroup *group) {
    for (guint i = 0; i < group->services->len; i++) {
        const PostfixService *service = g_ptr_array_index(group->services, i);
        guint port = service_group_port(group, service, writer->settings);
        g_autofree char *word = service_word(writer->settings, service);
        g_autofree char *test = port > 0 ? g_strdup_printf("server_port == %u", port)
                                         : g_strdup_printf("policy_context == \"%s\"", word);
        if (i == 0) {
            g_string_append_printf(writer->text, "condition at_%s = %s", group->name, test);
        } else {
            g_string_append_printf(writer->text, " or %s", test);
        }
    }
    g_string_append(writer->text, "\n");
}

/* Who is trusted at one service only is no stranger either. */
static void put_insider(const Writer *writer) {
    g_autoptr(GString) more = g_string_new(NULL);
    for (guint i = 1; i < writer->groups->len; i++) {
        const ServiceGroup *group = get_group(writer, i);
        if (service_group_has_networks(group, writer->groups) && has_networks(writer, group)) {
            g_string_append_printf(more,
                                   "\n" INDENT "or (at_%s and client_address in trusted_at_%s)",
                                   group->name, group->name);
        }
    }
    if (more->len > 0) {
        g_string_append_printf(
            writer->text, "condition insider = %sauthenticated%s\n",
            has_networks(writer, get_group(writer, 0)) ? "client_address in trusted or " : "",
            more->str);
    }
}

/* NULL: the rule never matches, as the list is empty; the caller frees it. */
static char *write_test(const Writer *writer, const ServiceGroup *group, RelayWho who) {
    gboolean own = service_group_has_networks(group, writer->groups);
    switch (who) {
    case RELAY_NETWORKS:
        if (!has_networks(writer, own ? group : get_group(writer, 0))) {
            return NULL;
        }
        return g_strdup_printf("client_address in trusted%s%s", own ? "_at_" : "",
                               own ? group->name : "");
    case RELAY_LOGIN:
        return g_strdup("authenticated");
    case RELAY_LOGIN_TLS:
        return g_strdup("authenticated and encrypted");
    case RELAY_LOCAL:
        return has_domains(writer) ? g_strdup("recipient in local") : NULL;
    case RELAY_ANYBODY:
        break;
    }
    return g_strdup("");
}

static void put_rule(const Writer *writer, const ServiceGroup *group, const RelayRule *rule) {
    g_autofree char *test = write_test(writer, group, rule->who);
    if (!test) {
        return;
    }
    g_autofree char *guard = group->name ? g_strconcat("at_", group->name, NULL) : g_strdup("");
    g_autofree char *condition = g_strconcat(guard, *guard && *test ? " and " : "", test, NULL);
    g_auto(GStrv) words = g_strsplit(rule->action, " ", 2);
    GString *line = g_string_new(NULL);
    g_string_printf(line, "%-7s %s%s%s%s", words[0], words[1] ? words[1] : "",
                    words[1] && *condition ? " " : "", *condition ? "if " : "", condition);
    g_string_append_printf(writer->text, "%s\n", g_strchomp(line->str));
    g_string_free(line, TRUE);
}

static void put_rules(const Writer *writer, const ServiceGroup *group) {
    g_string_append_c(writer->text, '\n');
    if (group->name) {
        g_autofree char *services = header_services(group);
        g_autofree char *escaped = g_strescape(services, "\"\\");
        g_string_append_printf(writer->text, "# %s in master.cf\n", escaped);
    } else if (writer->groups->len > 1) {
        g_string_append(writer->text, "# main.cf\n");
    }
    for (guint i = 0; i < group->policy->rules->len; i++) {
        put_rule(writer, group, g_ptr_array_index(group->policy->rules, i));
    }
}

/* What other services have comes first, as main.cf's rules are for all requests. */
static void put_all(const Writer *writer) {
    for (guint i = 0; i < writer->groups->len; i++) {
        if (i == 0 || service_group_has_networks(get_group(writer, i), writer->groups)) {
            put_networks(writer, get_group(writer, i));
        }
    }
    put_domains(writer);
    if (writer->groups->len > 1) {
        g_string_append_c(writer->text, '\n');
    }
    for (guint i = 1; i < writer->groups->len; i++) {
        put_condition(writer, get_group(writer, i));
    }
    put_insider(writer);
    for (guint i = 1; i < writer->groups->len; i++) {
        put_rules(writer, get_group(writer, i));
    }
    put_rules(writer, get_group(writer, 0));
}

/* Whether a domain of relay_domains stands for those under it; -1, and it's noted, if a file, a
 * table or an exclusion decides. */
static int find_children(const PostfixSettings *settings, GPtrArray *notes) {
    static const char parameter[] = "parent_domain_matches_subdomains";
    g_auto(GStrv) words = g_strsplit_set(value_of(settings, parameter), ", \t\r\n", -1);
    for (char **word = words; *word; word++) {
        if (strspn(*word, "!/#") > 0 || strchr(*word, ':')) {
            note_add(notes,
                     "relay_domains is not in the file, so Postfix is asked about it "
                     "(reject_unauth_destination): '%s' in %s can't be carried over",
                     *word, parameter);
            return -1;
        }
    }
    return g_strv_contains((const char *const *)words, "relay_domains");
}

static Items *read_domain_parameter(const PostfixSettings *settings, const char *parameter,
                                    GPtrArray *notes) {
    gboolean relays = g_str_equal(parameter, "relay_domains");
    int children = relays ? find_children(settings, notes) : FALSE;
    gboolean left = children < 0;
    Items *items = items_from_domains(parameter, left ? "" : value_of(settings, parameter),
                                      children > 0, notes);
    items->partial = items->partial || left;
    items->fixed = items->fixed || left;
    return items;
}

/* Reads the lists that all services share. */
static gboolean read_domains(Writer *writer, GPtrArray *notes) {
    gboolean partial = FALSE;
    g_autofree char *interfaces = g_strjoin(" ", value_of(writer->settings, "inet_interfaces"),
                                            value_of(writer->settings, "proxy_interfaces"), NULL);
    for (size_t i = 0; i < POSTFIX_DOMAIN_PARAMETERS; i++) {
        writer->domains[i] =
            read_domain_parameter(writer->settings, postfix_domain_parameters[i], notes);
        partial = partial || writer->domains[i]->partial;
    }
    writer->literals =
        items_from_interfaces(interfaces, value_of(writer->settings, "inet_protocols"));
    return partial;
}

static void note_untrusted_routing(const PostfixSettings *settings, GPtrArray *notes) {
    if (postfix_service_is_on(postfix_settings_main(settings), "allow_untrusted_routing")) {
        note_add(notes, "allow_untrusted_routing is yes, and takes user%%elsewhere@local; the file "
                        "is stricter, and refuses it");
    }
}

char *rule_file_write(const PostfixSettings *settings, const RuleFileOptions *options,
                      GPtrArray *notes) {
    g_auto(Writer) writer = {
        .settings = settings,
        .options = options,
        .text = g_string_new(NULL),
    };
    gboolean partial = read_domains(&writer, notes);
    writer.groups = service_groups_new(settings, partial, notes);
    note_untrusted_routing(settings, notes);
    header_write(writer.text, settings, options->folder, writer.groups, notes);
    put_all(&writer);
    return g_strdup(writer.text->str);
}
