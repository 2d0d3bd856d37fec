/*
 * Units of policyd/journal_client: a datagram socket stands for the journal. What it shares with
 * syslog, a journal that is full or away, is tested there too.
 */
#include "journal_client.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server_limit.h"
#include "unit/unit.h"

#define SECOND G_USEC_PER_SEC

typedef struct {
    char *folder;
    char *path;
    JournalClient *client;
} Place;

static Place place_make(void) {
    char *folder = g_dir_make_tmp("journal-XXXXXX", NULL);
    char *path = g_build_filename(folder, "socket", NULL);
    return (Place){folder, path, journal_client_new(path)};
}

static void place_clear(Place *place) {
    journal_client_free(place->client);
    g_unlink(place->path);
    g_rmdir(place->folder);
    g_free(place->folder);
    g_free(place->path);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

static int start_journal(const Place *place) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    g_strlcpy(name.sun_path, place->path, sizeof name.sun_path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    g_unlink(place->path);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&name, sizeof name), 0);
    return fd;
}

static LineLoss send_text(const Place *place, const char *text, gint64 now) {
    LineLoss loss = {0};
    journal_client_send(place->client, text, strlen(text), now, &loss);
    return loss;
}

/* The next datagram, to be freed; NULL if there is none. */
static char *receive(int fd) {
    static char bytes[LIMIT_AUDIT_LINE + 1024];
    ssize_t length = recv(fd, bytes, sizeof bytes, 0);
    return length < 0 ? NULL : g_strndup(bytes, (gsize)length);
}

static const struct {
    const char *name;
    const char *line;
    const char *decision;
    const char *rule;
} lines[] = {
    {"a decision",
     "time=\"T\" decision=\"REJECT 5.7.1 No\" rule=\"a.rules:17\" ruleset=\"0\" us=\"1\"",
     "REJECT 5.7.1 No", "a.rules:17"},
    {"escapes stay", "time=\"T\" decision=\"WARN \\x22a\\x5c\" rule=\"/\\xc3\\xa4 b:1\" us=\"1\"",
     "WARN \\x22a\\x5c", "/\\xc3\\xa4 b:1"},
    {"keys within values",
     "time=\"T\" decision=\"WARN  rule=\\x22x:1\" rule=\" decision=\\x22:2\" sender=\" "
     "rule=\\x22\"",
     "WARN  rule=\\x22x:1", " decision=\\x22:2"},
    {"neither", "time=\"T\"", "", ""},
    {"a torn one", "time=\"T\" decision=\"WARN", "", ""},
};

START_TEST(test_fields) {
    g_auto(Place) place = place_make();
    int fd = start_journal(&place);
    g_autofree char *text = g_strconcat(lines[_i].line, "\n", NULL);
    ck_assert_uint_eq(send_text(&place, text, 0).lines, 0);
    g_autofree char *got = receive(fd);
    g_autofree char *want =
        g_strdup_printf("PRIORITY=6\nSYSLOG_FACILITY=2\nSYSLOG_IDENTIFIER=policyd\n"
                        "MESSAGE=%s\nPOLICYD_DECISION=%s\nPOLICYD_RULE=%s\n",
                        lines[_i].line, lines[_i].decision, lines[_i].rule);
    ck_assert_msg(g_strcmp0(got, want) == 0, "%s: %s", lines[_i].name, got);
    ck_assert_ptr_null(receive(fd));
    close(fd);
}
END_TEST

/* The longest line that there is. */
START_TEST(test_longest) {
    g_auto(Place) place = place_make();
    int fd = start_journal(&place);
    g_autofree char *text = g_strnfill(LIMIT_AUDIT_LINE, 'x');
    text[LIMIT_AUDIT_LINE - 1] = '\n';
    ck_assert_uint_eq(send_text(&place, text, 0).lines, 0);
    g_autofree char *got = receive(fd);
    ck_assert_uint_gt(strlen(got), LIMIT_AUDIT_LINE);
    close(fd);
}
END_TEST

/* It does not wait, and what is there is whole and in order. */
START_TEST(test_full) {
    g_auto(Place) place = place_make();
    g_autoptr(GString) text = g_string_new(NULL);
    guint count = 0;
    int fd = start_journal(&place);
    for (guint i = 0; i < 10000; i++) {
        g_string_append_printf(text, "time=\"T\" decision=\"DUNNO\" rule=\"a:%u\"\n", i);
    }
    LineLoss loss = send_text(&place, text->str, 0);
    ck_assert_uint_gt(loss.lines, 0);
    ck_assert_int_eq(loss.error, EAGAIN);
    for (char *got; (got = receive(fd)); count++) {
        g_autofree char *end = g_strdup_printf("\nPOLICYD_RULE=a:%u\n", count);
        ck_assert_msg(g_str_has_suffix(got, end), "%s", got);
        g_free(got);
    }
    ck_assert_uint_eq(count + loss.lines, 10000);
    g_autofree char *first =
        g_strdup_printf("time=\"T\" decision=\"DUNNO\" rule=\"a:%u\"\n", count);
    ck_assert_mem_eq(loss.first.text, first, strlen(first));
    close(fd);
}
END_TEST

START_TEST(test_away) {
    g_auto(Place) place = place_make();
    LineLoss loss = send_text(&place, "a\nb\n", 10 * SECOND);
    ck_assert_uint_eq(loss.lines, 2);
    ck_assert_int_eq(loss.error, ENOENT);
    int fd = start_journal(&place);
    ck_assert_uint_eq(send_text(&place, "c\n", 11 * SECOND - 1).lines, 1);
    ck_assert_uint_eq(send_text(&place, "d\n", 11 * SECOND).lines, 0);
    g_autofree char *got = receive(fd);
    ck_assert_ptr_nonnull(strstr(got, "MESSAGE=d\n"));
    close(fd);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("journal_client");
    UNIT_ADD_TABLE(suite, test_fields, lines);
    unit_add(suite, "test_longest", test_longest, 1);
    unit_add(suite, "test_full", test_full, 1);
    unit_add(suite, "test_away", test_away, 1);
    return unit_run(suite);
}
