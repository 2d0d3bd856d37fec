/*
 * Fuzz target control: what policyd and policyctl say to each other, and what they make of another
 * who says it, in pieces of any size. A hostile client of the control socket is answered as its
 * first line asks; a command and its answer come over as they were; a hostile daemon's answer is
 * taken only if it is whole; and a status is read as it was written. As clients and servers of a
 * model.
 *
 * Input: which of them, the length of the pieces, and the bytes.
 */
#include "control.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/daemon.h"
#include "ctl/exchange.h"
#include "fuzz/bytes.h"
#include "fuzz/fuzz.h"
#include "fuzz/peer.h"
#include "rules/compile.h"
#include "server_limit.h"

#define UNKNOWN "unknown command\n"
#define SUMMARY "summary"

/* The daemon's side: Control as it is, in a main loop of its own, with nothing behind it. */

static struct {
    char *trouble; /* what a reload comes to */
    char **texts;  /* that a status has: the rules' path, the last reload's, listeners; NULL at the
                      end, at least two */
    guint64 number;
} said;

static Deployment *get_deployment(void) {
    static const char rules[] = "permit if client_name == \"a\"\nrestrict \"reject\"\nreject\n";
    static Deployment *deployment;
    if (!deployment) {
        g_autoptr(Diagnostics) diagnostics = diagnostics_new();
        g_autofree char *text = g_strconcat("accept open relay\n", rules, NULL);
        Ruleset *ruleset = compile_text("a b\x1b.rules", text_from_string(text), NULL, diagnostics);
        FUZZ_ASSERT(ruleset, "%s", text);
        deployment = deployment_new(ruleset, 1);
    }
    return deployment;
}

/* Of `said`; see Status. */
static Status *make_status(void) {
    static Settings settings;
    static GPtrArray *none;
    Status *status = g_new0(Status, 1);
    none = none ? none : g_ptr_array_new();
    settings.rules = said.texts[0];
    settings.audit = none;
    status->settings = &settings;
    status->sinks = none;
    status->deployment = deployment_ref(get_deployment());
    status->reload_text = g_strdup(said.texts[1]);
    status->reload_status = (LoadStatus)(said.number % 3);
    status->listen = g_strdupv(said.texts + 2);
    status->reloads = said.number;
    for (guint i = 0; i < ACTION_COUNT; i++) {
        counter_add(&status->counters.decisions[i], said.number >> i);
    }
    for (guint i = 0; i < COUNTERS_LATENCIES; i++) {
        counter_add(&status->counters.latencies[i], said.number << i);
    }
    return status;
}

/* ControlHost */
static Status *give_status(gpointer data) {
    (void)data;
    return make_status();
}

/* Stands for policyd/reload.c, which so is left out. */
void reloader_ask(Reloader *reloader, ReloadAnswer answer, gpointer data) {
    const ReloadResult result = {.status = (LoadStatus)(said.number % 3), .trouble = said.trouble};
    (void)reloader;
    answer(&result, SUMMARY, data);
}

/* GThreadFunc */
static gpointer run_loop(gpointer data) {
    g_main_loop_run(data);
    return NULL;
}

static const char *get_control(void) {
    static const ControlHost host = {.status = give_status};
    static char *path;
    if (!path) {
        path = peer_file("control");
        FUZZ_ASSERT(control_new(path, &host, NULL), "%s", path);
        g_thread_unref(g_thread_new("loop", run_loop, g_main_loop_new(NULL, FALSE)));
    }
    return path;
}

/* What Control is to answer to such a first line, NULL: to none. */
static char *expect_answer(const char *command, int *status) {
    if (g_strcmp0(command, "reload") == 0) {
        *status = (int)(said.number % 3);
        return g_strconcat(said.trouble, SUMMARY "\n", NULL);
    }
    if (g_strcmp0(command, "status") == 0) {
        *status = 0;
        Status *whole = make_status();
        GString *text = status_format(whole);
        status_free(whole);
        return g_string_free(text, FALSE);
    }
    *status = 2;
    return g_strdup(UNKNOWN);
}

/* A hostile client. */

static int connect_to(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    FUZZ_ASSERT(TEMP_FAILURE_RETRY(connect(fd, (const struct sockaddr *)&address, sizeof address))
                    == 0,
                "%s", path);
    return fd;
}

/* All that comes. Who closes with bytes unread resets the connection, behind what it said. */
static GString *receive_all(int fd) {
    GString *all = g_string_new(NULL);
    char bytes[4096];
    ssize_t got;
    while ((got = TEMP_FAILURE_RETRY(recv(fd, bytes, sizeof bytes, 0))) > 0) {
        g_string_append_len(all, bytes, got);
    }
    FUZZ_ASSERT(got == 0 || errno == ECONNRESET, "%s", g_strerror(errno));
    return all;
}

/* The first line, to be freed; NULL if it isn't whole within the limit, or holds a NUL. */
static char *first_line(Text text) {
    text.length = MIN(text.length, LIMIT_CONTROL_COMMAND);
    ssize_t end = text_find(text, '\n');
    Text line = text_make(text.data, end < 0 ? 0 : (size_t)end);
    return end < 0 || text_find(line, '\0') >= 0 ? NULL : g_strndup(line.data, line.length);
}

static gboolean is_serving(const char *task) {
    g_autofree char *path = g_strdup_printf("/proc/self/task/%s/comm", task);
    g_autofree char *name = NULL;
    return g_file_get_contents(path, &name, NULL, NULL) && g_str_equal(name, "control\n");
}

/* Until no thread of Control's is left: what one has that is about to end, the leak detection would
 * take for lost. */
static void await_threads(void) {
    gboolean any = TRUE;
    while (any) {
        g_autoptr(GDir) tasks = g_dir_open("/proc/self/task", 0, NULL);
        const char *task;
        for (any = FALSE; (task = g_dir_read_name(tasks));) {
            any = is_serving(task) || any;
        }
        g_thread_yield();
    }
}

static void attack_control(Text text, size_t piece) {
    g_autofree char *command = first_line(text);
    int status;
    g_autofree char *answer = expect_answer(command, &status);
    g_autofree char *wanted = g_strdup_printf("%d %zu\n%s", status, strlen(answer), answer);
    int fd = connect_to(get_control());
    peer_send(fd, text, piece);
    shutdown(fd, SHUT_WR);
    g_autoptr(GString) got = receive_all(fd);
    close(fd);
    await_threads();
    FUZZ_ASSERT(g_str_equal(got->str, wanted), "%s\nnot %s", got->str, wanted);
}

/* A text as it may be shown: see verb_clean(). */
static void make_showable(char *text) {
    const char *end;
    gboolean valid;
    do {
        valid = g_utf8_validate(text, -1, &end);
        for (; text < end; text = g_utf8_next_char(text)) {
            gboolean control = g_unichar_iscntrl(g_utf8_get_char(text));
            if (control && *text != '\n' && *text != '\t') {
                memset(text, '?', (size_t)(g_utf8_next_char(text) - text));
            }
        }
        if (!valid) {
            *text++ = '?';
        }
    } while (!valid);
}

/* Both as they are. */
static void ask_control(const char *command) {
    int wanted_status;
    int status = -1;
    g_autoptr(GError) error = NULL;
    g_autofree char *where = g_strconcat("unix:", get_control(), NULL);
    g_autofree char *line = g_strndup(command, LIMIT_CONTROL_COMMAND - 1);
    g_autofree char *wanted = expect_answer(line, &wanted_status);
    make_showable(wanted);
    g_autofree char *got = daemon_ask(where, line, &status, &error);
    await_threads();
    FUZZ_ASSERT(got, "%s: %s", line, error->message);
    FUZZ_ASSERT(g_str_equal(got, wanted) && status == wanted_status, "%d %s\nnot %d %s", status,
                got, wanted_status, wanted);
}

/* Hostile servers. */

typedef struct {
    Text bytes;
    size_t piece;
    const char *end; /* of what a client asks */
} Script;

/* PeerServe */
static void serve_script(int fd, gpointer data) {
    const Script *script = data;
    g_autoptr(GString) asked = g_string_new(NULL);
    char byte;
    while (!g_str_has_suffix(asked->str, script->end) && recv(fd, &byte, 1, 0) == 1) {
        g_string_append_c(asked, byte);
    }
    peer_send(fd, script->bytes, script->piece);
}

/* What daemon_ask() is to make of it, to be freed. */
static char *expect_text(const char *reply, int *status) {
    g_autoptr(GRegex) head =
        g_regex_new("\\A([0-9]) ([0-9]+)\n(.*)\\z", G_REGEX_RAW | G_REGEX_DOTALL, 0, NULL);
    g_autoptr(GMatchInfo) info = NULL;
    guint64 length;
    if (!g_regex_match(head, reply, 0, &info)) {
        return NULL;
    }
    g_autofree char *number = g_match_info_fetch(info, 2);
    g_autofree char *text = g_match_info_fetch(info, 3);
    if (!g_ascii_string_to_unsigned(number, 10, 0, G_MAXUINT64, &length, NULL)
        || length != strlen(text)) {
        return NULL;
    }
    *status = reply[0] - '0';
    make_showable(text);
    return g_steal_pointer(&text);
}

static void hear_daemon(Text text, size_t piece) {
    Script script = {text, piece, "\n"};
    int wanted_status = -1;
    int status = -1;
    g_autoptr(GError) error = NULL;
    g_autofree char *reply = g_strndup(text.data, text.length);
    g_autofree char *wanted = expect_text(reply, &wanted_status);
    g_autofree char *where = g_strconcat("unix:", peer_begin(serve_script, &script), NULL);
    g_autofree char *got = daemon_ask(where, "status", &status, &error);
    peer_end();
    FUZZ_ASSERT((got == NULL) == (error != NULL), "an error, or an answer");
    FUZZ_ASSERT(g_strcmp0(got, wanted) == 0 && status == wanted_status, "%s, not %s", got, wanted);
}

/* The action of the first block, which ends at its first empty line; to be freed. */
static char *expect_action(Text text) {
    size_t at = 0;
    while (at < text.length && !(text.data[at] == '\n' && (at == 0 || text.data[at - 1] == '\n'))) {
        at++;
    }
    g_autofree char *block = g_strndup(text.data, at);
    g_auto(GStrv) lines = g_strsplit(block, "\n", -1);
    for (char **line = lines; at < text.length && *line; line++) {
        if (strncmp(*line, "action=", strlen("action=")) == 0) {
            make_showable(*line);
            return g_strdup(*line + strlen("action="));
        }
    }
    return NULL;
}

/* The fuzzer's alarm would interrupt a call of policyctl's, which has none. */
static char *ask_policy(const char *where, GError **error) {
    sigset_t alarms;
    sigset_t mask;
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarms, &mask);
    char *action = exchange_ask(where, TEXT_LITERAL("request=smtpd_access_policy\n\n"), error);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    return action;
}

static void hear_policy(Text text, size_t piece) {
    Script script = {text, piece, "\n\n"};
    g_autoptr(GError) error = NULL;
    g_autofree char *wanted = expect_action(text);
    g_autofree char *where = g_strconcat("unix:", peer_begin(serve_script, &script), NULL);
    g_autofree char *got = ask_policy(where, &error);
    peer_end();
    FUZZ_ASSERT((got == NULL) == (error != NULL), "an error, or an action");
    FUZZ_ASSERT(g_strcmp0(got, wanted) == 0, "%s, not %s", got, wanted);
}

/* The status, written and read. */

/* Undoes what status.h says of bytes; to be freed. */
static char *open_escapes(const char *text) {
    GString *out = g_string_new(NULL);
    for (; *text; text++) {
        if (*text == '\\') {
            FUZZ_ASSERT(text[1] == 'x' && g_ascii_isxdigit(text[2]) && g_ascii_isxdigit(text[3]),
                        "%s", text);
            int byte = g_ascii_xdigit_value(text[2]) * 16 + g_ascii_xdigit_value(text[3]);
            g_string_append_c(out, (char)byte);
            text += 3;
        } else {
            g_string_append_c(out, *text);
        }
    }
    return g_string_free(out, FALSE);
}

static void check_text(const char *got, const char *wanted) {
    g_autofree char *opened = open_escapes(got);
    FUZZ_ASSERT(fuzz_is_printable(text_from_string(got)), "%s", got);
    FUZZ_ASSERT(g_str_equal(opened, wanted), "%s, not %s", opened, wanted);
}

static void check_numbers(const DaemonStatus *status) {
    FUZZ_ASSERT(daemon_status_number(status, "reloads") == said.number, "reloads");
    FUZZ_ASSERT(status->decisions->len == ACTION_COUNT, "%u actions", status->decisions->len);
    FUZZ_ASSERT(status->latencies->len == COUNTERS_LATENCIES, "%u", status->latencies->len);
    for (guint i = 0; i < ACTION_COUNT; i++) {
        const DaemonCount *count = &g_array_index(status->decisions, DaemonCount, i);
        FUZZ_ASSERT(g_str_equal(count->name, action_info((Action)i)->name), "%s", count->name);
        FUZZ_ASSERT(count->number == said.number >> i, "%s", count->name);
    }
    for (guint i = 0; i < COUNTERS_LATENCIES; i++) {
        const DaemonCount *count = &g_array_index(status->latencies, DaemonCount, i);
        FUZZ_ASSERT(count->number == said.number << i, "%s", count->name);
    }
}

static void check_rules(const DaemonStatus *status) {
    const Ruleset *ruleset = deployment_ruleset(get_deployment());
    FUZZ_ASSERT(status->rules->len == ruleset_rule_count(ruleset), "%u", status->rules->len);
    for (guint i = 0; i < status->rules->len; i++) {
        const DaemonRow *row = &g_array_index(status->rules, DaemonRow, i);
        check_text(row->where, ruleset_rule(ruleset, i)->place);
    }
}

static void read_status(void) {
    Status *status = make_status();
    g_autoptr(GString) text = status_format(status);
    g_autoptr(DaemonStatus) read = daemon_status_parse(text->str);
    status_free(status);
    check_text(daemon_status_text(read, "rules"), said.texts[0]);
    check_text(daemon_status_text(read, "reload_text"), said.texts[1]);
    check_numbers(read);
    check_rules(read);
    FUZZ_ASSERT(read->listen->len == g_strv_length(said.texts + 2), "%u", read->listen->len);
    for (guint i = 0; i < read->listen->len; i++) {
        check_text(g_ptr_array_index(read->listen, i), said.texts[i + 2]);
    }
}

/* Of the input's lines. */
static void say(const char *text) {
    g_autofree char *whole = g_strconcat(text, "\n\n", NULL);
    said.number = text[0] ? g_str_hash(text) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15) : 0;
    said.trouble = g_strdup(text);
    said.texts = g_strsplit(whole, "\n", -1);
}

static void unsay(void) {
    g_clear_pointer(&said.trouble, g_free);
    g_clear_pointer(&said.texts, g_strfreev);
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size) {
    Bytes bytes = bytes_make(data, size);
    guint choice = bytes_below(&bytes, 5);
    size_t piece = bytes_take(&bytes);
    Text rest = bytes_rest(&bytes);
    g_autofree char *copy = fuzz_copy(rest);
    g_autofree char *string = g_strndup(rest.data, rest.length);
    Text text = text_make(copy, rest.length);
    say(string);
    if (choice == 0) {
        attack_control(text, piece);
    } else if (choice == 1) {
        ask_control(said.texts[0]);
    } else if (choice == 2) {
        hear_daemon(text, piece);
    } else if (choice == 3) {
        hear_policy(text, piece);
    } else {
        read_status();
    }
    unsay();
    return 0;
}
