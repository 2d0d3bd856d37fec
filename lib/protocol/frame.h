/*
 * Frame: where an attribute block ends. A block is lines `name=value\n` and an empty line
 * (src/util/attr_print_plain.c), so it ends at the first empty line, which may be its first.
 */
#ifndef POLICY_FRAME_H
#define POLICY_FRAME_H

#include "protocol/text.h"

typedef enum {
    FRAME_INCOMPLETE, /* more bytes are needed */
    FRAME_COMPLETE,   /* *length bytes are a block, its empty line included */
    FRAME_TOO_LARGE,  /* no end within LIMIT_BLOCK bytes: not to be answered */
} FrameStatus;

/*
 * Looks for the end of the block that starts at data.data. *scanned is 0 for new bytes; on
 * FRAME_INCOMPLETE it says how many need not be looked at again, and is handed back with the same
 * bytes and more behind them. *length is written on FRAME_COMPLETE only.
 */
FrameStatus frame_find(Text data, size_t *scanned, size_t *length);

#endif
