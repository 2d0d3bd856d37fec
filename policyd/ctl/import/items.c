/*
 * Items: each pattern is tried as an item of its kind. What is none is noted and left out, and what
 * stands behind an exclusion too, as that may take from it.
 */
#include "ctl/import/items.h"

#include <string.h>

#include "ctl/import/note.h"
#include "fail.h"
#include "limit.h"
#include "rules/list.h"
#include "rules/network.h"
#include "rules/source.h"

#define SEPARATORS ", \t\r\n"

/* Files that name files; Postfix sets no bound. */
#define FILES_DEEP 4

typedef struct Reader Reader;

/* Takes a pattern that is neither an exclusion nor a file. FALSE if a list file with this word
 * would mean something else. */
typedef gboolean (*Taker)(Reader *reader, const char *word);

struct Reader {
    Items *items;
    const char *parameter;
    GPtrArray *notes;
    Taker take;
    List *seen;        /* of networks: all of them, of files too; else NULL */
    GHashTable *files; /* set of the paths that were read: each once, as a file may name itself */
    const char *left;  /* what becomes of a pattern that is not in the list */
    gboolean children;
    gboolean stopped; /* at an exclusion */
    int depth;
};

static Items *items_new(void) {
    Items *items = g_new0(Items, 1);
    items->texts = g_ptr_array_new_with_free_func(g_free);
    items->known = g_hash_table_new(g_str_hash, g_str_equal);
    return items;
}

void items_free(Items *items) {
    if (items) {
        g_hash_table_unref(items->known);
        g_ptr_array_unref(items->texts);
        g_free(items);
    }
}

static void add_text(Items *items, const char *text) {
    if (!g_hash_table_contains(items->known, text)) {
        char *copy = g_strdup(text);
        g_ptr_array_add(items->texts, copy);
        g_hash_table_add(items->known, copy);
    }
}

/* A pattern that Postfix may match and the list does not. */
static gboolean leave(Reader *reader, const char *word, const char *why) {
    note_add(reader->notes, "%s: '%s' is not in the file%s: %s", reader->parameter, word,
             reader->left, why);
    reader->items->partial = TRUE;
    reader->items->fixed = TRUE;
    return FALSE;
}

static gboolean is_table(const char *word) {
    return word[0] != '[' && strchr(word, ':') != NULL;
}

/* The shortest prefix that `trusted` may hold, see list_is_broad(): a wider network is left out for
 * good, as what lies in it is not the administrator's. */
static guint widest_prefix(const Network *network) {
    return network->first.family == ADDRESS_IPV4 ? LIST_BROAD_IPV4 : LIST_BROAD_IPV6;
}

/* Taker */
static gboolean take_network(Reader *reader, const char *word) {
    Network network;
    g_autoptr(GError) error = NULL;
    if (is_table(word)) {
        return leave(reader, word, "it is a lookup table");
    }
    if (!network_parse(text_from_string(word), TRUE, &network, &error)) {
        return leave(reader, word, error->message);
    }
    if (network.prefix < widest_prefix(&network)) {
        note_add(reader->notes,
                 "%s: '%s' is not in the file, which is stricter: a network wider than /%u makes "
                 "an open relay of the server",
                 reader->parameter, word, widest_prefix(&network));
        reader->items->fixed = TRUE;
        return FALSE;
    }
    g_autofree char *text = network_format(&network);
    list_add(reader->seen, text_from_string(text), LIST_ITEM_WRITTEN, NULL);
    add_text(reader->items, text);
    return word[0] != '[';
}

static void add_domain(Items *items, const char *domain) {
    g_autofree char *folded = g_ascii_strdown(domain, -1);
    g_autofree char *quoted = g_strdup_printf("\"%s\"", folded);
    add_text(items, strchr(folded, '.') || folded[0] == '[' ? folded : quoted);
}

/* Why it is no domain of a list; NULL if it is. The caller frees it. */
static char *find_fault(const char *word) {
    g_autoptr(GError) error = NULL;
    g_autoptr(List) list = list_new(LIST_DOMAINS, NULL);
    if (!list_add(list, text_from_string(word), LIST_ITEM_WRITTEN, &error)) {
        return g_strdup(error->message);
    }
    return list_is_broad(list) ? g_strdup("a whole top-level domain is more than anybody's own")
                               : NULL;
}

/* mydestination and virtual_*_domains are compared whole, and relay_domains with `.domain` only
 * where a domain alone doesn't stand for those under it. */
static gboolean ignores_leading_dot(const Reader *reader) {
    return reader->children || !g_str_equal(reader->parameter, "relay_domains");
}

static void add_children(Reader *reader, const char *word) {
    g_autofree char *children = g_strconcat(".", word, NULL);
    g_autofree char *fault = find_fault(children);
    if (fault) {
        leave(reader, children, fault);
    } else {
        add_domain(reader->items, children);
    }
}

/* Taker */
static gboolean take_domain(Reader *reader, const char *word) {
    if (is_table(word)) {
        return leave(reader, word, "it is a lookup table");
    }
    if (word[0] == '.' && ignores_leading_dot(reader)) {
        return leave(reader, word, "Postfix matches no domain with a leading dot here");
    }
    g_autofree char *fault = find_fault(word);
    if (fault) {
        return leave(reader, word, fault);
    }
    add_domain(reader->items, word);
    if (reader->children && word[0] != '[') {
        add_children(reader, word);
        return FALSE;
    }
    return TRUE;
}

static gboolean read_patterns(Reader *reader, const char *text);

/* TRUE if it may stand in a rule file or a list file. */
static gboolean is_clean(const Source *source) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    return source_check(source, diagnostics);
}

static gboolean is_clean_text(const char *text) {
    g_autoptr(Source) source = source_new("", text_from_string(text));
    return is_clean(source);
}

/* Its lines, but those that begin with `#`. *clean: a rule file may name it. */
static char *read_lines(const char *path, gboolean *clean, GError **error) {
    g_autoptr(Source) source = source_read(path, path, LIMIT_LIST_FILE, error);
    if (!source) {
        return NULL;
    }
    if (text_find(source->text, '\0') >= 0) {
        fail_with(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "it holds a NUL byte");
        return NULL;
    }
    *clean = is_clean(source);
    g_autofree char *text = g_strndup(source->text.data, source->text.length);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GString *kept = g_string_new(NULL);
    for (char **line = lines; *line; line++) {
        if (**line != '#') {
            g_string_append_printf(kept, "%s\n", *line);
        }
    }
    return g_string_free(kept, FALSE);
}

static void add_file(Items *items, const char *path) {
    GString *escaped = g_string_new(path);
    g_string_replace(escaped, "\\", "\\\\", 0);
    g_string_replace(escaped, "\"", "\\\"", 0);
    g_autofree char *text = g_strdup_printf("file \"%s\"", escaped->str);
    g_string_free(escaped, TRUE);
    add_text(items, text);
}

/* Reads the file aside: where all of its items mean the same in a list file, its name is enough. */
static gboolean take_file(Reader *reader, const char *path) {
    g_autoptr(GError) error = NULL;
    gboolean clean = FALSE;
    reader->items->fixed = reader->items->fixed || reader->depth > 0;
    if (g_hash_table_contains(reader->files, path)) {
        return FALSE;
    }
    g_autofree char *text = reader->depth < FILES_DEEP ? read_lines(path, &clean, &error) : NULL;
    if (!text) {
        return leave(reader, path, error ? error->message : "too many files name one another");
    }
    g_hash_table_add(reader->files, g_strdup(path));
    g_autoptr(Items) aside = items_new();
    Reader inner = *reader;
    inner.items = aside;
    inner.depth++;
    gboolean same = read_patterns(&inner, text) && clean && !strchr(text, ',');
    if (same && aside->texts->len > 0) {
        add_file(reader->items, path);
    }
    for (guint i = 0; !same && i < aside->texts->len; i++) {
        add_text(reader->items, g_ptr_array_index(aside->texts, i));
    }
    reader->stopped = inner.stopped;
    reader->items->partial = reader->items->partial || aside->partial;
    reader->items->fixed = reader->items->fixed || aside->fixed;
    return FALSE;
}

/* FALSE as a Taker. */
static gboolean take_pattern(Reader *reader, const char *word) {
    if (reader->stopped) {
        return leave(reader, word, "it stands behind an exclusion");
    }
    if (word[0] == '!') {
        reader->stopped = TRUE;
        return leave(reader, word, "it is an exclusion");
    }
    if (!is_clean_text(word)) {
        return leave(reader, word, "it is not UTF-8, or holds a control character");
    }
    return word[0] == '/' ? take_file(reader, word) : reader->take(reader, word);
}

/* Behind a pattern that begins with `#` Postfix reads no further in a value or a line. */
static gboolean read_line(Reader *reader, const char *line) {
    g_auto(GStrv) words = g_strsplit_set(line, SEPARATORS, -1);
    gboolean same = TRUE;
    for (char **word = words; *word; word++) {
        if (**word == '#') {
            reader->items->fixed = TRUE;
            return FALSE;
        }
        same = (**word == '\0' || take_pattern(reader, *word)) && same;
    }
    return same;
}

static gboolean read_patterns(Reader *reader, const char *text) {
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    gboolean same = TRUE;
    for (char **line = lines; *line; line++) {
        same = read_line(reader, *line) && same;
    }
    return same;
}

static Items *read_value(Reader *reader, const char *value) {
    g_autoptr(GHashTable) files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Items *items = items_new();
    reader->files = files;
    reader->items = items;
    read_patterns(reader, value);
    items->fixed = items->fixed || !is_clean_text(value);
    return items;
}

/* As `trusted` may not hold them, see list_is_vast(). */
static void leave_all(const Reader *reader) {
    note_add(reader->notes,
             "%s: its networks are not in the file, which is stricter: as many addresses as %u "
             "networks of /%u make an open relay of the server",
             reader->parameter, LIST_BROAD_COUNT, LIST_BROAD_IPV4);
    g_hash_table_remove_all(reader->items->known);
    g_ptr_array_set_size(reader->items->texts, 0);
    reader->items->fixed = TRUE;
}

Items *items_from_networks(const char *parameter, const char *value, GPtrArray *notes) {
    List *seen = list_new(LIST_NETWORKS, NULL);
    Reader reader = {
        .parameter = parameter, .notes = notes, .take = take_network, .seen = seen, .left = ""};
    Items *items = read_value(&reader, value);
    list_seal(seen);
    if (list_is_vast(seen)) {
        leave_all(&reader);
    }
    list_free(seen);
    return items;
}

Items *items_from_domains(const char *parameter, const char *value, gboolean children,
                          GPtrArray *notes) {
    Reader reader = {
        .parameter = parameter,
        .notes = notes,
        .take = take_domain,
        .left = ", so Postfix is asked about it (reject_unauth_destination)",
        .children = children,
    };
    return read_value(&reader, value);
}

static gboolean is_loopback(const char *word) {
    static const char *const words[] = {"all", "localhost", "loopback-only", NULL};
    return g_strv_contains(words, word);
}

static void add_literal(Items *items, const char *word) {
    Network network;
    if (!network_parse(text_from_string(word), TRUE, &network, NULL)) {
        return;
    }
    g_autofree char *address = network_format(&network);
    gboolean v6 = network.first.family == ADDRESS_IPV6;
    g_autofree char *text = g_strdup_printf("[%s%s]", v6 ? "IPv6:" : "", address);
    if (!strchr(address, '/')) {
        add_text(items, text);
    }
}

Items *items_from_interfaces(const char *value, const char *protocols) {
    Items *items = items_new();
    gboolean v4 = strstr(protocols, "all") || strstr(protocols, "ipv4");
    g_auto(GStrv) words = g_strsplit_set(value, SEPARATORS, -1);
    for (char **word = words; *word; word++) {
        if (is_loopback(*word) && v4) {
            add_text(items, "[127.0.0.1]");
        } else if (**word != '\0') {
            add_literal(items, *word);
        }
    }
    return items;
}
