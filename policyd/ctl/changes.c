/*
 * Changes: a hash table of groups. A change of a kind that was seen before allocates nothing, but
 * for its first examples.
 */
#include "ctl/changes.h"

#include <string.h>

#include "ctl/ctl_limit.h"
#include "ctl/words.h"

typedef struct {
    Text decision;
    Text rule;
    const Rule *now;
} Key;

typedef struct {
    Key key; /* owns its bytes */
    Change change;
} Group;

struct Changes {
    GHashTable *table; /* of Key, within the Group that it leads to */
    GPtrArray *groups; /* in the order in which they were found */
    guint64 total;
    guint64 ungrouped;
    size_t example_bytes;
};

static guint hash_text(Text text, guint hash) {
    for (size_t i = 0; i < text.length; i++) {
        hash = hash * 33 + (guchar)text.data[i];
    }
    return hash;
}

static guint hash_key(gconstpointer data) {
    const Key *key = data;
    return hash_text(key->rule, hash_text(key->decision, g_direct_hash(key->now)));
}

static gboolean equal_keys(gconstpointer a, gconstpointer b) {
    const Key *left = a;
    const Key *right = b;
    return left->now == right->now && text_equal(left->decision, right->decision)
           && text_equal(left->rule, right->rule);
}

static Text copy_text(Text text) {
    return text_make(g_memdup2(text.data, text.length), text.length);
}

static void free_text(Text text) {
    g_free((gpointer)(guintptr)text.data);
}

static void group_free(gpointer data) {
    Group *group = data;
    for (guint i = 0; i < group->change.example_count; i++) {
        g_free(group->change.examples[i].words);
    }
    g_free(group->change.decision);
    g_free(group->change.rule);
    free_text(group->key.decision);
    free_text(group->key.rule);
    g_free(group);
}

Changes *changes_new(void) {
    Changes *changes = g_new0(Changes, 1);
    changes->table = g_hash_table_new(hash_key, equal_keys);
    changes->groups = g_ptr_array_new_with_free_func(group_free);
    return changes;
}

void changes_free(Changes *changes) {
    if (changes) {
        g_hash_table_unref(changes->table);
        g_ptr_array_unref(changes->groups);
        g_free(changes);
    }
}

static char *make_printable(Text text) {
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.data[i];
        g_string_append_printf(out, g_ascii_isprint(byte) ? "%c" : "\\x%02x", (guint)(guchar)byte);
    }
    return g_string_free(out, FALSE);
}

static Group *add_group(Changes *changes, const Key *key) {
    Group *group = g_new0(Group, 1);
    group->key = (Key){copy_text(key->decision), copy_text(key->rule), key->now};
    group->change.decision = make_printable(key->decision);
    group->change.rule = make_printable(key->rule);
    group->change.now = key->now;
    g_ptr_array_add(changes->groups, group);
    g_hash_table_add(changes->table, &group->key);
    return group;
}

static void add_example(Changes *changes, Change *change, const Request *request, guint64 line) {
    if (change->example_count == CHANGE_EXAMPLES
        || changes->example_bytes >= LIMIT_REPLAY_EXAMPLES) {
        return;
    }
    ChangeExample *example = &change->examples[change->example_count++];
    example->line = line;
    example->words = words_from_request(request);
    changes->example_bytes += example->words ? strlen(example->words) : 0;
}

void changes_add(Changes *changes, const AuditLine *logged, guint64 line, const Rule *now) {
    const Key key = {logged->decision, logged->rule, now};
    gpointer found = NULL;
    changes->total++;
    if (!g_hash_table_lookup_extended(changes->table, &key, &found, NULL)
        && changes->groups->len == LIMIT_REPLAY_CHANGES) {
        changes->ungrouped++;
        return;
    }
    Group *group = found ? found : add_group(changes, &key);
    group->change.count++;
    add_example(changes, &group->change, &logged->request, line);
}

guint64 changes_total(const Changes *changes) {
    return changes->total;
}

guint64 changes_ungrouped(const Changes *changes) {
    return changes->ungrouped;
}

static gint compare_counts(gconstpointer a, gconstpointer b) {
    const Change *left = *(Change *const *)a;
    const Change *right = *(Change *const *)b;
    return (left->count < right->count) - (left->count > right->count);
}

GPtrArray *changes_sorted(const Changes *changes) {
    GPtrArray *sorted = g_ptr_array_sized_new(changes->groups->len);
    for (guint i = 0; i < changes->groups->len; i++) {
        Group *group = g_ptr_array_index(changes->groups, i);
        g_ptr_array_add(sorted, &group->change);
    }
    /* GLib's sort is a stable merge sort. */
    g_ptr_array_sort(sorted, compare_counts);
    return sorted;
}
