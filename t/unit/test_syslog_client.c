/*
 * Units of policyd/syslog_client: a datagram socket stands for syslog.
 */
#include "syslog_client.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit/unit.h"

#define SECOND G_USEC_PER_SEC

typedef struct {
    char *folder;
    char *path;
    SyslogClient *client;
} Place;

static Place place_make(void) {
    char *folder = g_dir_make_tmp("syslog-XXXXXX", NULL);
    char *path = g_build_filename(folder, "log", NULL);
    return (Place){folder, path, syslog_client_new(path)};
}

static void place_clear(Place *place) {
    syslog_client_free(place->client);
    g_unlink(place->path);
    g_rmdir(place->folder);
    g_free(place->folder);
    g_free(place->path);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

static int start_syslog(const Place *place) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    g_strlcpy(name.sun_path, place->path, sizeof name.sun_path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    g_unlink(place->path);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&name, sizeof name), 0);
    return fd;
}

static guint64 send_text(const Place *place, const char *text, gint64 now, int *error) {
    LineLoss loss = {0};
    syslog_client_send(place->client, text, strlen(text), now, &loss);
    *error = loss.error;
    return loss.lines;
}

/* The next message less its header, whose form is checked; to be freed; NULL if there is none. */
static char *receive(int fd) {
    char bytes[1024];
    ssize_t length = recv(fd, bytes, sizeof bytes - 1, 0);
    if (length < 0) {
        return NULL;
    }
    bytes[length] = '\0';
    g_autofree char *form = g_strdup_printf(
        "^<22>[A-Z][a-z]{2} [ 123]\\d \\d\\d:\\d\\d:\\d\\d policyd\\[%d\\]: ", (int)getpid());
    g_autoptr(GRegex) regex = g_regex_new(form, 0, 0, NULL);
    ck_assert_msg(g_regex_match(regex, bytes, 0, NULL), "%s", bytes);
    return g_strdup(strstr(bytes, "]: ") + strlen("]: "));
}

START_TEST(test_lines) {
    g_auto(Place) place = place_make();
    int error;
    int fd = start_syslog(&place);
    ck_assert_uint_eq(send_text(&place, "a=\"1\"\nb\n", 0, &error), 0);
    g_autofree char *first = receive(fd);
    g_autofree char *second = receive(fd);
    ck_assert_pstr_eq(first, "a=\"1\"");
    ck_assert_pstr_eq(second, "b");
    ck_assert_ptr_null(receive(fd));
    close(fd);
}
END_TEST

/* More than one sendmmsg() takes, read between: a full queue would lose them. */
START_TEST(test_full) {
    g_auto(Place) place = place_make();
    g_autoptr(GString) text = g_string_new(NULL);
    guint count = 0;
    int error;
    int fd = start_syslog(&place);
    for (guint i = 0; i < 100000; i++) {
        g_string_append_printf(text, "%u\n", i);
    }
    guint64 lost = send_text(&place, text->str, 0, &error);
    ck_assert_uint_gt(lost, 0);
    ck_assert_int_eq(error, EAGAIN);
    for (char *got; (got = receive(fd)); count++) {
        ck_assert_uint_eq(g_ascii_strtoull(got, NULL, 10), count);
        g_free(got);
    }
    ck_assert_uint_eq(count + lost, 100000);
    close(fd);
}
END_TEST

START_TEST(test_too_long) {
    g_auto(Place) place = place_make();
    g_autofree char *line = g_strnfill(4 << 20, 'x');
    g_autofree char *text = g_strconcat("a\n", line, "\nb\n", NULL);
    int error;
    int fd = start_syslog(&place);
    ck_assert_uint_eq(send_text(&place, text, 0, &error), 1);
    ck_assert_int_eq(error, EMSGSIZE);
    g_autofree char *first = receive(fd);
    g_autofree char *second = receive(fd);
    ck_assert_pstr_eq(first, "a");
    ck_assert_pstr_eq(second, "b");
    close(fd);
}
END_TEST

/* Away at first, then there, then started anew, then gone for good. */
START_TEST(test_away) {
    g_auto(Place) place = place_make();
    int error;
    ck_assert_uint_eq(send_text(&place, "a\nb\n", 10 * SECOND, &error), 2);
    ck_assert_int_eq(error, ENOENT);
    int fd = start_syslog(&place);
    ck_assert_msg(send_text(&place, "c\n", 10 * SECOND + 1, &error) == 1, "tried too soon");
    ck_assert_uint_eq(send_text(&place, "d\n", 11 * SECOND, &error), 0);
    g_autofree char *fourth = receive(fd);
    ck_assert_pstr_eq(fourth, "d");
    close(fd);
    fd = start_syslog(&place);
    ck_assert_uint_eq(send_text(&place, "e\n", 12 * SECOND, &error), 0);
    g_autofree char *fifth = receive(fd);
    ck_assert_pstr_eq(fifth, "e");
    close(fd);
    ck_assert_uint_eq(send_text(&place, "f\n", 13 * SECOND, &error), 1);
    ck_assert_int_eq(error, ECONNREFUSED);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("syslog_client");
    unit_add(suite, "test_lines", test_lines, 1);
    unit_add(suite, "test_full", test_full, 1);
    unit_add(suite, "test_too_long", test_too_long, 1);
    unit_add(suite, "test_away", test_away, 1);
    return unit_run(suite);
}
