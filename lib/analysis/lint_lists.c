/*
 * Lint lists: entries that add nothing to the list that they were written for, as another one of
 * it covers them. A list holds the entries of those that it includes too.
 */
#include <string.h>

#include "analysis/linter.h"

/* So many entries of one list are named, and the others counted: enough to see what is wrong. */
#define NAMED_MAX 5

/* Which list an entry was written for: the first to hold it. Lists are looked at in the file's
 * order, so an included one comes before its includer; statements don't share a line, and each
 * reading of a file has a name of its own. */
typedef struct {
    Linter *linter;
    GArray *lists;     /* of LintList */
    GHashTable *lines; /* line of the rule file to the list's number + 1 */
    GHashTable *reads; /* ListEntry.source to the same */
} Homes;

/* A list in braces of one entry has nothing to find and is included by none. */
static void add_braces(GArray *lists, const Test *test, Span span) {
    LintList braces = {.list = test->list, .span = span};
    if (!list_name(test->list) && list_entry_count(test->list) > 1) {
        g_array_append_val(lists, braces);
    }
}

static void collect(GArray *lists, const Expression *expression, Span span, GHashTable *seen) {
    if (expression->kind == EXPRESSION_TEST) {
        if (test_list(&expression->test)
            && g_hash_table_add(seen, (gpointer)(guintptr)expression->test.list)) {
            add_braces(lists, &expression->test, span);
        }
        return;
    }
    if (g_hash_table_add(seen, (gpointer)(guintptr)expression)) {
        for (guint i = 0; i < expression->count; i++) {
            collect(lists, expression->parts[i], span, seen);
        }
    }
}

/* The named ones in the file's order, then those in braces. */
static GArray *find_lists(const Linter *linter) {
    GArray *lists = g_array_new(FALSE, FALSE, sizeof(LintList));
    g_autoptr(GArray) roots = linter_roots(linter);
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < ruleset_definition_count(linter->ruleset); i++) {
        const Definition *definition = ruleset_definition(linter->ruleset, i);
        LintList list = {
            .list = definition->list,
            .definition = definition,
            .span = source_span(ruleset_source(linter->ruleset), definition->offset,
                                definition->length),
        };
        if (list.list) {
            g_array_append_val(lists, list);
        }
    }
    for (guint i = 0; i < roots->len; i++) {
        const LintRoot *root = &g_array_index(roots, LintRoot, i);
        collect(lists, root->condition, root->span, seen);
    }
    return lists;
}

/* The slot that says the entry's home, and its key there. */
static GHashTable *find_table(const Homes *homes, const ListEntry *entry, gpointer *key) {
    if (entry->source == ruleset_files(homes->linter->ruleset)[0]) {
        *key = GUINT_TO_POINTER(entry->line);
        return homes->lines;
    }
    *key = (gpointer)(guintptr)entry->source;
    return homes->reads;
}

static guint find_home(const Homes *homes, const ListEntry *entry) {
    gpointer key;
    GHashTable *table = find_table(homes, entry, &key);
    return GPOINTER_TO_UINT(g_hash_table_lookup(table, key)) - 1;
}

static void settle(const Homes *homes, guint number) {
    const List *list = g_array_index(homes->lists, LintList, number).list;
    ListEntry last = {.source = NULL};
    for (guint i = 0; i < list_entry_count(list); i++) {
        ListEntry entry = list_entry(list, i);
        gpointer key;
        if (entry.source == last.source && entry.line == last.line) {
            continue;
        }
        GHashTable *table = find_table(homes, &entry, &key);
        if ((table == homes->lines || entry.source != last.source)
            && !g_hash_table_contains(table, key)) {
            g_hash_table_insert(table, key, GUINT_TO_POINTER(number + 1));
        }
        last = entry;
    }
}

/* "'trusted'", or what it is called without a name; the caller frees it. */
static char *call_list(const LintList *list) {
    return list->definition ? g_strdup_printf("'%s'", list->definition->name)
                            : g_strdup("the braces");
}

/* TRUE if a file is read twice: then all its entries are there twice. */
static gboolean is_reread(const ListEntry *entry, const ListEntry *cover) {
    return entry->source != cover->source && entry->line == cover->line
           && g_str_equal(entry->source, cover->source) && text_equal(entry->item, cover->item);
}

static void warn_reread(const Homes *homes, guint number, const char *source) {
    const LintList *list = &g_array_index(homes->lists, LintList, number);
    g_autofree char *name = call_list(list);
    diagnostics_warn(homes->linter->warnings, LINT_COVERED, list->span,
                     "file '%s' is read into %s twice; name it once", source, name);
}

/* Keeps the entries that were written for this list: in another one that this one includes, an
 * entry may well mean something. Of two that are equal, that may be the other. */
static void keep_own(const Homes *homes, guint number, GArray *covered) {
    const List *list = g_array_index(homes->lists, LintList, number).list;
    const char *reread = NULL;
    guint kept = 0;
    for (guint i = 0; i < covered->len; i++) {
        LintCovered found = g_array_index(covered, LintCovered, i);
        ListEntry entry = list_entry(list, found.entry);
        ListEntry cover = list_entry(list, found.by);
        gboolean own = find_home(homes, &entry) == number;
        if (found.same && !own && find_home(homes, &cover) == number) {
            found = (LintCovered){found.by, found.entry, TRUE};
            own = TRUE;
        }
        if (own && found.same && is_reread(&entry, &cover)) {
            if (entry.source != reread) {
                warn_reread(homes, number, entry.source);
            }
            reread = entry.source;
        } else if (own) {
            g_array_index(covered, LintCovered, kept++) = found;
        }
    }
    g_array_set_size(covered, kept);
}

static gint compare_covered(gconstpointer a, gconstpointer b) {
    guint left = ((const LintCovered *)a)->entry;
    guint right = ((const LintCovered *)b)->entry;
    return (left > right) - (left < right);
}

static void warn_one(const Homes *homes, guint number, const LintCovered *found) {
    const LintList *list = &g_array_index(homes->lists, LintList, number);
    ListEntry entry = list_entry(list->list, found->entry);
    ListEntry cover = list_entry(list->list, found->by);
    g_autofree char *name = call_list(list);
    gboolean one_line = cover.source == entry.source && cover.line == entry.line;
    guint skip = one_line && text_equal(cover.item, entry.item) ? 1 : 0;
    if (found->same) {
        linter_warn_entry(homes->linter, LINT_COVERED, list, &entry, skip,
                          "'%.*s' is in %s already (%s:%u); take it out", (int)entry.item.length,
                          entry.item.data, name, cover.source, cover.line);
    } else {
        linter_warn_entry(homes->linter, LINT_COVERED, list, &entry, 0,
                          "'%.*s' adds nothing to %s: '%.*s' (%s:%u) covers it; take it out",
                          (int)entry.item.length, entry.item.data, name, (int)cover.item.length,
                          cover.item.data, cover.source, cover.line);
    }
}

/* "1234567" to "1,234,567"; the caller frees it. */
static char *write_count(guint count) {
    g_autofree char *digits = g_strdup_printf("%u", count);
    GString *out = g_string_new(NULL);
    for (size_t i = 0, left = strlen(digits); left > 0; i++, left--) {
        g_string_append(out, i > 0 && left % 3 == 0 ? "," : "");
        g_string_append_c(out, digits[i]);
    }
    return g_string_free(out, FALSE);
}

/* The rest in one, at the first of them. */
static void warn_rest(const Homes *homes, guint number, const LintCovered *first, guint count) {
    const LintList *list = &g_array_index(homes->lists, LintList, number);
    ListEntry entry = list_entry(list->list, first->entry);
    g_autofree char *name = call_list(list);
    g_autofree char *more = write_count(count - 1);
    linter_warn_entry(homes->linter, LINT_COVERED, list, &entry, 0,
                      "'%.*s' and %s more in %s add nothing either; take them out",
                      (int)entry.item.length, entry.item.data, more, name);
}

static void warn_covered(const Homes *homes, guint number, GArray *covered) {
    g_array_sort(covered, compare_covered);
    for (guint i = 0; i < covered->len; i++) {
        const LintCovered *found = &g_array_index(covered, LintCovered, i);
        if (!homes->linter->verbose && i == NAMED_MAX && covered->len > NAMED_MAX + 1) {
            warn_rest(homes, number, found, covered->len - i);
            return;
        }
        warn_one(homes, number, found);
    }
}

static void check_list(const Homes *homes, guint number) {
    const List *list = g_array_index(homes->lists, LintList, number).list;
    g_autoptr(GArray) covered = g_array_new(FALSE, FALSE, sizeof(LintCovered));
    settle(homes, number);
    if (list_kind(list) == LIST_NETWORKS || list_kind(list) == LIST_DOMAINS) {
        linter_find_networks(list, covered);
    }
    if (list_kind(list) != LIST_NETWORKS) {
        linter_find_texts(list, covered);
    }
    if (covered->len > 0) {
        keep_own(homes, number, covered);
        warn_covered(homes, number, covered);
    }
}

void linter_lists(Linter *linter) {
    g_autoptr(GArray) lists = find_lists(linter);
    g_autoptr(GHashTable) lines = g_hash_table_new(NULL, NULL);
    g_autoptr(GHashTable) reads = g_hash_table_new(NULL, NULL);
    const Homes homes = {linter, lists, lines, reads};
    for (guint i = 0; i < lists->len; i++) {
        check_list(&homes, i);
    }
}
