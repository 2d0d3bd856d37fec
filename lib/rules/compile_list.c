/*
 * Compile list: the items of a list or of braces. Each wrong item is reported at its place, and
 * the others are still looked at.
 */
#include "rules/compiler.h"
#include "rules/nearest.h"

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

static void include_list(Compiler *compiler, List *list, const Item *item) {
    GError *error = NULL;
    const Name *name = g_hash_table_lookup(compiler->names, item->word.text);
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
    if (!list_add(list, text_from_string(item->word.text), LIST_ITEM_WRITTEN, &error)) {
        report(compiler, item->word.span, error);
    }
}

const List *compile_list(Compiler *compiler, ListKind kind, const char *name, const GArray *items) {
    List *list = list_new(kind, name);
    for (guint i = 0; i < items->len; i++) {
        add_item(compiler, list, &g_array_index(items, Item, i));
    }
    list_seal(list);
    return ruleset_add_list(compiler->ruleset, list);
}
