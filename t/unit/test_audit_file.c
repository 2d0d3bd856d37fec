/*
 * Units of policyd/audit_file: files that are moved away, removed and truncated while they are
 * written to. What it says of full disks and torn lines is tested with audit_sink.
 */
#include "audit_file.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>

#include "unit/place.h"

/* A place with an open file, and the path to which it is moved. */
typedef struct {
    Place place;
    char *old;
    AuditFile *file;
    LineLoss loss;
} Scene;

static Scene scene_make(void) {
    Place place = place_make();
    signal(SIGXFSZ, SIG_IGN);
    Scene scene = {.place = place, .old = g_strconcat(place.path, ".1", NULL)};
    scene.file = audit_file_open(place.path, NULL);
    ck_assert_ptr_nonnull(scene.file);
    return scene;
}

static void scene_clear(Scene *scene) {
    audit_file_free(scene->file);
    g_unlink(scene->old);
    g_free(scene->old);
    place_clear(&scene->place);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scene, scene_clear)

static void write_lines(Scene *scene, guint from, guint to, gint64 now) {
    g_autofree char *lines = place_lines(from, to);
    audit_file_write(scene->file, lines, strlen(lines), now, &scene->loss);
}

static void reopen(Scene *scene) {
    audit_file_reopen(scene->file, &scene->loss);
}

static void move_away(const Scene *scene) {
    ck_assert_int_eq(g_rename(scene->place.path, scene->old), 0);
}

/* A folder at the path is something that root can't open either. */
static void block(const Scene *scene) {
    ck_assert_int_eq(g_mkdir(scene->place.path, 0700), 0);
}

static void unblock(const Scene *scene) {
    ck_assert_int_eq(g_rmdir(scene->place.path), 0);
}

/* The file holds `before`, and then just the lines `from` to `to`; 0: none. */
static void assert_lines(const char *path, const char *before, guint from, guint to) {
    g_autofree char *lines = from > 0 ? place_lines(from, to) : g_strdup("");
    g_autofree char *want = g_strconcat(before, lines, NULL);
    g_autofree char *got = place_read(path);
    ck_assert_str_eq(got, want);
}

/* Line 1 is written at 10.5 seconds, the file moved away, line 2 written then. */
static const struct {
    const char *name;
    gint64 then;
    gboolean reopened; /* before line 2 */
    gboolean anew;     /* line 2 is in the new file */
} moves[] = {
    {"in the same second", 11 * SECOND - 1, FALSE, FALSE},
    {"in the next second", 11 * SECOND, FALSE, TRUE},
    {"a day later", G_GINT64_CONSTANT(86400) * SECOND, FALSE, TRUE},
    {"when told to look", 11 * SECOND - 1, TRUE, TRUE},
    {"by a thread that was woken before", 9 * SECOND, FALSE, FALSE},
};

START_TEST(test_move) {
    g_auto(Scene) scene = scene_make();
    struct stat status;
    mode_t mask = umask(0);
    write_lines(&scene, 1, 1, 10 * SECOND + SECOND / 2);
    move_away(&scene);
    if (moves[_i].reopened) {
        reopen(&scene);
    }
    write_lines(&scene, 2, 2, moves[_i].then);
    umask(mask);
    assert_lines(scene.old, "", 1, moves[_i].anew ? 1 : 2);
    if (moves[_i].anew) {
        assert_lines(scene.place.path, "", 2, 2);
        ck_assert_int_eq(stat(scene.place.path, &status), 0);
        ck_assert_uint_eq(status.st_mode & 07777, 0640);
    }
    ck_assert_uint_eq(scene.loss.lines, 0);
}
END_TEST

START_TEST(test_not_moved) {
    g_auto(Scene) scene = scene_make();
    write_lines(&scene, 1, 1, SECOND);
    reopen(&scene);
    write_lines(&scene, 2, 2, 2 * SECOND);
    assert_lines(scene.place.path, "", 1, 2);
}
END_TEST

/* logrotate's `create` makes the new file itself; somebody may have written to it. */
START_TEST(test_made_by_another) {
    g_auto(Scene) scene = scene_make();
    write_lines(&scene, 1, 1, SECOND);
    move_away(&scene);
    ck_assert(g_file_set_contents(scene.place.path, "torn", -1, NULL));
    write_lines(&scene, 2, 3, 2 * SECOND);
    assert_lines(scene.old, "", 1, 1);
    assert_lines(scene.place.path, "torn\n", 2, 3);
}
END_TEST

START_TEST(test_removed) {
    g_auto(Scene) scene = scene_make();
    write_lines(&scene, 1, 1, SECOND);
    ck_assert_int_eq(g_unlink(scene.place.path), 0);
    write_lines(&scene, 2, 2, 2 * SECOND);
    assert_lines(scene.place.path, "", 2, 2);
    ck_assert_uint_eq(scene.loss.lines, 0);
}
END_TEST

static void stay_and_go_on(gpointer data) {
    Scene *scene = data;
    move_away(scene);
    block(scene);
    write_lines(scene, 2, 2, 2 * SECOND);
    write_lines(scene, 3, 3, 3 * SECOND);
    reopen(scene);
    unblock(scene);
    write_lines(scene, 4, 4, 4 * SECOND);
}

/* Where there is no new file, the old one is written to, and that is told once. */
START_TEST(test_blocked) {
    g_auto(Scene) scene = scene_make();
    const char *path = scene.place.path;
    write_lines(&scene, 1, 1, SECOND);
    g_autofree char *said = place_capture(&scene.place, stay_and_go_on, &scene);
    assert_lines(scene.old, "", 1, 3);
    assert_lines(path, "", 4, 4);
    ck_assert_uint_eq(scene.loss.lines, 0);
    g_autofree char *want = g_strdup_printf(
        "policyd: error: audit file:%s was moved away, and there is no new one: cannot open '%s': "
        "Is a directory; lines still go to the old one\n"
        "policyd: info: audit file:%s opened anew, as the old one was moved away\n",
        path, path, path);
    ck_assert_str_eq(said, want);
}
END_TEST

static void go_and_come_back(gpointer data) {
    Scene *scene = data;
    for (guint turn = 0; turn < 2; turn++) {
        move_away(scene);
        block(scene);
        write_lines(scene, 2 + 2 * turn, 2 + 2 * turn, (2 + 2 * turn) * SECOND);
        unblock(scene);
        ck_assert_int_eq(g_rename(scene->old, scene->place.path), 0);
        write_lines(scene, 3 + 2 * turn, 3 + 2 * turn, (3 + 2 * turn) * SECOND);
    }
}

/* The old file comes back: nothing is opened, and the next time is told anew. */
START_TEST(test_moved_back) {
    g_auto(Scene) scene = scene_make();
    write_lines(&scene, 1, 1, SECOND);
    g_autofree char *said = place_capture(&scene.place, go_and_come_back, &scene);
    assert_lines(scene.place.path, "", 1, 5);
    g_auto(GStrv) lines = g_strsplit(said, "\n", -1);
    ck_assert_uint_eq(g_strv_length(lines), 3);
    ck_assert_str_eq(lines[0], lines[1]);
}
END_TEST

/* Lines to a file without a name are lost, and counted. */
START_TEST(test_removed_and_blocked) {
    g_auto(Scene) scene = scene_make();
    write_lines(&scene, 1, 1, SECOND);
    ck_assert_int_eq(g_unlink(scene.place.path), 0);
    block(&scene);
    write_lines(&scene, 2, 4, 2 * SECOND);
    write_lines(&scene, 5, 5, 2 * SECOND + 1);
    ck_assert_uint_eq(scene.loss.lines, 4);
    ck_assert_int_eq(scene.loss.error, ENOENT);
    unblock(&scene);
    write_lines(&scene, 6, 6, 3 * SECOND);
    assert_lines(scene.place.path, "", 6, 6);
    ck_assert_uint_eq(scene.loss.lines, 4);
}
END_TEST

START_TEST(test_truncated) {
    g_auto(Scene) scene = scene_make();
    write_lines(&scene, 1, 5, SECOND);
    ck_assert_int_eq(truncate(scene.place.path, 0), 0);
    write_lines(&scene, 6, 7, 2 * SECOND);
    assert_lines(scene.place.path, "", 6, 7);
    ck_assert_uint_eq(scene.loss.lines, 0);
}
END_TEST

/* Lines 1 and 2 are cut in the second, by `size`. */
static void write_torn(Scene *scene, rlim_t size) {
    g_autofree char *lines = place_lines(1, 2);
    place_limit(size);
    audit_file_write(scene->file, lines, strlen(lines), SECOND, &scene->loss);
    place_limit(RLIM_INFINITY);
    ck_assert_uint_eq(scene->loss.lines, 0);
}

static void assert_lost(const Scene *scene, guint line) {
    g_autofree char *lines = place_lines(line, line);
    ck_assert_uint_eq(scene->loss.lines, 1);
    ck_assert_mem_eq(scene->loss.first.text, lines, sizeof scene->loss.first.text);
    ck_assert_mem_eq(scene->loss.last.text, lines, sizeof scene->loss.last.text);
}

/* The rest of a line is not written where its beginning isn't. */
START_TEST(test_torn_then_truncated) {
    static const off_t sizes[] = {0, 1, LINE_LENGTH, LINE_LENGTH + 6};
    g_auto(Scene) scene = scene_make();
    g_autofree char *first = place_lines(1, 2);
    g_autofree char *left = g_strndup(first, (gsize)sizes[_i]);
    write_torn(&scene, LINE_LENGTH + 7);
    ck_assert_int_eq(truncate(scene.place.path, sizes[_i]), 0);
    write_lines(&scene, 3, 4, SECOND);
    assert_lines(scene.place.path, left, 3, 4);
    assert_lost(&scene, 2);
}
END_TEST

START_TEST(test_torn_then_moved) {
    g_auto(Scene) scene = scene_make();
    write_torn(&scene, LINE_LENGTH + 7);
    move_away(&scene);
    write_lines(&scene, 3, 3, 2 * SECOND);
    assert_lines(scene.old, "", 1, 2);
    assert_lines(scene.place.path, "", 3, 3);
    ck_assert_uint_eq(scene.loss.lines, 0);
}
END_TEST

/* There is no room for the rest: it is lost, and not written to the new file. */
START_TEST(test_torn_then_moved_while_full) {
    g_auto(Scene) scene = scene_make();
    write_torn(&scene, LINE_LENGTH + 7);
    move_away(&scene);
    place_limit(LINE_LENGTH + 7);
    reopen(&scene);
    place_limit(RLIM_INFINITY);
    write_lines(&scene, 3, 3, SECOND);
    g_autofree char *first = place_lines(1, 2);
    first[LINE_LENGTH + 7] = '\0';
    assert_lines(scene.old, first, 0, 0);
    assert_lines(scene.place.path, "", 3, 3);
    assert_lost(&scene, 2);
}
END_TEST

#define THREADS 4
#define WRITES 10000 /* lines of each */
#define MOVES 50

typedef struct {
    AuditFile *file;
    char *lines;
    guint64 lost;
} Writer;

/* GThreadFunc */
static gpointer write_many(gpointer data) {
    Writer *writer = data;
    LineLoss loss = {0};
    const char *end = writer->lines + WRITES * LINE_LENGTH;
    for (const char *at = writer->lines; at < end; at += 2 * LINE_LENGTH) {
        audit_file_write(writer->file, at, 2 * LINE_LENGTH, g_get_monotonic_time(), &loss);
    }
    writer->lost = loss.lines;
    return NULL;
}

/* Marks the lines of a file, which is then removed. */
static void take(const char *path, guint8 *seen) {
    g_autofree char *text = NULL;
    gsize length;
    ck_assert(g_file_get_contents(path, &text, &length, NULL));
    ck_assert_uint_eq(length % LINE_LENGTH, 0);
    for (const char *line = text; line < text + length; line += LINE_LENGTH) {
        guint number = (guint)g_ascii_strtoull(line + LINE_LENGTH - 10, NULL, 10);
        g_autofree char *want = place_lines(number, number);
        ck_assert_mem_eq(line, want, LINE_LENGTH);
        seen[number]++;
    }
    g_unlink(path);
}

START_TEST(test_threads) {
    g_auto(Scene) scene = scene_make();
    static guint8 seen[THREADS * WRITES];
    Writer writers[THREADS];
    GThread *threads[THREADS];
    for (guint i = 0; i < THREADS; i++) {
        writers[i] = (Writer){scene.file, place_lines(i * WRITES, (i + 1) * WRITES - 1), 0};
        threads[i] = g_thread_new("writer", write_many, &writers[i]);
    }
    for (guint i = 0; i < MOVES; i++) {
        move_away(&scene);
        reopen(&scene);
        take(scene.old, seen);
        g_usleep(2000);
    }
    for (guint i = 0; i < THREADS; i++) {
        g_thread_join(threads[i]);
        ck_assert_uint_eq(writers[i].lost, 0);
        g_free(writers[i].lines);
    }
    take(scene.place.path, seen);
    for (guint i = 0; i < THREADS * WRITES; i++) {
        ck_assert_msg(seen[i] == 1, "line %u is there %u times", i, seen[i]);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("audit_file");
    UNIT_ADD_TABLE(suite, test_move, moves);
    unit_add(suite, "test_not_moved", test_not_moved, 1);
    unit_add(suite, "test_made_by_another", test_made_by_another, 1);
    unit_add(suite, "test_removed", test_removed, 1);
    unit_add(suite, "test_blocked", test_blocked, 1);
    unit_add(suite, "test_moved_back", test_moved_back, 1);
    unit_add(suite, "test_removed_and_blocked", test_removed_and_blocked, 1);
    unit_add(suite, "test_truncated", test_truncated, 1);
    unit_add(suite, "test_torn_then_truncated", test_torn_then_truncated, 4);
    unit_add(suite, "test_torn_then_moved", test_torn_then_moved, 1);
    unit_add(suite, "test_torn_then_moved_while_full", test_torn_then_moved_while_full, 1);
    unit_add(suite, "test_threads", test_threads, 1);
    return unit_run(suite);
}
