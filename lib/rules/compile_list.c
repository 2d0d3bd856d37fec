/*
 * Compile list: the items of a list or of braces. Each wrong item is reported at its place, and
 * the others are still looked at.
 */
#include "limit.h"
#include "rules/compiler.h"
#include "rules/nearest.h"

/* Braces of up to so many items are kept once: each rule of a long file may say `== "RCPT"`, and a
 * value's class lists every test that holds for it. */
#define SHARED_ITEMS_MAX 16

static void report(Compiler *compiler, Span span, GError *error) {
    diagnostics_add(compiler->diagnostics, span, "%s", error->message);
    g_error_free(error);
}

/* The defined list that is nearest to a name that is none. */
static const char *find_nearest_list(const Compiler *compiler, const char *name) {
    g_autoptr(GPtrArray) lists = g_ptr_array_new();
    GHashTableIter iter;
    gpointer key;
    gpointer value;
    g_hash_table_iter_init(&iter, compiler->names);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        if (((const Name *)value)->list) {
            g_ptr_array_add(lists, key);
        }
    }
    g_ptr_array_add(lists, NULL);
    return nearest_find(text_from_string(name), (const char *const *)lists->pdata);
}

static void report_unknown(Compiler *compiler, const Item *item) {
    gboolean full = diagnostics_is_full(compiler->diagnostics);
    const char *nearest = full ? NULL : find_nearest_list(compiler, item->word.text);
    if (nearest) {
        diagnostics_add(compiler->diagnostics, item->word.span,
                        "unknown list '%s'; did you mean '%s'?", item->word.text, nearest);
    } else {
        diagnostics_add(compiler->diagnostics, item->word.span,
                        "unknown list '%s'; an item without '.', ':' or '@' is quoted",
                        item->word.text);
    }
}

/* A network or a domain that holds far more than one server's own, in a list that opens the relay
 * to it; NULL if it is narrow enough. */
static const char *find_breadth(const List *list, const char *name) {
    if (!list_is_broad(list)) {
        return NULL;
    }
    if (g_str_equal(name, "trusted")) {
        return "whoever is in a network wider than /8 (IPv6: /16) may not relay; list your own "
               "networks";
    }
    if (g_str_equal(name, "local")) {
        return "nobody's mail server is the one for a whole top-level domain; list your own "
               "domains";
    }
    return NULL;
}

/* Only when a list has become broad is each word that may have made it so looked at by itself. */
static void check_breadth(Compiler *compiler, const List *list, const List *added, Span span) {
    const char *name = list_name(list);
    const char *fault = name && !compiler->accepts_open_relay ? find_breadth(list, name) : NULL;
    if (fault && find_breadth(added, name)) {
        diagnostics_add(compiler->diagnostics, span, "%.*s in '%s': %s, or say 'accept open relay'",
                        (int)MIN(span.length, LIMIT_EXCERPT), span.source->text.data + span.offset,
                        name, fault);
    }
}

void compile_note_entry(Compiler *compiler, List *list, Span span, const ListEntry *entry) {
    list_note_entry(list, entry);
    if (list_name(list) && find_breadth(list, list_name(list))) {
        List *alone = list_new(list_kind(list), NULL);
        if (!list_add(alone, entry->item, LIST_ITEM_WRITTEN, NULL)) {
            list_add(alone, entry->item, LIST_ITEM_POSTCONF, NULL);
        }
        check_breadth(compiler, list, alone, span);
        list_free(alone);
    }
}

static void include_list(Compiler *compiler, List *list, const Item *item) {
    GError *error = NULL;
    const Name *name = compile_use(compiler, item->word.text);
    if (name && name->broken) {
        return;
    }
    if (!name) {
        report_unknown(compiler, item);
    } else if (!name->list) {
        diagnostics_add(compiler->diagnostics, item->word.span, "'%s' is a condition, not a list",
                        item->word.text);
    } else if (list_kind(name->list) != list_kind(list)) {
        diagnostics_add(compiler->diagnostics, item->word.span,
                        "list '%s' holds %s; %s are wanted here", item->word.text,
                        list_kind_name(list_kind(name->list)), list_kind_name(list_kind(list)));
    } else if (!list_include(list, name->list, &error)) {
        report(compiler, item->word.span, error);
    } else {
        check_breadth(compiler, list, name->list, item->word.span);
    }
}

static void add_item(Compiler *compiler, List *list, const Item *item) {
    GError *error = NULL;
    switch (item->kind) {
    case ITEM_LIST:
        include_list(compiler, list, item);
        return;
    case ITEM_FILE:
        compile_file_item(compiler, list, item);
        return;
    case ITEM_POSTCONF:
        compile_postconf_item(compiler, list, item);
        return;
    case ITEM_BARE:
        if (list_kind(list) == LIST_STRINGS) {
            diagnostics_add(compiler->diagnostics, item->word.span, "a string is quoted: \"%s\"",
                            item->word.text);
            return;
        }
        break;
    case ITEM_STRING:
        break;
    }
    ListEntry entry = {
        .item = text_from_string(item->word.text),
        .source = ruleset_files(compiler->ruleset)[0],
        .line = compile_line(compiler, item->word.span.offset),
    };
    if (!list_add(list, entry.item, LIST_ITEM_WRITTEN, &error)) {
        report(compiler, item->word.span, error);
        return;
    }
    compile_note_entry(compiler, list, item->word.span, &entry);
}

/* What makes braces the same as others: their kind and their words. NULL if they read something, or
 * are so long that a second one like them is unlikely; the caller frees it. */
static char *find_key(ListKind kind, const GArray *items) {
    g_autoptr(GString) key = g_string_new(NULL);
    if (items->len > SHARED_ITEMS_MAX) {
        return NULL;
    }
    g_string_append_c(key, (char)('0' + kind));
    for (guint i = 0; i < items->len; i++) {
        const Item *item = &g_array_index(items, Item, i);
        gboolean quoted = item->kind == ITEM_STRING;
        if (item->kind == ITEM_FILE || item->kind == ITEM_POSTCONF) {
            return NULL;
        }
        /* No word holds a newline. */
        g_string_append_printf(key, "%c%s\n",
                               quoted                    ? '"'
                               : item->kind == ITEM_LIST ? '='
                                                         : ' ',
                               item->word.text);
    }
    return g_string_free(g_steal_pointer(&key), FALSE);
}

/* Whose networks are all narrow enough, but too many. */
static void check_vastness(Compiler *compiler, const List *list, const GArray *items) {
    gboolean trusted = g_strcmp0(list_name(list), "trusted") == 0;
    if (trusted && list_is_vast(list) && !compiler->accepts_open_relay) {
        diagnostics_add(
            compiler->diagnostics, g_array_index(items, Item, 0).word.span,
            "'trusted' holds as many addresses as %u networks of /8 (IPv6: /16): whoever "
            "is in them may not relay; list your own networks, or say 'accept open relay'",
            LIST_BROAD_COUNT);
    }
}

static const List *make_list(Compiler *compiler, ListKind kind, const char *name,
                             const GArray *items) {
    List *list = list_new(kind, name);
    if (compiler->host->detail) {
        list_keep_entries(list);
    }
    for (guint i = 0; i < items->len; i++) {
        add_item(compiler, list, &g_array_index(items, Item, i));
    }
    gboolean told = list_is_broad(list);
    list_seal(list);
    if (!told) {
        check_vastness(compiler, list, items);
    }
    return ruleset_add_list(compiler->ruleset, list);
}

const List *compile_list(Compiler *compiler, ListKind kind, const char *name, const GArray *items) {
    g_autofree char *key = name ? NULL : find_key(kind, items);
    const List *known = key ? g_hash_table_lookup(compiler->braces, key) : NULL;
    guint errors = diagnostics_count(compiler->diagnostics);
    if (known) {
        return known;
    }
    const List *list = make_list(compiler, kind, name, items);
    if (key && diagnostics_count(compiler->diagnostics) == errors) {
        g_hash_table_insert(compiler->braces, g_steal_pointer(&key), (gpointer)(guintptr)list);
    }
    return list;
}
