/*
 * Fuzz target list: any bytes as a list file, or as the value of a postconf parameter. Each of the
 * items that were taken is in the list, by the list itself and by the matcher; and the same items,
 * written into the rule file, make the same list.
 *
 * Input: the list's kind and where the items stand, then the items.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/bytes.h"
#include "fuzz/fuzz.h"
#include "fuzz/same.h"
#include "rules/compile.h"
#include "rules/match.h"

/* Of each kind, an attribute whose value may be in such a list. */
static const struct {
    const char *word;
    const char *parameter;
    Attribute attribute;
} kinds[] = {
    [LIST_NETWORKS] = {"networks", "mynetworks", ATTRIBUTE_CLIENT_ADDRESS},
    [LIST_DOMAINS] = {"domains", "relay_domains", ATTRIBUTE_HELO_NAME},
    [LIST_ADDRESSES] = {"addresses", "addresses", ATTRIBUTE_SENDER},
    [LIST_STRINGS] = {"strings", "strings", ATTRIBUTE_SASL_USERNAME},
};

/* The path of a file in memory that holds the items. */
static const char *write_file(Text items) {
    static int fd = -1;
    static char path[32];
    if (fd < 0) {
        fd = memfd_create("list", MFD_CLOEXEC);
        g_snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    FUZZ_ASSERT(ftruncate(fd, 0) == 0, "ftruncate");
    FUZZ_ASSERT(pwrite(fd, items.data, items.length, 0) == (ssize_t)items.length, "pwrite");
    return path;
}

static char *read_postconf(const char *parameter, gpointer data, GError **error) {
    const Text *items = data;
    gboolean parents = strcmp(parameter, "parent_domain_matches_subdomains") == 0;
    (void)error;
    return parents ? g_strdup("relay_domains") : g_strndup(items->data, items->length);
}

static Ruleset *compile(ListKind kind, const char *items, Text *value, Diagnostics *diagnostics) {
    const CompileHost host = {.read_postconf = read_postconf, .postconf = value, .detail = TRUE};
    g_autofree char *text =
        g_strdup_printf("accept open relay\n%s list = %s\npermit if %s in list\nreject\n",
                        kinds[kind].word, items, attribute_info(kinds[kind].attribute)->name);
    return compile_text("f", text_from_string(text), &host, diagnostics);
}

static const List *get_list(const Ruleset *ruleset) {
    return ruleset_rule(ruleset, 0)->condition->test.list;
}

/* The item, or what it stands for. */
static char *make_value(ListKind kind, Text item) {
    Network network;
    char address[ADDRESS_TEXT_SIZE];
    switch (kind) {
    case LIST_NETWORKS:
        FUZZ_ASSERT(network_parse(item, FALSE, &network, NULL)
                        || network_parse(item, TRUE, &network, NULL),
                    "%.*s", (int)item.length, item.data);
        address_print(&network.last, address);
        return g_strdup(address);
    case LIST_DOMAINS:
        return g_strdup_printf("%s%.*s", item.data[0] == '.' ? "x" : "", (int)item.length,
                               item.data);
    case LIST_ADDRESSES:
        return g_strdup_printf("%.*s%s", (int)item.length, item.data,
                               item.data[item.length - 1] == '@' ? "x.y" : "");
    case LIST_STRINGS:
        break;
    }
    return g_strndup(item.data, item.length);
}

static gboolean is_in_list(const List *list, Text value) {
    Address address;
    switch (list_kind(list)) {
    case LIST_NETWORKS:
        return address_parse(value, &address) && list_has_address(list, &address);
    case LIST_DOMAINS:
        return list_has_domain(list, value);
    case LIST_ADDRESSES:
        return list_has_mailbox(list, value);
    case LIST_STRINGS:
        break;
    }
    return list_has_string(list, value);
}

static void check_item(const Ruleset *ruleset, ListKind kind, Text item) {
    static Matcher *matcher;
    g_autofree char *value = make_value(kind, item);
    Request request = {0};
    request.values[kinds[kind].attribute] = text_from_string(value);
    if (!matcher) {
        matcher = matcher_new();
    }
    FUZZ_ASSERT(is_in_list(get_list(ruleset), text_from_string(value)), "%s", value);
    /* `unknown` is how Postfix says that it has no address and no name. */
    if (strcmp(value, "unknown") != 0) {
        FUZZ_ASSERT(match(matcher, ruleset, &request)->action == ACTION_PERMIT, "%s", value);
    }
}

/* Items of a rule file can hold neither what ends them there nor a comment. */
static gboolean is_writable(Text item) {
    for (size_t i = 0; i < item.length; i++) {
        if (strchr("\"\\", item.data[i])) {
            return FALSE;
        }
    }
    return TRUE;
}

/* The same items in quotes. */
static void check_written(const Ruleset *ruleset, ListKind kind) {
    const List *list = get_list(ruleset);
    g_autoptr(GString) items = g_string_new(NULL);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    for (guint i = 0; i < list_entry_count(list); i++) {
        Text item = list_entry(list, i).item;
        if (!is_writable(item)) {
            return;
        }
        g_string_append_printf(items, "%s\"%.*s\"", i > 0 ? ", " : "", (int)item.length, item.data);
    }
    if (items->len > 0) {
        g_autoptr(Ruleset) written = compile(kind, items->str, NULL, diagnostics);
        FUZZ_ASSERT(written, "%s", items->str);
        FUZZ_ASSERT(same_lists(list, get_list(written)), "%s", items->str);
    }
}

/* A word `/path` of a value is read as a file: none of this machine's is. */
static gboolean names_file(Text value) {
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] == '/' && (i == 0 || strchr(", \t\n", value.data[i - 1]))) {
            return TRUE;
        }
    }
    return FALSE;
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size) {
    Bytes bytes = bytes_make(data, size);
    guint head = bytes_take(&bytes);
    ListKind kind = (ListKind)(head % 4);
    gboolean postconf = head / 4 % 2 == 1;
    Text text = bytes_rest(&bytes);
    if (postconf && names_file(text)) {
        return -1;
    }
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autofree char *items = postconf ? g_strdup_printf("postconf %s", kinds[kind].parameter)
                                      : g_strdup_printf("file \"%s\"", write_file(text));
    g_autoptr(Ruleset) ruleset = compile(kind, items, &text, diagnostics);
    g_autofree char *faults = diagnostics_format(diagnostics);
    FUZZ_ASSERT(fuzz_is_showable(faults), "%s", faults);
    FUZZ_ASSERT((ruleset == NULL) == (diagnostics_count(diagnostics) > 0), "silent");
    if (ruleset) {
        const List *list = get_list(ruleset);
        for (guint i = 0; i < list_entry_count(list); i++) {
            check_item(ruleset, kind, list_entry(list, i).item);
        }
        if (!postconf) {
            check_written(ruleset, kind);
        }
    }
    return 0;
}
