/*
 * Process: the CPU clock of clock_getcpuclockid(3) counts up to the instant, where the files in
 * /proc count up to the last tick; memory and state are read from proc(5).
 */
#include "process.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

gint64 process_cpu(pid_t pid) {
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) {
        return -1;
    }
    return used.tv_sec * G_GINT64_CONSTANT(1000000000) + used.tv_nsec;
}

/* The number of kilobytes behind a line's name, in bytes. */
static gint64 read_kilobytes(pid_t pid, const char *file, const char *name) {
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, file);
    g_autofree char *text = NULL;
    const char *line;
    if (!g_file_get_contents(path, &text, NULL, NULL) || !(line = strstr(text, name))) {
        return -1;
    }
    return g_ascii_strtoll(line + strlen(name), NULL, 10) * 1024;
}

gint64 process_resident(pid_t pid) {
    return read_kilobytes(pid, "smaps_rollup", "\nRss:");
}

gint64 process_peak(pid_t pid) {
    return read_kilobytes(pid, "status", "\nVmHWM:");
}

void process_forget_peak(void) {
    FILE *file = fopen("/proc/self/clear_refs", "we");
    if (file) {
        fputs("5", file);
        fclose(file);
    }
}

static gint compare_numbers(gconstpointer a, gconstpointer b) {
    gint64 left = *(const gint64 *)a;
    gint64 right = *(const gint64 *)b;
    return (left > right) - (left < right);
}

/* The numbers of its threads, ascending. */
static GArray *list_threads(const char *folder) {
    g_autoptr(GDir) threads = g_dir_open(folder, 0, NULL);
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(gint64));
    const char *name;
    while (threads && (name = g_dir_read_name(threads))) {
        gint64 number = g_ascii_strtoll(name, NULL, 10);
        g_array_append_val(numbers, number);
    }
    g_array_sort(numbers, compare_numbers);
    return numbers;
}

static char *read_thread_file(const char *folder, gint64 thread, const char *name) {
    g_autofree char *path = g_strdup_printf("%s/%" G_GINT64_FORMAT "/%s", folder, thread, name);
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("");
}

GArray *process_thread_cpus(pid_t pid) {
    g_autofree char *folder = g_strdup_printf("/proc/%d/task", (int)pid);
    GArray *cpus = list_threads(folder);
    for (guint i = 0; i < cpus->len; i++) {
        gint64 *number = &g_array_index(cpus, gint64, i);
        g_autofree char *text = read_thread_file(folder, *number, "schedstat");
        *number = g_ascii_strtoll(text, NULL, 10);
    }
    return cpus;
}

/* The state stands behind the name in parentheses, which may hold anything. */
gboolean process_is_stopped(pid_t pid) {
    g_autofree char *folder = g_strdup_printf("/proc/%d/task", (int)pid);
    g_autoptr(GArray) threads = list_threads(folder);
    gboolean stopped = threads->len > 0;
    for (guint i = 0; stopped && i < threads->len; i++) {
        g_autofree char *text = read_thread_file(folder, g_array_index(threads, gint64, i), "stat");
        const char *end = strrchr(text, ')');
        stopped = end && g_str_has_prefix(end, ") T");
    }
    return stopped;
}
