/*
 * LogTop: a hash table finds a text's counter, and a heap with the lowest count on top the one that
 * is to be replaced. Who writes the texts is a stranger, so the hash has a secret start. Nothing
 * fails.
 */
#include "ctl/log/top.h"

#include <string.h>

#include "ctl/ctl_limit.h"

typedef struct {
    LogTopEntry entry; /* owns its text, of which there is room for LIMIT_LOG_KEY bytes */
    guint hash;
    guint at; /* in the heap */
} Counter;

struct LogTop {
    guint64 secret;
    guint64 total;
    guint capacity;
    guint count;
    gboolean exact;
    Counter **heap;
    GHashTable *table; /* a set of Counter */
};

/* Eight bytes at a time, multiplied into twice their width and folded. */
static guint64 mix(guint64 a, guint64 b) {
    unsigned __int128 product = (unsigned __int128)a * b;
    return (guint64)product ^ (guint64)(product >> 64);
}

static guint hash_text(guint64 secret, Text text) {
    guint64 hash = secret ^ text.length;
    for (size_t i = 0; i < text.length; i += sizeof(guint64)) {
        guint64 word = 0;
        memcpy(&word, text.data + i, MIN(sizeof word, text.length - i));
        hash = mix(hash ^ word ^ G_GUINT64_CONSTANT(0xa0761d6478bd642f),
                   secret ^ G_GUINT64_CONSTANT(0xe7037ed1a0b428db));
    }
    hash = mix(hash, G_GUINT64_CONSTANT(0x8ebc6af09c88c6e3));
    return (guint)(hash ^ hash >> 32);
}

static guint get_hash(gconstpointer data) {
    return ((const Counter *)data)->hash;
}

static gboolean equal_texts(gconstpointer a, gconstpointer b) {
    return text_equal(((const Counter *)a)->entry.text, ((const Counter *)b)->entry.text);
}

LogTop *log_top_new(guint capacity) {
    LogTop *top = g_new0(LogTop, 1);
    top->secret = (guint64)g_random_int() << 32 | g_random_int();
    top->capacity = capacity;
    top->exact = TRUE;
    top->heap = g_new0(Counter *, capacity);
    top->table = g_hash_table_new(get_hash, equal_texts);
    return top;
}

static void counter_free(Counter *counter) {
    g_free((gpointer)(guintptr)counter->entry.text.data);
    g_free(counter);
}

void log_top_free(LogTop *top) {
    if (top) {
        g_hash_table_unref(top->table);
        for (guint i = 0; i < top->count; i++) {
            counter_free(top->heap[i]);
        }
        g_free(top->heap);
        g_free(top);
    }
}

static void put(LogTop *top, Counter *counter, guint at) {
    top->heap[at] = counter;
    counter->at = at;
}

/* The counter's count grew: those below that are lower go up. */
static void sink(LogTop *top, Counter *counter) {
    guint at = counter->at;
    for (;;) {
        guint child = at * 2 + 1;
        if (child + 1 < top->count
            && top->heap[child + 1]->entry.count < top->heap[child]->entry.count) {
            child++;
        }
        if (child >= top->count || top->heap[child]->entry.count >= counter->entry.count) {
            break;
        }
        put(top, top->heap[child], at);
        at = child;
    }
    put(top, counter, at);
}

/* The counter is new, with the lowest count there can be: those above that are higher go down. */
static void rise(LogTop *top, Counter *counter) {
    guint at = counter->at;
    while (at > 0 && top->heap[(at - 1) / 2]->entry.count > counter->entry.count) {
        put(top, top->heap[(at - 1) / 2], at);
        at = (at - 1) / 2;
    }
    put(top, counter, at);
}

/* A text takes the place of what the counter held. */
static void set_text(LogTop *top, Counter *counter, Text text, guint hash) {
    char *copy = g_malloc(MAX(text.length, 1));
    memcpy(copy, text.data, text.length);
    g_free((gpointer)(guintptr)counter->entry.text.data);
    counter->entry.text = text_make(copy, text.length);
    counter->hash = hash;
    g_hash_table_add(top->table, counter);
}

static void add_counter(LogTop *top, Text text, guint hash) {
    Counter *counter = g_new0(Counter, 1);
    set_text(top, counter, text, hash);
    counter->entry.count = 1;
    counter->at = top->count++;
    rise(top, counter);
}

static void replace_lowest(LogTop *top, Text text, guint hash) {
    Counter *counter = top->heap[0];
    g_hash_table_remove(top->table, counter);
    set_text(top, counter, text, hash);
    counter->entry.over = counter->entry.count++;
    top->exact = FALSE;
    sink(top, counter);
}

void log_top_add(LogTop *top, Text text) {
    text.length = MIN(text.length, LIMIT_LOG_KEY);
    guint hash = hash_text(top->secret, text);
    const Counter wanted = {.entry = {.text = text}, .hash = hash};
    Counter *known = g_hash_table_lookup(top->table, &wanted);
    top->total++;
    if (known) {
        known->entry.count++;
        sink(top, known);
    } else if (top->count < top->capacity) {
        add_counter(top, text, hash);
    } else {
        replace_lowest(top, text, hash);
    }
}

guint64 log_top_total(const LogTop *top) {
    return top->total;
}

guint log_top_count(const LogTop *top) {
    return top->count;
}

gboolean log_top_is_exact(const LogTop *top) {
    return top->exact;
}

static gint compare_entries(gconstpointer a, gconstpointer b) {
    const LogTopEntry *left = *(const LogTopEntry *const *)a;
    const LogTopEntry *right = *(const LogTopEntry *const *)b;
    size_t length = MIN(left->text.length, right->text.length);
    if (left->count != right->count) {
        return left->count < right->count ? 1 : -1;
    }
    int order = memcmp(left->text.data, right->text.data, length);
    return order != 0 ? order
                      : (left->text.length > right->text.length)
                            - (left->text.length < right->text.length);
}

GPtrArray *log_top_sorted(const LogTop *top) {
    GPtrArray *sorted = g_ptr_array_sized_new(top->count);
    for (guint i = 0; i < top->count; i++) {
        g_ptr_array_add(sorted, &top->heap[i]->entry);
    }
    g_ptr_array_sort(sorted, compare_entries);
    return sorted;
}
