/*
 * Systemd: telling the service manager how the daemon is, and taking the sockets that it hands
 * over: sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3). Where no manager has started the
 * program, there is nobody to tell and there are no sockets. Built without libsystemd it tells
 * nobody, and sockets that are handed over are an error. All of it is the main thread's.
 */
#ifndef POLICYD_SYSTEMD_H
#define POLICYD_SYSTEMD_H

#include <glib.h>

/* Whether systemd_take_sockets() has sockets, or an error, to give. */
gboolean systemd_hands_sockets(void);

/* The descriptors that were handed over, of int, close-on-exec; empty if there are none. They are
 * given once: processes started later don't see them. The caller frees the array and closes what is
 * in it. NULL and an error if they can't be taken. */
GArray *systemd_take_sockets(GError **error);

/* It serves, or does so again after systemd_tell_reloading(); `status` is a line for people. */
void systemd_tell_ready(const char *status);

void systemd_tell_reloading(void);
void systemd_tell_stopping(void);

/* Has the main loop give the manager's watchdog a sign of life, twice in the time that it allows.
 * The source's id, or 0 where no watchdog waits for this process. */
guint systemd_watch(void);

#endif
