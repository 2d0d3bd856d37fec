/*
 * Frame: looks at newlines only; no byte is special but them.
 */
#include "protocol/frame.h"

#include <string.h>

#include "limit.h"

FrameStatus frame_find(Text data, size_t *scanned, size_t *length) {
    size_t limit = MIN(data.length, LIMIT_BLOCK);
    size_t at = *scanned;
    while (at < limit) {
        const char *newline = memchr(data.data + at, '\n', limit - at);
        if (!newline) {
            at = limit;
            break;
        }
        size_t here = (size_t)(newline - data.data);
        if (here == 0 || data.data[here - 1] == '\n') {
            *length = here + 1;
            return FRAME_COMPLETE;
        }
        at = here + 1;
    }
    *scanned = at;
    return data.length >= LIMIT_BLOCK ? FRAME_TOO_LARGE : FRAME_INCOMPLETE;
}
