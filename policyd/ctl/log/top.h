/*
 * LogTop: the most frequent of any number of texts, in bounded memory: the Space-Saving algorithm
 * (Metwally, Agrawal and El Abbadi, 2005). As long as there are no more different texts than it
 * holds, it counts them exactly. Beyond that, a new text takes the place of the rarest, and its
 * count with it: a text that makes up more than 1 in `capacity` is held for certain, and no count
 * is too low.
 */
#ifndef POLICYD_CTL_LOG_TOP_H
#define POLICYD_CTL_LOG_TOP_H

#include "protocol/text.h"

typedef struct {
    Text text;     /* cut to LIMIT_LOG_KEY bytes */
    guint64 count; /* at least as often as it came */
    guint64 over;  /* and at most so much above it */
} LogTopEntry;

typedef struct LogTop LogTop;

/* Holds `capacity` texts, at least one. */
LogTop *log_top_new(guint capacity);
void log_top_free(LogTop *top);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LogTop, log_top_free)

/* Counts the text, of which it keeps a copy. */
void log_top_add(LogTop *top, Text text);

/* How many texts were added, and how many different ones it holds. */
guint64 log_top_total(const LogTop *top);
guint log_top_count(const LogTop *top);

/* TRUE if every count is exact and no text was dropped. */
gboolean log_top_is_exact(const LogTop *top);

/* What it holds, of LogTopEntry, the highest count first, else by the text's bytes; to be
 * unreferenced before the next log_top_add(). */
GPtrArray *log_top_sorted(const LogTop *top);

#endif
