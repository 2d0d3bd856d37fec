/*
 * Process: what another process costs, all its threads together.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <glib.h>
#include <sys/types.h>

/* Nanoseconds of CPU that it has used, exact to now; -1 if there is no such process. */
gint64 process_cpu(pid_t pid);

/* Nanoseconds of CPU of each of its threads, of gint64, in the order of their numbers; exact for
 * those that sleep. The caller frees it; it is empty if there is no such process. */
GArray *process_thread_cpus(pid_t pid);

/* Bytes that it has resident, exactly (statm's number lags behind); -1 if they can't be read. */
gint64 process_resident(pid_t pid);

/* The most bytes that it had resident since its start, or since it called process_forget_peak(); -1
 * if they can't be read. */
gint64 process_peak(pid_t pid);
void process_forget_peak(void);

/* TRUE if every thread of it is stopped by a signal. */
gboolean process_is_stopped(pid_t pid);

#endif
