/*
 * Systemd: by libsystemd. A message that can't be sent is dropped: whom it was for has gone, and
 * the daemon serves on.
 */
#include "systemd.h"

#include <gio/gio.h>

#ifdef HAVE_LIBSYSTEMD

#include <systemd/sd-daemon.h>

#define KEEP_ENVIRONMENT 0
#define UNSET_ENVIRONMENT 1

gboolean systemd_hands_sockets(void) {
    return sd_listen_fds(KEEP_ENVIRONMENT) != 0;
}

GArray *systemd_take_sockets(GError **error) {
    int count = sd_listen_fds(UNSET_ENVIRONMENT);
    if (count < 0) {
        g_set_error(error, G_IO_ERROR, (int)g_io_error_from_errno(-count),
                    "cannot take the sockets of LISTEN_FDS: %s", g_strerror(-count));
        return NULL;
    }
    GArray *sockets = g_array_new(FALSE, FALSE, sizeof(int));
    for (int i = 0; i < count; i++) {
        int fd = SD_LISTEN_FDS_START + i;
        g_array_append_val(sockets, fd);
    }
    return sockets;
}

void systemd_tell_ready(const char *status) {
    sd_notifyf(KEEP_ENVIRONMENT, "READY=1\nSTATUS=%s", status);
}

void systemd_tell_reloading(void) {
    sd_notifyf(KEEP_ENVIRONMENT,
               "RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT "\nSTATUS=reading the rules anew",
               g_get_monotonic_time());
}

void systemd_tell_stopping(void) {
    sd_notify(KEEP_ENVIRONMENT, "STOPPING=1\nSTATUS=answering what has arrived");
}

/* GSourceFunc */
static gboolean tell_alive(gpointer data) {
    (void)data;
    sd_notify(KEEP_ENVIRONMENT, "WATCHDOG=1");
    return G_SOURCE_CONTINUE;
}

/* The main loop alone is watched. A worker that waits for a stalled disk keeps the audit's promise,
 * and a restart would not help it. */
guint systemd_watch(void) {
    guint64 allowed; /* microseconds */
    if (sd_watchdog_enabled(KEEP_ENVIRONMENT, &allowed) <= 0) {
        return 0;
    }
    return g_timeout_add((guint)CLAMP(allowed / 2000, 1, G_MAXUINT), tell_alive, NULL);
}

#else

#include <unistd.h>

gboolean systemd_hands_sockets(void) {
    const char *process = g_getenv("LISTEN_PID");
    return process && g_ascii_strtoull(process, NULL, 10) == (guint64)getpid();
}

GArray *systemd_take_sockets(GError **error) {
    if (systemd_hands_sockets()) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                    "sockets are handed over, and this policyd is built without libsystemd; give "
                    "--listen unix:PATH");
        return NULL;
    }
    return g_array_new(FALSE, FALSE, sizeof(int));
}

void systemd_tell_ready(const char *status) {
    (void)status;
}

void systemd_tell_reloading(void) {
}

void systemd_tell_stopping(void) {
}

guint systemd_watch(void) {
    return 0;
}

#endif
