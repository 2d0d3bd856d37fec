/*
 * IntervalMap: each interval gives two events; a sweep over them in order keeps the list of tests
 * that hold, and starts a segment wherever that list becomes another atom.
 */
#include "rules/interval_map.h"

#include <string.h>

typedef struct {
    IntervalKey at;
    guint32 test;
    gboolean ends;
} Event;

/* An event of a map of 32 bits, by which there may be millions: at, test, ends, from the top. */
typedef guint64 PackedEvent;

typedef struct {
    IntervalKey start;
    Atom atom;
} Segment;

/* Segments of keys below 2^32; the front table says where those of each upper half begin. */
typedef struct {
    guint32 start;
    Atom atom;
} ShortSegment;

#define FRONT_SIZE 65536

/* Up to so many segments a search by halves reads fewer cache lines than the front table would. */
#define FRONT_WORTHWHILE 64

struct IntervalMap {
    IntervalKey maximum;
    gboolean is_short;
    GArray *events;
    GArray *segments;
    ShortSegment *short_segments;
    guint short_count;
    guint32 *front; /* NULL where it isn't worthwhile */
};

IntervalMap *interval_map_new(guint bits) {
    IntervalMap *map = g_new0(IntervalMap, 1);
    map->maximum = ~(IntervalKey)0 >> (128 - bits);
    map->is_short = bits == 32;
    map->events = g_array_new(FALSE, FALSE, map->is_short ? sizeof(PackedEvent) : sizeof(Event));
    map->segments = g_array_new(FALSE, FALSE, sizeof(Segment));
    return map;
}

void interval_map_free(IntervalMap *map) {
    if (map) {
        g_clear_pointer(&map->events, g_array_unref);
        g_clear_pointer(&map->segments, g_array_unref);
        g_free(map->short_segments);
        g_free(map->front);
        g_free(map);
    }
}

static void add_event(IntervalMap *map, Event event) {
    if (map->is_short) {
        PackedEvent packed =
            (guint64)event.at << 32 | (guint64)event.test << 1 | (event.ends ? 1 : 0);
        g_array_append_val(map->events, packed);
    } else {
        g_array_append_val(map->events, event);
    }
}

static Event get_event(const IntervalMap *map, guint index) {
    if (!map->is_short) {
        return g_array_index(map->events, Event, index);
    }
    PackedEvent packed = g_array_index(map->events, PackedEvent, index);
    return (Event){.at = packed >> 32, .test = (guint32)packed >> 1, .ends = packed & 1};
}

void interval_map_add(IntervalMap *map, IntervalKey first, IntervalKey last, guint32 test) {
    add_event(map, (Event){.at = first, .test = test});
    if (last < map->maximum) {
        add_event(map, (Event){.at = last + 1, .test = test, .ends = TRUE});
    }
}

static gint compare_events(gconstpointer a, gconstpointer b) {
    IntervalKey left = ((const Event *)a)->at;
    IntervalKey right = ((const Event *)b)->at;
    return (left > right) - (left < right);
}

static gint compare_packed_events(gconstpointer a, gconstpointer b) {
    PackedEvent left = *(const PackedEvent *)a;
    PackedEvent right = *(const PackedEvent *)b;
    return (left > right) - (left < right);
}

/* Puts a test into the ascending list, or takes it out. */
static void apply(GArray *active, const Event *event) {
    guint at = 0;
    while (at < active->len && g_array_index(active, guint32, at) < event->test) {
        at++;
    }
    if (event->ends) {
        g_array_remove_index(active, at);
    } else {
        g_array_insert_val(active, at, event->test);
    }
}

static void add_segment(IntervalMap *map, IntervalKey start, Atom atom) {
    Segment segment = {.start = start, .atom = atom};
    guint count = map->segments->len;
    if (count == 0 || g_array_index(map->segments, Segment, count - 1).atom != atom) {
        g_array_append_val(map->segments, segment);
    }
}

/* At one key, ends go before starts: a test whose intervals touch is then never listed twice. */
static void apply_all(const IntervalMap *map, GArray *active, guint first, guint end) {
    for (int starts = 0; starts < 2; starts++) {
        for (guint i = first; i < end; i++) {
            Event event = get_event(map, i);
            if (event.ends != starts) {
                apply(active, &event);
            }
        }
    }
}

static void sweep(IntervalMap *map, SignatureTable *signatures) {
    g_autoptr(GArray) active = g_array_new(FALSE, FALSE, sizeof(guint32));
    guint count = map->events->len;
    add_segment(map, 0, ATOM_REST);
    for (guint i = 0; i < count;) {
        IntervalKey at = get_event(map, i).at;
        guint next = i + 1;
        while (next < count && get_event(map, next).at == at) {
            next++;
        }
        apply_all(map, active, i, next);
        const guint32 *tests = (const guint32 *)(gpointer)active->data;
        add_segment(map, at, signature_intern(signatures, tests, active->len));
        i = next;
    }
}

/* The first segment covers 0 even where an event replaced it at once. */
static void drop_shadowed_first(IntervalMap *map) {
    if (map->segments->len > 1 && g_array_index(map->segments, Segment, 1).start == 0) {
        g_array_remove_index(map->segments, 0);
    }
}

static void build_front(IntervalMap *map) {
    guint segment = 0;
    map->front = g_new(guint32, FRONT_SIZE + 1);
    for (guint32 upper = 0; upper < FRONT_SIZE; upper++) {
        while (segment + 1 < map->short_count
               && map->short_segments[segment + 1].start <= upper << 16) {
            segment++;
        }
        map->front[upper] = segment;
    }
    map->front[FRONT_SIZE] = map->short_count - 1;
}

static void shorten(IntervalMap *map) {
    map->short_count = map->segments->len;
    map->short_segments = g_new(ShortSegment, map->short_count);
    for (guint i = 0; i < map->short_count; i++) {
        const Segment *segment = &g_array_index(map->segments, Segment, i);
        map->short_segments[i] = (ShortSegment){(guint32)segment->start, segment->atom};
    }
    g_clear_pointer(&map->segments, g_array_unref);
    if (map->short_count > FRONT_WORTHWHILE) {
        build_front(map);
    }
}

void interval_map_seal(IntervalMap *map, SignatureTable *signatures) {
    g_array_sort(map->events, map->is_short ? compare_packed_events : compare_events);
    sweep(map, signatures);
    g_clear_pointer(&map->events, g_array_unref);
    drop_shadowed_first(map);
    if (map->is_short) {
        shorten(map);
    }
}

Atom interval_map_find(const IntervalMap *map, IntervalKey key) {
    const Segment *segments = (const Segment *)(gpointer)map->segments->data;
    guint low = 0;
    guint high = map->segments->len;
    while (high - low > 1) {
        guint middle = low + (high - low) / 2;
        if (segments[middle].start <= key) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return segments[low].atom;
}

Atom interval_map_find32(const IntervalMap *map, guint32 key) {
    guint low = map->front ? map->front[key >> 16] : 0;
    guint high = map->front ? map->front[(key >> 16) + 1] + 1 : map->short_count;
    while (high - low > 1) {
        guint middle = low + (high - low) / 2;
        if (map->short_segments[middle].start <= key) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return map->short_segments[low].atom;
}

static Segment get_segment(const IntervalMap *map, guint index) {
    if (map->is_short) {
        return (Segment){map->short_segments[index].start, map->short_segments[index].atom};
    }
    return g_array_index(map->segments, Segment, index);
}

void interval_map_visit(const IntervalMap *map, IntervalVisitor visit, gpointer data) {
    guint count = map->is_short ? map->short_count : map->segments->len;
    for (guint i = 0; i < count; i++) {
        Segment segment = get_segment(map, i);
        IntervalKey last = i + 1 < count ? get_segment(map, i + 1).start - 1 : map->maximum;
        visit(segment.start, last, segment.atom, data);
    }
}
