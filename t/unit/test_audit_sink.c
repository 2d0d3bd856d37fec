/*
 * Units of policyd/audit_sink: files, whole, short and healed. A file that can't grow is made by a
 * limit of its size, which cuts a write short just as a full disk does.
 */
#include "audit_sink.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "unit/place.h"

static void write_lines(AuditSink *sink, guint from, guint to, gint64 now) {
    g_autofree char *lines = place_lines(from, to);
    audit_sink_write(sink, lines, strlen(lines), now);
}

/* Writes lines while no file may be larger. Nothing is asserted then, since check itself keeps
 * its results in a file. */
static void write_limited(AuditSink *sink, guint from, guint to, gint64 now, rlim_t size) {
    g_autofree char *lines = place_lines(from, to);
    signal(SIGXFSZ, SIG_IGN);
    place_limit(size);
    audit_sink_write(sink, lines, strlen(lines), now);
    place_limit(RLIM_INFINITY);
}

static const struct {
    const char *name;
    const char *before; /* NULL: there is no file */
    const char *after;
} heals[] = {
    {"no file", NULL, ""},
    {"an empty file", "", ""},
    {"whole lines", "a\nb\n", "a\nb\n"},
    {"a torn line", "a\nb", "a\nb\n"},
    {"one byte", "a", "a\n"},
    {"one newline", "\n", "\n"},
};

START_TEST(test_heal) {
    g_auto(Place) place = place_make();
    if (heals[_i].before) {
        ck_assert(g_file_set_contents(place.path, heals[_i].before, -1, NULL));
    }
    AuditSink *sink = audit_sink_open(place.spec, NULL);
    ck_assert_ptr_nonnull(sink);
    write_lines(sink, 1, 2, 0);
    ck_assert_uint_eq(audit_sink_lost(sink), 0);
    audit_sink_free(sink);
    g_autofree char *lines = place_lines(1, 2);
    g_autofree char *want = g_strconcat(heals[_i].after, lines, NULL);
    g_autofree char *got = place_read(place.path);
    ck_assert_msg(g_str_equal(got, want), "%s: %s", heals[_i].name, got);
}
END_TEST

START_TEST(test_mode) {
    g_auto(Place) place = place_make();
    struct stat status;
    mode_t old = umask(0);
    AuditSink *sink = audit_sink_open(place.spec, NULL);
    umask(old);
    ck_assert_int_eq(stat(place.path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0640);
    audit_sink_free(sink);
}
END_TEST

static const struct {
    const char *spec;
    const char *error;
} refused[] = {
    {"file:/nowhere/audit", "cannot open '/nowhere/audit': No such file or directory"},
    {"file:/dev", "cannot open '/dev': Is a directory"},
    {"file:/dev/null", "'/dev/null' is not a regular file"},
};

START_TEST(test_refused) {
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(audit_sink_open(refused[_i].spec, &error));
    ck_assert_str_eq(error->message, refused[_i].error);
}
END_TEST

static const struct {
    const char *spec;
    gboolean taken;
} specs[] = {
    {"file:a", TRUE},  {"file:/a:b", TRUE}, {"syslog", TRUE},   {"stderr", TRUE},
    {"journal", TRUE}, {"none", FALSE},     {"file:", FALSE},   {"file", FALSE},
    {"", FALSE},       {"Syslog", FALSE},   {"syslog:", FALSE}, {"/a", FALSE},
};

START_TEST(test_check) {
    ck_assert_msg(audit_sink_check(specs[_i].spec, NULL) == specs[_i].taken, "%s", specs[_i].spec);
}
END_TEST

/* Lines 1 to 10 are written to a file of at most `size` bytes, 11 to 12 to one that is still so;
 * then there is room, and 13 and 14 follow. A torn line is finished; the others are lost. */
static const struct {
    const char *name;
    rlim_t size;
    guint kept; /* lines from 1 to this one */
} shorts[] = {
    {"nothing fits", 0, 0},
    {"one byte", 1, 1},
    {"all but the first newline", LINE_LENGTH - 1, 1},
    {"one line", LINE_LENGTH, 1},
    {"one line and a byte", LINE_LENGTH + 1, 2},
    {"half a line in the middle", LINE_LENGTH * 4 + LINE_LENGTH / 2, 5},
    {"all but the last byte", LINE_LENGTH * 10 - 1, 10},
    {"all", LINE_LENGTH * 10, 10},
};

START_TEST(test_short) {
    g_auto(Place) place = place_make();
    AuditSink *sink = audit_sink_open(place.spec, NULL);
    write_limited(sink, 1, 10, 0, shorts[_i].size);
    write_limited(sink, 11, 12, SECOND, shorts[_i].size);
    ck_assert_msg(audit_sink_lost(sink) == 12 - shorts[_i].kept, "%s: %u lost", shorts[_i].name,
                  (guint)audit_sink_lost(sink));
    write_lines(sink, 13, 14, 3 * SECOND);
    audit_sink_free(sink);
    g_autofree char *begin = shorts[_i].kept > 0 ? place_lines(1, shorts[_i].kept) : g_strdup("");
    g_autofree char *end = place_lines(13, 14);
    g_autofree char *want = g_strconcat(begin, end, NULL);
    g_autofree char *got = place_read(place.path);
    ck_assert_msg(g_str_equal(got, want), "%s: %s", shorts[_i].name, got);
}
END_TEST

/* A torn line is also finished when the sink is closed. */
START_TEST(test_short_then_closed) {
    g_auto(Place) place = place_make();
    AuditSink *sink = audit_sink_open(place.spec, NULL);
    write_limited(sink, 1, 3, 0, LINE_LENGTH + 7);
    audit_sink_free(sink);
    g_autofree char *want = place_lines(1, 2);
    g_autofree char *got = place_read(place.path);
    ck_assert_str_eq(got, want);
}
END_TEST

static void lose_and_recover(gpointer data) {
    AuditSink *sink = data;
    write_limited(sink, 1, 4, 0, 3 * LINE_LENGTH);
    write_limited(sink, 5, 6, SECOND, 3 * LINE_LENGTH);
    write_lines(sink, 7, 7, SECOND * 2 - 1);
    write_lines(sink, 8, 8, SECOND * 2);
    write_lines(sink, 9, 9, SECOND * 4);
}

START_TEST(test_messages) {
    g_auto(Place) place = place_make();
    AuditSink *sink = audit_sink_open(place.spec, NULL);
    g_autofree char *said = place_capture(&place, lose_and_recover, sink);
    g_autofree char *want = g_strdup_printf(
        "policyd: error: audit %s: File too large; decisions go on, their lines are lost until it "
        "can be written\n"
        "policyd: warning: audit %s: written again; 3 lines were lost, the first of "
        "2026-11-22T17:31:41.004+01:00, the last of 2026-11-22T17:31:41.006+01:00\n",
        place.spec, place.spec);
    ck_assert_str_eq(said, want);
    audit_sink_free(sink);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("audit_sink");
    UNIT_ADD_TABLE(suite, test_heal, heals);
    unit_add(suite, "test_mode", test_mode, 1);
    UNIT_ADD_TABLE(suite, test_refused, refused);
    UNIT_ADD_TABLE(suite, test_check, specs);
    UNIT_ADD_TABLE(suite, test_short, shorts);
    unit_add(suite, "test_short_then_closed", test_short_then_closed, 1);
    unit_add(suite, "test_messages", test_messages, 1);
    return unit_run(suite);
}
