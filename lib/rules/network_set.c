/*
 * NetworkSet: an array of ranges for each family, sorted, merged, and searched by halves.
 */
#include "rules/network_set.h"

#include <string.h>

typedef struct {
    guint8 first[16];
    guint8 last[16];
} Range;

struct NetworkSet {
    GArray *ranges[2]; /* by AddressFamily */
};

NetworkSet *network_set_new(void) {
    NetworkSet *set = g_new0(NetworkSet, 1);
    set->ranges[ADDRESS_IPV4] = g_array_new(FALSE, FALSE, sizeof(Range));
    set->ranges[ADDRESS_IPV6] = g_array_new(FALSE, FALSE, sizeof(Range));
    return set;
}

void network_set_free(NetworkSet *set) {
    if (set) {
        g_array_unref(set->ranges[ADDRESS_IPV4]);
        g_array_unref(set->ranges[ADDRESS_IPV6]);
        g_free(set);
    }
}

void network_set_add(NetworkSet *set, const Network *network) {
    Range range;
    memcpy(range.first, network->first.bytes, sizeof range.first);
    memcpy(range.last, network->last.bytes, sizeof range.last);
    g_array_append_val(set->ranges[network->first.family], range);
}

void network_set_include(NetworkSet *set, const NetworkSet *other) {
    for (int family = 0; family < 2; family++) {
        GArray *ranges = other->ranges[family];
        if (ranges->len > 0) {
            g_array_append_vals(set->ranges[family], ranges->data, ranges->len);
        }
    }
}

static gint compare_ranges(gconstpointer a, gconstpointer b) {
    return memcmp(((const Range *)a)->first, ((const Range *)b)->first, 16);
}

/* bytes + 1 as a big-endian number of `length` bytes; FALSE if there is none. */
static gboolean next_address(const guint8 bytes[16], size_t length, guint8 out[16]) {
    memcpy(out, bytes, 16);
    for (size_t i = length; i > 0; i--) {
        if (++out[i - 1] != 0) {
            return TRUE;
        }
    }
    return FALSE;
}

static void merge(GArray *ranges, size_t length) {
    guint kept = 0;
    g_array_sort(ranges, compare_ranges);
    for (guint i = 1; i < ranges->len; i++) {
        Range *last = &g_array_index(ranges, Range, kept);
        const Range *range = &g_array_index(ranges, Range, i);
        guint8 next[16];
        if (!next_address(last->last, length, next) || memcmp(range->first, next, 16) <= 0) {
            if (memcmp(range->last, last->last, 16) > 0) {
                memcpy(last->last, range->last, 16);
            }
        } else {
            g_array_index(ranges, Range, ++kept) = *range;
        }
    }
    g_array_set_size(ranges, ranges->len > 0 ? kept + 1 : 0);
}

void network_set_seal(NetworkSet *set) {
    merge(set->ranges[ADDRESS_IPV4], 4);
    merge(set->ranges[ADDRESS_IPV6], 16);
}

guint network_set_count(const NetworkSet *set, AddressFamily family) {
    return set->ranges[family]->len;
}

void network_set_get(const NetworkSet *set, AddressFamily family, guint index, Address *first,
                     Address *last) {
    const Range *range = &g_array_index(set->ranges[family], Range, index);
    first->family = family;
    last->family = family;
    memcpy(first->bytes, range->first, sizeof first->bytes);
    memcpy(last->bytes, range->last, sizeof last->bytes);
}

gboolean network_set_has(const NetworkSet *set, const Address *address) {
    const GArray *ranges = set->ranges[address->family];
    guint low = 0;
    guint high = ranges->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        const Range *range = &g_array_index(ranges, Range, middle);
        if (memcmp(address->bytes, range->first, 16) < 0) {
            high = middle;
        } else if (memcmp(address->bytes, range->last, 16) > 0) {
            low = middle + 1;
        } else {
            return TRUE;
        }
    }
    return FALSE;
}
