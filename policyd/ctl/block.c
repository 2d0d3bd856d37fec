/*
 * Block: `request=smtpd_access_policy` is added where it was left out. What a person typed is held
 * to more than what a program sends: a mistyped name would be ignored by policyd, and the answer
 * would be to another question. Errors are of G_OPTION_ERROR or G_FILE_ERROR.
 */
#include "ctl/block.h"

#include <errno.h>
#include <string.h>

#include "fail.h"
#include "limit.h"
#include "protocol/attribute.h"
#include "protocol/frame.h"
#include "protocol/request.h"
#include "rules/nearest.h"

static const char policy_line[] = "request=smtpd_access_policy\n";

#define FAIL(error, ...) fail_with((error), G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, __VA_ARGS__)

Text block_text(const GString *block) {
    return text_make(block->str, block->len);
}

static gboolean has_request(const GString *block) {
    return g_str_has_prefix(block->str, "request=")
           || memmem(block->str, block->len, "\nrequest=", strlen("\nrequest="));
}

static gboolean check_frame(const GString *block, GError **error) {
    size_t scanned = 0;
    size_t length = 0;
    FrameStatus status = frame_find(block_text(block), &scanned, &length);
    if (status != FRAME_COMPLETE) {
        return FAIL(error, "the request is longer than %d bytes", LIMIT_BLOCK);
    }
    return length == block->len || FAIL(error, "the request goes on after its empty line");
}

/* Takes lines, each with its newline, and hands them back as a block. */
static GString *finish(GString *taken, GError **error) {
    g_autoptr(GString) block = taken;
    Request request;
    if (!has_request(block)) {
        g_string_prepend(block, policy_line);
    }
    if (block->str[block->len - 2] != '\n') {
        g_string_append_c(block, '\n');
    }
    if (!check_frame(block, error)) {
        return NULL;
    }
    RequestStatus status = request_parse(block_text(block), &request);
    if (status != REQUEST_OK) {
        FAIL(error, "malformed request: %s", request_status_text(status));
        return NULL;
    }
    return g_steal_pointer(&block);
}

static gboolean refuse_name(Text name, GError **error) {
    const char *known[ATTRIBUTE_COUNT + 1] = {NULL};
    for (int i = 0; i < ATTRIBUTE_COUNT; i++) {
        known[i] = attribute_info((Attribute)i)->name;
    }
    const char *nearest = nearest_find(name, known);
    return nearest ? FAIL(error, "unknown attribute '%.*s'; did you mean '%s'?", (int)name.length,
                          name.data, nearest)
                   : FAIL(error, "unknown attribute '%.*s'; policyd.rules(5) lists them",
                          (int)name.length, name.data);
}

static gboolean check_argument(Text argument, guint64 *seen, GError **error) {
    Attribute attribute;
    ssize_t equals = text_find(argument, '=');
    if (equals < 0) {
        return FAIL(error, "'%s' is not NAME=VALUE", argument.data);
    }
    Text name = text_make(argument.data, (size_t)equals);
    if (!attribute_find(name, &attribute)) {
        return refuse_name(name, error);
    }
    guint64 bit = G_GUINT64_CONSTANT(1) << attribute;
    if (*seen & bit) {
        return FAIL(error, "attribute '%.*s' is given twice", (int)name.length, name.data);
    }
    if (text_find(argument, '\n') >= 0) {
        return FAIL(error, "the value of '%.*s' holds a newline", (int)name.length, name.data);
    }
    *seen |= bit;
    return TRUE;
}

GString *block_from_arguments(char *const *arguments, GError **error) {
    g_autoptr(GString) block = g_string_new(NULL);
    guint64 seen = 0;
    for (; *arguments; arguments++) {
        if (!check_argument(text_from_string(*arguments), &seen, error)) {
            return NULL;
        }
        g_string_append_printf(block, "%s\n", *arguments);
    }
    return finish(g_steal_pointer(&block), error);
}

GString *block_read(FILE *stream, GError **error) {
    /* One byte more than a block may have, to tell that it is too long. */
    g_autofree char *bytes = g_malloc(LIMIT_BLOCK + 1);
    size_t length = fread(bytes, 1, LIMIT_BLOCK + 1, stream);
    if (ferror(stream)) {
        g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(errno),
                    "cannot read standard input: %s", g_strerror(errno));
        return NULL;
    }
    if (length == 0 || bytes[0] == '\n') {
        FAIL(error,
             "no request: give NAME=VALUE arguments, or an attribute block on standard input");
        return NULL;
    }
    g_autoptr(GString) block = g_string_new_len(bytes, (gssize)length);
    if (bytes[length - 1] != '\n') {
        g_string_append_c(block, '\n');
    }
    return finish(g_steal_pointer(&block), error);
}
