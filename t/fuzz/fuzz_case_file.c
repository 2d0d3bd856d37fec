/*
 * Fuzz target case_file: any bytes as a file of cases. It is faulty, and then why can be shown; or
 * each case has a request that policyd would answer and an expectation that a reply can meet.
 */
#include "ctl/case_file.h"

#include <string.h>

#include "fuzz/fuzz.h"
#include "limit.h"
#include "protocol/frame.h"
#include "protocol/request.h"

static void check_case(const Case *expected) {
    Text block = text_make(expected->block->str, expected->block->len);
    Request request;
    size_t scanned = 0;
    size_t length = 0;
    FUZZ_ASSERT(frame_find(block, &scanned, &length) == FRAME_COMPLETE, "%s", block.data);
    FUZZ_ASSERT(length == block.length && length <= LIMIT_BLOCK, "%s", block.data);
    FUZZ_ASSERT(request_parse(block, &request) == REQUEST_OK, "%s", block.data);
    FUZZ_ASSERT(request.repeated == 0, "%s", block.data);
    FUZZ_ASSERT(expected->action < ACTION_COUNT, "%d", (int)expected->action);
    if (expected->decision) {
        FUZZ_ASSERT(fuzz_is_printable(text_from_string(expected->decision)), "%s",
                    expected->decision);
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(GPtrArray) cases = case_file_new();
    g_autofree char *copy = fuzz_copy(fuzz_text(data, size));
    g_autoptr(Source) source = source_new("f", text_make(copy, size));
    case_file_read_source(source, cases, diagnostics);
    diagnostics_sort(diagnostics);
    g_autofree char *faults = diagnostics_format(diagnostics);
    FUZZ_ASSERT(fuzz_is_showable(faults), "%s", faults);
    for (guint i = 0; i < cases->len; i++) {
        check_case(g_ptr_array_index(cases, i));
    }
    return 0;
}
