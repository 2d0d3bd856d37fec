/*
 * Log: formats, escapes, cuts to LIMIT_LOG_LINE and writes. It never waits for a pipe or a
 * terminal: a message that doesn't fit is lost, and the next that does says how many were.
 */
#include "log.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "server_limit.h"

static gint lost;

static LineWriter *writer;

/* poll() calls a terminal writable that has room for a byte, and write() then waits for the rest,
 * for ever where output is stopped. So it is opened anew: O_NONBLOCK on what was inherited would be
 * the shell's too. A terminal that this user may not open stays as it is. */
static int find_stderr(void) {
    int fd = isatty(STDERR_FILENO)
                 ? open("/proc/self/fd/2", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
                 : -1;
    return fd >= 0 ? fd : STDERR_FILENO;
}

static void make_writer(void) {
    writer = line_writer_new(find_stderr());
}

LineWriter *log_stderr(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_writer);
    return writer;
}

/* Room is left for one escape and the newline. */
static void escape(GString *line, const char *text) {
    for (; *text && line->len < LIMIT_LOG_LINE - 5; text++) {
        if (g_ascii_isprint(*text) && *text != '\\') {
            g_string_append_c(line, *text);
        } else {
            g_string_append_printf(line, "\\x%02x", (guchar)*text);
        }
    }
    g_string_append_c(line, '\n');
}

static gboolean write_line(const char *severity, const char *text) {
    g_autoptr(GString) line = g_string_sized_new(256);
    LineLoss loss = {0};
    g_string_append_printf(line, "policyd: %s: ", severity);
    escape(line, text);
    line_writer_write(log_stderr(), line->str, line->len, &loss);
    return loss.lines == 0;
}

static void write_message(const char *severity, const char *format, va_list arguments)
    G_GNUC_PRINTF(2, 0);

static void write_message(const char *severity, const char *format, va_list arguments) {
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    gint missed = g_atomic_int_get(&lost);
    if (missed > 0) {
        g_autofree char *note = g_strdup_printf("%d messages before this one were lost", missed);
        if (write_line("warning", note)) {
            g_atomic_int_add(&lost, -missed);
        }
    }
    if (!write_line(severity, text)) {
        g_atomic_int_inc(&lost);
    }
}

#define WRITE(severity, format)                     \
    do {                                            \
        va_list arguments;                          \
        va_start(arguments, format);                \
        write_message(severity, format, arguments); \
        va_end(arguments);                          \
    } while (0)

void log_error(const char *format, ...) {
    WRITE("error", format);
}

void log_warning(const char *format, ...) {
    WRITE("warning", format);
}

void log_info(const char *format, ...) {
    WRITE("info", format);
}
