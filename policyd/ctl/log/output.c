/*
 * LogOutput: write() and poll(). Fails where they do; EPIPE is no error, but the end.
 */
#include "ctl/log/output.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "protocol/text.h"

#define PIECE 65536
#define DEFAULT_WIDTH 80

struct LogOutput {
    int fd;
    GString *text;
};

LogOutput *log_output_new(int fd) {
    LogOutput *output = g_new0(LogOutput, 1);
    output->fd = fd;
    output->text = g_string_sized_new(PIECE * 2);
    return output;
}

void log_output_free(LogOutput *output) {
    if (output) {
        g_string_free(output->text, TRUE);
        g_free(output);
    }
}

GString *log_output_text(LogOutput *output) {
    return output->text;
}

gboolean log_output_spill(LogOutput *output, GError **error) {
    return output->text->len < PIECE || log_output_flush(output, error);
}

gboolean log_output_flush(LogOutput *output, GError **error) {
    const char *at = output->text->str;
    size_t left = output->text->len;
    while (left > 0) {
        ssize_t written = write(output->fd, at, left);
        if (written < 0 && errno != EINTR) {
            int number = errno;
            if (number != EPIPE) {
                g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(number),
                            "cannot write standard output: %s", g_strerror(number));
            }
            return FALSE;
        }
        at += MAX(written, 0);
        left -= (size_t)MAX(written, 0);
    }
    g_string_truncate(output->text, 0);
    return TRUE;
}

gboolean log_output_wait(const LogOutput *output, guint milliseconds) {
    struct pollfd ask = {.fd = output->fd};
    return poll(&ask, 1, (int)milliseconds) <= 0;
}

gboolean log_output_is_terminal(const LogOutput *output) {
    return isatty(output->fd);
}

gboolean log_output_has_colour(const LogOutput *output) {
    const char *refused = g_getenv("NO_COLOR");
    const char *terminal = g_getenv("TERM");
    return isatty(output->fd) && !(refused && *refused) && terminal && *terminal
           && !g_str_equal(terminal, "dumb");
}

guint log_output_width(const LogOutput *output) {
    guint64 columns;
    struct winsize size;
    if (text_parse_number(text_from_string(g_getenv("COLUMNS")), &columns) && columns > 0) {
        return (guint)MIN(columns, G_MAXUINT16);
    }
    return ioctl(output->fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col
                                                                        : DEFAULT_WIDTH;
}

gboolean log_output_is_utf8(void) {
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    if (!locale) {
        return FALSE;
    }
    gboolean utf8 = g_str_equal(nl_langinfo_l(CODESET, locale), "UTF-8");
    freelocale(locale);
    return utf8;
}
