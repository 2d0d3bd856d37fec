/*
 * Place: a folder with an audit file, and what tests of it share: numbered lines, a limit of a
 * file's size, which cuts a write short just as a full disk does, and what the log says.
 */
#ifndef UNIT_PLACE_H
#define UNIT_PLACE_H

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "unit/unit.h"

#define SECOND G_USEC_PER_SEC

typedef struct {
    char *folder;
    char *path;
    char *spec;
} Place;

static inline Place place_make(void) {
    char *folder = g_dir_make_tmp("sink-XXXXXX", NULL);
    char *path = g_build_filename(folder, "audit", NULL);
    return (Place){folder, path, g_strconcat("file:", path, NULL)};
}

static inline void place_clear(Place *place) {
    g_unlink(place->path);
    g_rmdir(place->folder);
    g_free(place->folder);
    g_free(place->path);
    g_free(place->spec);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

/* Lines `from` to `to`, each of LINE_LENGTH bytes. */
#define LINE_LENGTH 50

static inline char *place_lines(guint from, guint to) {
    GString *lines = g_string_new(NULL);
    for (guint i = from; i <= to; i++) {
        g_string_append_printf(lines, "time=\"2026-11-22T17:31:41.%03u+01:00\" n=\"%08u\"\n",
                               i % 1000, i);
    }
    ck_assert_uint_eq(lines->len, (gsize)LINE_LENGTH * (to - from + 1));
    return g_string_free(lines, FALSE);
}

static inline char *place_read(const char *path) {
    char *text = NULL;
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static inline void place_limit(rlim_t size) {
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = MIN(size, limit.rlim_max);
    setrlimit(RLIMIT_FSIZE, &limit);
}

/* What goes to standard error while `act` runs; to be freed. */
static inline char *place_capture(const Place *place, void (*act)(gpointer data), gpointer data) {
    g_autofree char *path = g_build_filename(place->folder, "stderr", NULL);
    int kept = dup(STDERR_FILENO);
    int file = g_open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(dup2(file, STDERR_FILENO), 0);
    act(data);
    ck_assert_int_ge(dup2(kept, STDERR_FILENO), 0);
    close(file);
    close(kept);
    char *said = place_read(path);
    g_unlink(path);
    return said;
}

#endif
