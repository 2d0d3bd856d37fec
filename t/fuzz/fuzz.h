/*
 * Fuzz: what the targets share. Each fuzz_NAME.c is a program of its own, by the interface of
 * libFuzzer, which AFL++ takes too: it is given bytes, and ends with an abort where what it looks
 * at breaks a promise.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <glib.h>
#include <signal.h>
#include <stdlib.h>

#include "protocol/text.h"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

/* Ends the program with a message if `truth` is FALSE. */
#define FUZZ_ASSERT(truth, ...)                                    \
    do {                                                           \
        if (!(truth)) {                                            \
            g_printerr("%s:%d: %s: ", __FILE__, __LINE__, #truth); \
            g_printerr(__VA_ARGS__);                               \
            g_printerr("\n");                                      \
            abort();                                               \
        }                                                          \
    } while (0)

/* A signal's handler */
static inline void fuzz_abort(int number) {
    (void)number;
    abort();
}

/* A warning of GLib's ends the program by SIGTRAP, which libFuzzer doesn't look for: the input
 * would be lost. */
__attribute__((constructor)) static inline void fuzz_keep_input(void) {
    signal(SIGTRAP, fuzz_abort);
}

/* The bytes in memory of just their size, so that a sanitizer sees a read past them; to be freed.
 */
static inline char *fuzz_copy(Text text) {
    return text.length > 0 ? g_memdup2(text.data, text.length) : g_malloc(1);
}

static inline Text fuzz_text(const guint8 *data, size_t size) {
    return text_make((const char *)data, size);
}

static inline gboolean fuzz_is_printable(Text text) {
    for (size_t i = 0; i < text.length; i++) {
        if (!g_ascii_isprint(text.data[i])) {
            return FALSE;
        }
    }
    return TRUE;
}

/* What may go to a terminal as lines: UTF-8 without control characters but newlines and tabs. */
static inline gboolean fuzz_is_showable(const char *text) {
    gboolean good = g_utf8_validate(text, -1, NULL);
    for (const char *at = text; good && *at; at += g_utf8_skip[(guchar)*at]) {
        good = *at == '\n' || *at == '\t' || !g_unichar_iscntrl(g_utf8_get_char(at));
    }
    return good;
}

#endif
