/*
 * Progress: how far an analysis is, on a terminal, once it has taken over two seconds; and its end
 * by Ctrl-C. One analysis at a time.
 */
#ifndef POLICYD_CTL_PROGRESS_H
#define POLICYD_CTL_PROGRESS_H

#include "analysis/space.h"

/* From here to progress_end() an interrupt stops the analysis that has this host, not the program;
 * a second one does that. The host is valid until then. */
const AnalysisHost *progress_begin(guint32 budget);

/* What --budget says, as a budget: no number is too large or too small. */
guint32 progress_budget(gint64 nodes);

/* Wipes what was shown. TRUE if there was an interrupt. */
gboolean progress_end(void);

#endif
