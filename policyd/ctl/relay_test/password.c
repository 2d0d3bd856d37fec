/*
 * RelayPassword: a line, read byte by byte, so that no more of it is anywhere. While the terminal
 * does not echo, Ctrl-C is a byte of the line, so that it can't leave the terminal so.
 */
#include "ctl/relay_test/password.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "ctl/relay_test/relay_limit.h"
#include "ctl/relay_test/reply.h"
#include "fail.h"

#define TERMINAL "/dev/tty"

static gboolean fail_errno(GError **error, const char *path) {
    int code = errno;
    return fail_with(error, G_IO_ERROR, (int)g_io_error_from_errno(code), "cannot read '%s': %s",
                     path, g_strerror(code));
}

static gboolean check(const char *line, size_t length, const char *path, GError **error) {
    if (length == 0) {
        return fail_with(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "no password in '%s'", path);
    }
    if (length > LIMIT_RELAY_PASSWORD) {
        return fail_with(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                         "the password in '%s' is longer than %d bytes", path,
                         LIMIT_RELAY_PASSWORD);
    }
    for (size_t i = 0; i < length; i++) {
        if (g_ascii_iscntrl(line[i])) {
            return fail_with(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                             "a control character in the password from '%s'", path);
        }
    }
    return TRUE;
}

static char *read_line(int fd, const char *path, GError **error) {
    char line[LIMIT_RELAY_PASSWORD + 1];
    size_t length = 0;
    ssize_t count = 1;
    char *password = NULL;
    while (length < sizeof line && (count = read(fd, line + length, 1)) > 0
           && line[length] != '\n') {
        length++;
    }
    if (count < 0) {
        fail_errno(error, path);
    } else {
        length -= count > 0 && length > 0 && length < sizeof line && line[length - 1] == '\r';
        password = check(line, length, path, error) ? g_strndup(line, length) : NULL;
    }
    explicit_bzero(line, sizeof line);
    return password;
}

char *relay_password_read(const char *path, GError **error) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fail_errno(error, path);
        return NULL;
    }
    char *password = read_line(fd, path, error);
    close(fd);
    return password;
}

/* The prompt comes when the echo is off: whoever types at once is not shown either. */
static char *ask_quietly(int fd, const GString *prompt, GError **error) {
    struct termios before;
    if (tcgetattr(fd, &before) != 0) {
        fail_errno(error, TERMINAL);
        return NULL;
    }
    struct termios quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
    if (tcsetattr(fd, TCSAFLUSH, &quiet) != 0) {
        fail_errno(error, TERMINAL);
        return NULL;
    }
    char *password = NULL;
    if (write(fd, prompt->str, prompt->len) < 0) {
        fail_errno(error, TERMINAL);
    } else {
        password = read_line(fd, TERMINAL, error);
    }
    tcsetattr(fd, TCSAFLUSH, &before);
    if (write(fd, "\n", 1) < 0 && password) {
        fail_errno(error, TERMINAL);
        g_clear_pointer(&password, g_free);
    }
    return password;
}

char *relay_password_ask(const char *login, GError **error) {
    g_autoptr(GString) prompt = g_string_new("password of ");
    int fd = open(TERMINAL, O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        fail_with(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                  "no terminal to ask for the password on; give --password-file");
        return NULL;
    }
    relay_reply_escape(login, strlen(login), prompt);
    g_string_append(prompt, ": ");
    char *password = ask_quietly(fd, prompt, error);
    close(fd);
    return password;
}
