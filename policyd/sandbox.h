/*
 * Sandbox: what the kernel holds the daemon to once it serves. Who takes it over by a request gets
 * a process that can start no program, make no connection but to a Unix socket, and open no file
 * for writing but as the audit log is opened.
 *
 * A seccomp filter allows the system calls that serving, reloading, logging and stopping take, some
 * of them with certain arguments only; at any other the kernel ends the process with SIGSYS and
 * says so in its log. Tests of all that a daemon does say what is on the list,
 * t/e2e/test_sandbox.py.
 *
 * Not limited, and why. Which files are read and written, by Landlock: the next reload may name
 * lists anywhere, and a log's folder may be made anew, which is another one to Landlock; the user's
 * rights and the unit's ProtectSystem hold there. Processes, by RLIMIT_NPROC: it counts those that
 * the user has elsewhere, and the filter allows none. Memory that is executable: PCRE2 compiles
 * regexes into it.
 */
#ifndef POLICYD_SANDBOX_H
#define POLICYD_SANDBOX_H

#include "settings.h"

/* For all threads, those to come too; nothing is left to start. The process leaves no core and
 * can't be traced by its own user either. FALSE and an error if the kernel won't; TRUE where the
 * filter is off, by the settings or by how policyd is built. */
gboolean sandbox_enter(const Settings *settings, GError **error);

/* What sandbox_enter() does, or why it does nothing, in words; static. */
const char *sandbox_text(const Settings *settings);

#endif
