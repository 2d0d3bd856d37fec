/*
 * Units of policyd/ctl/log_follow: each way of rotation, step by step in a folder of its own; then
 * a writer that rotates at random while its log is followed.
 */
#include "ctl/log/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl_limit.h"
#include "unit/random.h"

typedef struct {
    char *folder;
    char *path;  /* what is followed */
    char *old;   /* what it is renamed or copied to */
    char *older; /* and that then */
} Place;

static Place place_new(void) {
    char *folder = g_dir_make_tmp("policyd-XXXXXX", NULL);
    ck_assert_ptr_nonnull(folder);
    return (Place){folder, g_build_filename(folder, "audit.log", NULL),
                   g_build_filename(folder, "audit.log.1", NULL),
                   g_build_filename(folder, "audit.log.2", NULL)};
}

static void place_clear(Place *place) {
    g_unlink(place->path);
    g_unlink(place->old);
    g_unlink(place->older);
    g_rmdir(place->folder);
    g_free(place->folder);
    g_free(place->path);
    g_free(place->old);
    g_free(place->older);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

static int open_log(const char *path) {
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    return fd;
}

static void append_to(int fd, const char *text) {
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void append(const char *path, const char *text) {
    int fd = open_log(path);
    append_to(fd, text);
    close(fd);
}

static void copy_file(const char *from, const char *to) {
    g_autofree char *text = NULL;
    gsize length;
    ck_assert(g_file_get_contents(from, &text, &length, NULL));
    ck_assert(g_file_set_contents(to, text, (gssize)length, NULL));
}

static void rename_file(const char *from, const char *to) {
    ck_assert_int_eq(g_rename(from, to), 0);
}

/* All that comes up to waiting, with `|` behind each line and `!` for a truncation. As reading a
 * line may change it, so does this. */
static char *read_all(LogFollow *follow) {
    g_autoptr(GError) error = NULL;
    GString *out = g_string_new(NULL);
    char *line;
    size_t length;
    for (;;) {
        switch (log_follow_next(follow, &line, &length, &error)) {
        case LOG_FOLLOW_LINE:
            g_string_append_len(out, line, (gssize)length);
            g_string_append_c(out, '|');
            memset(line, '#', length);
            break;
        case LOG_FOLLOW_TRUNCATED:
            g_string_append_c(out, '!');
            break;
        case LOG_FOLLOW_WAIT:
            return g_string_free(out, FALSE);
        case LOG_FOLLOW_FAILED:
            ck_abort_msg("%s", error->message);
        }
    }
}

#define EXPECT(follow, want)                         \
    do {                                             \
        g_autofree char *got_all = read_all(follow); \
        ck_assert_str_eq(got_all, (want));           \
    } while (0)

static LogFollow *follow_new(const Place *place) {
    LogFollow *follow = log_follow_open(place->path, NULL);
    ck_assert_ptr_nonnull(follow);
    return follow;
}

START_TEST(test_grows) {
    g_auto(Place) place = place_new();
    append(place.path, "a\nb");
    g_autoptr(LogFollow) follow = follow_new(&place);
    EXPECT(follow, "a\n|");
    EXPECT(follow, "");
    append(place.path, "c");
    EXPECT(follow, "");
    append(place.path, "d\n\ne\n");
    EXPECT(follow, "bcd\n|\n|e\n|");
    ck_assert_int_eq(log_follow_trouble(follow), 0);
}
END_TEST

START_TEST(test_appears) {
    g_auto(Place) place = place_new();
    g_autoptr(LogFollow) follow = follow_new(&place);
    ck_assert_int_eq(log_follow_trouble(follow), ENOENT);
    EXPECT(follow, "");
    append(place.path, "");
    EXPECT(follow, "");
    ck_assert_int_eq(log_follow_trouble(follow), 0);
    append(place.path, "a\n");
    EXPECT(follow, "a\n|");
}
END_TEST

/* policyd writes to the old file until it has opened the new one. */
START_TEST(test_renamed) {
    g_auto(Place) place = place_new();
    append(place.path, "a\n");
    int fd = open_log(place.path);
    g_autoptr(LogFollow) follow = follow_new(&place);
    EXPECT(follow, "a\n|");
    append_to(fd, "b\n");
    rename_file(place.path, place.old);
    append_to(fd, "c\n");
    EXPECT(follow, "b\n|c\n|");
    ck_assert_int_eq(log_follow_trouble(follow), ENOENT);
    append(place.path, "");
    append_to(fd, "d\n");
    EXPECT(follow, "d\n|");
    append_to(fd, "e\n");
    append(place.path, "f\n");
    EXPECT(follow, "e\n|f\n|");
    append(place.path, "g\n");
    EXPECT(follow, "g\n|");
    close(fd);
}
END_TEST

/* Of two files in a row that were rotated away, the one between is read too. */
START_TEST(test_renamed_twice) {
    g_auto(Place) place = place_new();
    append(place.path, "a\n");
    g_autoptr(LogFollow) follow = follow_new(&place);
    EXPECT(follow, "a\n|");
    rename_file(place.path, place.older);
    append(place.path, "");
    EXPECT(follow, "");
    append(place.path, "b\n");
    rename_file(place.path, place.old);
    append(place.path, _i == 0 ? "" : "c\n");
    EXPECT(follow, _i == 0 ? "b\n|" : "b\n|c\n|");
}
END_TEST

/* An empty one between is no end. */
START_TEST(test_renamed_empty) {
    g_auto(Place) place = place_new();
    append(place.path, "a\n");
    g_autoptr(LogFollow) follow = follow_new(&place);
    EXPECT(follow, "a\n|");
    rename_file(place.path, place.older);
    append(place.path, "");
    EXPECT(follow, "");
    rename_file(place.path, place.old);
    append(place.path, "");
    EXPECT(follow, "");
    append(place.path, "c\n");
    EXPECT(follow, "c\n|");
}
END_TEST

/* A line without a newline is torn for good when its file is left. */
START_TEST(test_torn) {
    g_auto(Place) place = place_new();
    append(place.path, "a\nb");
    g_autoptr(LogFollow) follow = follow_new(&place);
    EXPECT(follow, "a\n|");
    rename_file(place.path, place.old);
    append(place.path, "c\n");
    EXPECT(follow, "b|c\n|");
}
END_TEST

/* What came between the last look and the copy is read from it; the copy may be anywhere among
 * files of its kind. */
START_TEST(test_copied) {
    g_auto(Place) place = place_new();
    append(place.path, "aaaa\nbbbb\n");
    append(place.older, "not this one\n");
    g_autoptr(LogFollow) follow = follow_new(&place);
    EXPECT(follow, "aaaa\n|bbbb\n|");
    append(place.path, "c\nd");
    EXPECT(follow, "c\n|");
    append(place.path, "e\nf\n");
    copy_file(place.path, place.old);
    ck_assert_int_eq(truncate(place.path, 0), 0);
    EXPECT(follow, "de\n|f\n|");
    append(place.path, "g\n");
    EXPECT(follow, "g\n|");
    EXPECT(follow, "");
}
END_TEST

/* The log is longer again than what was read of it. */
START_TEST(test_regrown) {
    g_auto(Place) place = place_new();
    append(place.path, "a\nb\n");
    g_autoptr(LogFollow) follow = follow_new(&place);
    EXPECT(follow, "a\n|b\n|");
    append(place.path, "c\n");
    copy_file(place.path, place.old);
    ck_assert_int_eq(truncate(place.path, 0), 0);
    append(place.path, "d\ne\nf\ng\n");
    EXPECT(follow, "c\n|d\n|e\n|f\n|g\n|");
}
END_TEST

/* Of two copies, the longer one: an administrator's own is the shorter. */
START_TEST(test_two_copies) {
    g_auto(Place) place = place_new();
    append(place.path, "a\n");
    g_autoptr(LogFollow) follow = follow_new(&place);
    EXPECT(follow, "a\n|");
    append(place.path, "b\n");
    copy_file(place.path, _i == 0 ? place.old : place.older);
    append(place.path, "c\n");
    copy_file(place.path, _i == 0 ? place.older : place.old);
    ck_assert_int_eq(truncate(place.path, 0), 0);
    EXPECT(follow, "b\n|c\n|");
}
END_TEST

/* No copy: it says so, and goes on at the start. */
START_TEST(test_truncated) {
    g_auto(Place) place = place_new();
    append(place.path, "a\nb");
    g_autoptr(LogFollow) follow = follow_new(&place);
    EXPECT(follow, "a\n|");
    ck_assert_int_eq(truncate(place.path, 0), 0);
    EXPECT(follow, "!b|");
    append(place.path, "c\n");
    EXPECT(follow, "c\n|");
}
END_TEST

/* A line of just as many bytes as there is room for, and longer ones, of which as many come; where
 * the file ends in it, its rest is no line of the next file. */
static const struct {
    size_t length; /* without the newline */
    gboolean ends;
} sizes[] = {
    {LIMIT_LOG_BLOCK - 1, TRUE},
    {LIMIT_LOG_BLOCK, TRUE},
    {LIMIT_LOG_BLOCK, FALSE},
    {LIMIT_LOG_BLOCK + 1, FALSE},
};

START_TEST(test_long) {
    g_auto(Place) place = place_new();
    g_autofree char *line = g_strnfill(sizes[_i].length, 'x');
    append(place.path, "a\n");
    g_autoptr(LogFollow) follow = follow_new(&place);
    char *got;
    size_t length;
    EXPECT(follow, "a\n|");
    append(place.path, line);
    append(place.path, sizes[_i].ends ? "\nb\n" : "");
    ck_assert_int_eq(log_follow_next(follow, &got, &length, NULL), LOG_FOLLOW_LINE);
    ck_assert_uint_eq(length, LIMIT_LOG_BLOCK);
    ck_assert_int_eq(got[length - 1] == '\n', sizes[_i].length < LIMIT_LOG_BLOCK);
    EXPECT(follow, sizes[_i].ends ? "b\n|" : "");
    rename_file(place.path, place.old);
    append(place.path, "c\n");
    EXPECT(follow, "c\n|");
}
END_TEST

START_TEST(test_refused) {
    g_auto(Place) place = place_new();
    g_autoptr(GError) folder = NULL;
    g_autoptr(GError) device = NULL;
    ck_assert_ptr_null(log_follow_open(place.folder, &folder));
    ck_assert(g_error_matches(folder, G_FILE_ERROR, G_FILE_ERROR_ISDIR));
    ck_assert_ptr_null(log_follow_open("/dev/null", &device));
    ck_assert(g_error_matches(device, G_FILE_ERROR, G_FILE_ERROR_FAILED));
}
END_TEST

#define LINES 30000
#define LINES_A_FILE 400

typedef struct {
    const Place *place;
    gint *next; /* atomic: the line that the reader waits for */
    Random random;
    int fd;
    guint first; /* the file's first line */
} Writer;

static char *format_line(guint number) {
    return g_strdup_printf("%u %.*s\n", number, (int)(number % 40),
                           "........................................");
}

/* In two pieces: the reader may come between. */
static void write_line(Writer *writer, guint number) {
    g_autofree char *line = format_line(number);
    size_t length = strlen(line);
    size_t part = random_below(&writer->random, (guint)length);
    g_assert_cmpint(write(writer->fd, line, part), ==, (ssize_t)part);
    g_assert_cmpint(write(writer->fd, line + part, length - part), ==, (ssize_t)(length - part));
}

/* Rotates as logrotate does, but not before something of the file was read: of two rotations
 * between two looks the reader can't know. */
static void rotate(Writer *writer) {
    const Place *place = writer->place;
    g_autofree char *text = NULL;
    gsize length;
    while ((guint)g_atomic_int_get(writer->next) <= writer->first) {
        g_usleep(1000);
    }
    if (random_below(&writer->random, 2) == 0) {
        g_assert_cmpint(g_rename(place->path, place->old), ==, 0);
        close(writer->fd);
        writer->fd = open_log(place->path);
    } else {
        g_assert_true(g_file_get_contents(place->path, &text, &length, NULL));
        g_assert_true(g_file_set_contents(place->old, text, (gssize)length, NULL));
        g_assert_cmpint(ftruncate(writer->fd, 0), ==, 0);
    }
}

static gpointer write_lines(gpointer data) {
    Writer *writer = data;
    for (guint i = 0; i < LINES; i++) {
        write_line(writer, i);
        if (random_below(&writer->random, LINES_A_FILE) == 0) {
            rotate(writer);
            writer->first = i + 1;
        }
    }
    close(writer->fd);
    return NULL;
}

/* Every line, whole and in order. */
static void read_lines(LogFollow *follow, Random *random, gint *shared) {
    gint64 until = g_get_monotonic_time() + 40 * G_USEC_PER_SEC;
    char *line;
    size_t length;
    for (guint next = 0; next < LINES;) {
        LogFollowStatus status = log_follow_next(follow, &line, &length, NULL);
        RANDOM_ASSERT(random, status == LOG_FOLLOW_LINE || status == LOG_FOLLOW_WAIT,
                      "status %d before line %u", (int)status, next);
        RANDOM_ASSERT(random, g_get_monotonic_time() < until, "line %u doesn't come", next);
        if (status == LOG_FOLLOW_WAIT) {
            g_usleep(random_below(random, 3000));
            continue;
        }
        g_autofree char *want = format_line(next);
        RANDOM_ASSERT(random, text_equal(text_make(line, length), text_from_string(want)),
                      "%s, not %s", unit_show(text_make(line, length)), want);
        next++;
        g_atomic_int_set(shared, (gint)next);
    }
}

START_TEST(test_random) {
    g_auto(Place) place = place_new();
    Random random = random_start();
    gint next = 0;
    Writer writer = {&place, &next, random, open_log(place.path), 0};
    g_autoptr(LogFollow) follow = follow_new(&place);
    GThread *thread = g_thread_new("writer", write_lines, &writer);
    read_lines(follow, &random, &next);
    g_thread_join(thread);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("log_follow");
    unit_add(suite, "test_grows", test_grows, 1);
    unit_add(suite, "test_appears", test_appears, 1);
    unit_add(suite, "test_renamed", test_renamed, 1);
    unit_add(suite, "test_renamed_twice", test_renamed_twice, 2);
    unit_add(suite, "test_renamed_empty", test_renamed_empty, 1);
    unit_add(suite, "test_torn", test_torn, 1);
    unit_add(suite, "test_copied", test_copied, 1);
    unit_add(suite, "test_regrown", test_regrown, 1);
    unit_add(suite, "test_two_copies", test_two_copies, 2);
    unit_add(suite, "test_truncated", test_truncated, 1);
    UNIT_ADD_TABLE(suite, test_long, sizes);
    unit_add(suite, "test_refused", test_refused, 1);
    unit_add(suite, "test_random", test_random, 1);
    return unit_run(suite);
}
