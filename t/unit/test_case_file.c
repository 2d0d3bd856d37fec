/*
 * Units of policyd/ctl/case_file: what cases say, every error with its place, the limits, and that
 * any request can be said in both forms.
 */
#include "ctl/case_file.h"

#include <glib/gstdio.h>
#include <string.h>

#include "ctl/ctl_limit.h"
#include "limit.h"
#include "protocol/request.h"
#include "unit/random.h"
#include "unit/rules.h"

#define POLICY "request=smtpd_access_policy\n"

typedef struct {
    GPtrArray *cases;
    Diagnostics *diagnostics;
} Found;

static Found read_text(Text text) {
    Found found = {case_file_new(), diagnostics_new()};
    g_autoptr(Source) source = source_new("c", text);
    case_file_read_source(source, found.cases, found.diagnostics);
    return found;
}

static void clear(Found *found) {
    g_ptr_array_unref(found->cases);
    diagnostics_free(found->diagnostics);
}

/* Files of one case. */
static const struct {
    const char *name;
    const char *file;
    const char *place;
    Action action;
    const char *decision; /* NULL: the action alone */
    Text block;
} good[] = {
    {"an action", "permit size=1\n", "c:1", ACTION_PERMIT, NULL, BYTES(POLICY "size=1\n\n")},
    {"no newline at the end", "permit size=1", "c:1", ACTION_PERMIT, NULL,
     BYTES(POLICY "size=1\n\n")},
    {"blanks", "permit \t size=1\t \n", "c:1", ACTION_PERMIT, NULL, BYTES(POLICY "size=1\n\n")},
    {"comments and empty lines", "# a=b\n\n \t\n  # permit\npermit size=1\n#\n", "c:5",
     ACTION_PERMIT, NULL, BYTES(POLICY "size=1\n\n")},
    {"the order as given", "dunno size=1 sender=a\n", "c:1", ACTION_DUNNO, NULL,
     BYTES(POLICY "size=1\nsender=a\n\n")},
    {"a text", "reject \"5.7.1 No \\\"x\\\\\" size=1\n", "c:1", ACTION_REJECT,
     "REJECT 5.7.1 No \"x\\", BYTES(POLICY "size=1\n\n")},
    {"a code and a text", "reject 550 \"5.7.1 No\" size=1\n", "c:1", ACTION_REJECT, "550 5.7.1 No",
     BYTES(POLICY "size=1\n\n")},
    {"restrictions", "restrict \"permit_mynetworks,reject\" size=1\n", "c:1", ACTION_RESTRICT,
     "permit_mynetworks, reject", BYTES(POLICY "size=1\n\n")},
    {"an empty value", "permit sender= size=\"\"\n", "c:1", ACTION_PERMIT, NULL,
     BYTES(POLICY "sender=\nsize=\n\n")},
    {"signs in a value", "permit sender=a=b\\x41'#{\n", "c:1", ACTION_PERMIT, NULL,
     BYTES(POLICY "sender=a=b\\x41'#{\n\n")},
    {"a value in quotes", "permit sender=\"a \\\"b\\\\ c\" size=1\n", "c:1", ACTION_PERMIT, NULL,
     BYTES(POLICY "sender=a \"b\\ c\nsize=1\n\n")},
    {"bytes in a value", "permit sender=\"\\x00\\xfF\\x22\"\n", "c:1", ACTION_PERMIT, NULL,
     BYTES(POLICY "sender=\0\xff\"\n\n")},
    {"UTF-8", "permit sender=\xc3\xbc\n", "c:1", ACTION_PERMIT, NULL,
     BYTES(POLICY "sender=\xc3\xbc\n\n")},
    {"the policy request", "permit request=smtpd_access_policy\n", "c:1", ACTION_PERMIT, NULL,
     BYTES(POLICY "\n")},
    {"a block", "reject\nrequest=smtpd_access_policy\nsize=1\n\n", "c:1", ACTION_REJECT, NULL,
     BYTES(POLICY "size=1\n\n")},
    {"a block without the policy request", "reject\nsize=1\n\n", "c:1", ACTION_REJECT, NULL,
     BYTES(POLICY "size=1\n\n")},
    {"a block that the file ends", "reject\nsize=1\n", "c:1", ACTION_REJECT, NULL,
     BYTES(POLICY "size=1\n\n")},
    {"a block that ends in the file's last line", "reject \t\nsize=1", "c:1", ACTION_REJECT, NULL,
     BYTES(POLICY "size=1\n\n")},
    {"a block with a text", "reject 550 \"No\" \nsize=1\n\n", "c:1", ACTION_REJECT, "550 No",
     BYTES(POLICY "size=1\n\n")},
    {"the bytes of a block", "reject\nsender= \"a\\x41\" # b \nhelo_name=\n\n", "c:1",
     ACTION_REJECT, NULL, BYTES(POLICY "sender= \"a\\x41\" # b \nhelo_name=\n\n")},
};

START_TEST(test_good) {
    Found found = read_text(text_from_string(good[_i].file));
    g_autofree char *report = rules_report(found.diagnostics, "c");
    ck_assert_str_eq(report, "");
    ck_assert_uint_eq(found.cases->len, 1);
    const Case *got = g_ptr_array_index(found.cases, 0);
    ck_assert_str_eq(got->place, good[_i].place);
    ck_assert_int_eq(got->action, good[_i].action);
    ck_assert_pstr_eq(got->decision, good[_i].decision);
    UNIT_ASSERT_TEXT(good[_i].name, text_make(got->block->str, got->block->len), good[_i].block);
    clear(&found);
}
END_TEST

static const struct {
    const char *name;
    Text file;
    guint cases; /* that are read in spite of it */
    const char *report;
} wrong[] = {
    {"an unknown action", BYTES("pemit size=1\nhold size=1\nxyz size=1\n"), 1,
     "1:1: unknown action 'pemit'; did you mean 'permit'?\n3:1: unknown action 'xyz'"},
    {"no action", BYTES("size=1\n"), 0,
     "1:1: a case begins with the action that is expected, as in 'permit "
     "client_address=192.0.2.1'"},
    {"no action above a block", BYTES("size=1\nsender=a\n\nhold size=1\n"), 1,
     "1:1: a case begins with the action that is expected, as in 'permit "
     "client_address=192.0.2.1'"},
    {"a wrong action above a block", BYTES("pemit\nsize=1\nsender=a\n\nhold size=1\n"), 1,
     "1:1: unknown action 'pemit'; did you mean 'permit'?"},
    {"attribute lines behind an empty line", BYTES("pemit\nsize=1\n\nsize=1\n"), 0,
     "1:1: unknown action 'pemit'; did you mean 'permit'?\n"
     "4:1: a case begins with the action that is expected, as in 'permit "
     "client_address=192.0.2.1'"},
    {"white space before a case", BYTES(" permit size=1\nhold size=1\n"), 1,
     "1:1: a case begins in the first column"},
    {"a code that is none", BYTES("reject 55 \"No\" size=1\nreject 55x \"No\" size=1\n"), 0,
     "1:8: a reply code has three digits\n2:8: a reply code has three digits"},
    {"a code that is not its action's", BYTES("reject 450 \"No\" size=1\n"), 0,
     "1:8: a reply code of 'reject' is between 500 and 599"},
    {"a code without text", BYTES("reject 550 size=1\n"), 0,
     "1:1: 'reject' with a reply code needs a text: Postfix takes digits alone for a permit"},
    {"a text that is not its action's", BYTES("permit \"yes\" size=1\n"), 0,
     "1:8: 'permit' takes no text"},
    {"an escape in a text", BYTES("reject \"\\x41\" size=1\n"), 0,
     "1:9: a text has the escapes \\\" and \\\\ only"},
    {"an escape at the end of a line", BYTES("permit sender=\"a\\\nhold size=1\n"), 1,
     "1:17: a value has the escapes \\\", \\\\ and \\xHH only"},
    {"escapes in a value",
     BYTES("permit sender=\"\\n\"\npermit sender=\"\\xg0\"\npermit "
           "sender=\"\\x4\""),
     0,
     "1:16: a value has the escapes \\\", \\\\ and \\xHH only\n"
     "2:16: a value has the escapes \\\", \\\\ and \\xHH only\n"
     "3:16: a value has the escapes \\\", \\\\ and \\xHH only"},
    {"half an escape at the end of the file", BYTES("permit sender=\"\\x4"), 0,
     "1:16: a value has the escapes \\\", \\\\ and \\xHH only"},
    {"no closing quote", BYTES("reject \"No size=1\npermit sender=\"a\n"), 0,
     "1:8: no closing '\"' on the line\n2:15: no closing '\"' on the line"},
    {"text behind a quote", BYTES("reject \"No\"size=1\npermit sender=\"a\"b\n"), 0,
     "1:12: unexpected text behind the closing '\"'\n"
     "2:18: unexpected text behind the closing '\"'"},
    {"a quote in a value", BYTES("permit sender=a\"b\"\n"), 0,
     "1:16: a '\"' in a value; put the whole value in quotes"},
    {"no value", BYTES("permit size\npermit =1\npermit size=1 # c\npermit size=1 \"a\"\n"), 0,
     "1:8: this is not NAME=VALUE\n2:8: this is not NAME=VALUE\n3:15: this is not NAME=VALUE\n"
     "4:15: this is not NAME=VALUE"},
    {"an unknown attribute", BYTES("permit seize=1\npermit colour=red\n"), 0,
     "1:8: unknown attribute 'seize'; did you mean 'size'?\n"
     "2:8: unknown attribute 'colour'; policyd.rules(5) lists them"},
    {"an attribute twice", BYTES("permit size=1 size=1\n"), 0,
     "1:15: the attribute is given twice"},
    {"a newline", BYTES("permit sender=\"\\x0a\"\n"), 0, "1:8: the value holds a newline"},
    {"another request", BYTES("permit request=x\n"), 0,
     "1:8: a request of Postfix has 'request=smtpd_access_policy'"},
    {"no request", BYTES("permit\n\npermit\n"), 0,
     "1:1: no request; NAME=VALUE words stand behind the action, or an attribute block below it\n"
     "3:1: no request; NAME=VALUE words stand behind the action, or an attribute block below it"},
    {"all of a block", BYTES("permit\nsize=1\nsize=1\nsize\n=1\n size=1\n#\n\nhold size=1\n"), 1,
     "3:1: the attribute is given twice\n"
     "4:1: this is not NAME=VALUE; an empty line ends a block\n"
     "5:1: this is not NAME=VALUE; an empty line ends a block\n"
     "6:1: unknown attribute ' size'; did you mean 'size'?\n"
     "7:1: this is not NAME=VALUE; an empty line ends a block"},
    {"a carriage return", BYTES("permit size=1\r\n"), 0,
     "1:14: a carriage return; save the file with Unix line ends"},
    {"a NUL", BYTES("permit size=\0\n"), 0, "1:13: a NUL byte"},
    {"a byte that is not UTF-8", BYTES("permit sender=\xff\n"), 0,
     "1:15: a byte that is not UTF-8"},
};

START_TEST(test_wrong) {
    Found found = read_text(wrong[_i].file);
    g_autofree char *report = rules_report(found.diagnostics, "c");
    if (!g_str_equal(report, wrong[_i].report) || found.cases->len != wrong[_i].cases) {
        ck_abort_msg("%s: got %u cases, and\n%s\nnot\n%s", wrong[_i].name, found.cases->len, report,
                     wrong[_i].report);
    }
    clear(&found);
}
END_TEST

START_TEST(test_empty) {
    static const char *const files[] = {"", "\n", "#", "# a\n\n \n"};
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        Found found = read_text(text_from_string(files[i]));
        ck_assert_uint_eq(found.cases->len, 0);
        ck_assert_uint_eq(diagnostics_count(found.diagnostics), 0);
        clear(&found);
    }
}
END_TEST

START_TEST(test_several) {
    Found found = read_text(text_from_string("permit size=1\ndunno\nsize=2\n\nhold size=3\n"
                                             "defer\nsize=4"));
    static const char *const places[] = {"c:1", "c:2", "c:5", "c:6"};
    ck_assert_uint_eq(found.cases->len, 4);
    for (guint i = 0; i < 4; i++) {
        const Case *got = g_ptr_array_index(found.cases, i);
        g_autofree char *block = g_strdup_printf(POLICY "size=%u\n\n", i + 1);
        ck_assert_str_eq(got->place, places[i]);
        UNIT_ASSERT_TEXT("block", text_make(got->block->str, got->block->len),
                         text_from_string(block));
    }
    clear(&found);
}
END_TEST

/* A request of just as many bytes as policyd takes, and of one more. */
START_TEST(test_longest_request) {
    size_t rest = LIMIT_BLOCK - strlen(POLICY "sender=\n\n") + (size_t)_i;
    g_autofree char *value = g_strnfill(rest, 'x');
    g_autofree char *file = g_strconcat("permit sender=", value, NULL);
    Found found = read_text(text_from_string(file));
    g_autofree char *report = rules_report(found.diagnostics, "c");
    ck_assert_uint_eq(found.cases->len, _i == 0 ? 1 : 0);
    ck_assert_str_eq(report, _i == 0 ? "" : "1:1: the request is longer than 65536 bytes");
    clear(&found);
}
END_TEST

/* A file of just as many bytes as are read, and of one more. */
START_TEST(test_longest_file) {
    g_autofree char *path = NULL;
    g_autofree char *text = g_strnfill((size_t)(LIMIT_CASE_FILE + _i), '\n');
    Found found = {case_file_new(), diagnostics_new()};
    int fd = g_file_open_tmp("policyd-XXXXXX", &path, NULL);
    ck_assert_int_ge(fd, 0);
    g_close(fd, NULL);
    ck_assert(g_file_set_contents(path, text, LIMIT_CASE_FILE + _i, NULL));
    case_file_read(path, found.cases, found.diagnostics);
    g_autofree char *report = rules_report(found.diagnostics, path);
    ck_assert_str_eq(report, _i == 0 ? "" : "0:0: cannot read: it is over 16 MiB long");
    ck_assert_int_eq(g_unlink(path), 0);
    clear(&found);
}
END_TEST

/* Case files are read one after the other: what was found in one is not taken for the next. */
START_TEST(test_two_files) {
    Found found = {case_file_new(), diagnostics_new()};
    case_file_read(TEST_FOLDER "/no-such-file", found.cases, found.diagnostics);
    case_file_read(TEST_FOLDER "/verbs/files/test-wrong.cases", found.cases, found.diagnostics);
    guint once = diagnostics_count(found.diagnostics);
    case_file_read(TEST_FOLDER "/verbs/files/test-wrong.cases", found.cases, found.diagnostics);
    ck_assert_uint_gt(once, 1);
    ck_assert_uint_eq(diagnostics_count(found.diagnostics), 2 * once - 1);
    for (guint i = 1; i < once; i++) {
        g_autofree char *first = diagnostic_format(diagnostics_get(found.diagnostics, i));
        g_autofree char *second =
            diagnostic_format(diagnostics_get(found.diagnostics, i + once - 1));
        ck_assert_str_eq(first, second);
    }
    clear(&found);
}
END_TEST

/* A value as a line and, where it can be, as a block has it. */
static void append_value(Random *random, GString *out, const char *value, size_t length) {
    for (size_t i = 0; i < length; i++) {
        guchar byte = (guchar)value[i];
        if ((byte == '"' || byte == '\\') && random_below(random, 2) > 0) {
            g_string_append_printf(out, "\\%c", byte);
        } else if (byte == '"' || byte == '\\' || byte < 0x20 || byte > 0x7e) {
            g_string_append_printf(out, random_below(random, 2) > 0 ? "\\x%02x" : "\\x%02X", byte);
        } else {
            g_string_append_c(out, (char)byte);
        }
    }
}

/* Any bytes but newlines can be said in a line; all that is text, in a block. */
START_TEST(test_round_trip) {
    Random random = random_start();
    for (int i = 0; i < 5000; i++) {
        char value[24];
        size_t length = random_below(&random, sizeof value);
        gboolean text = random_below(&random, 2) > 0;
        for (size_t j = 0; j < length; j++) {
            value[j] = (char)(text ? ' ' + random_below(&random, 95) : random_below(&random, 256));
            value[j] = value[j] == '\n' ? '"' : value[j];
        }
        g_autoptr(GString) file = g_string_new("hold sender=\"");
        append_value(&random, file, value, length);
        g_string_append(file, "\" size=1\nhold\nsender=");
        g_string_append_len(file, value, text ? (gssize)length : 0);
        g_string_append(file, "\n\n");
        Found found = read_text(text_make(file->str, file->len));
        RANDOM_ASSERT(&random, diagnostics_count(found.diagnostics) == 0 && found.cases->len == 2,
                      "%s", file->str);
        for (guint j = 0; j < (text ? 2 : 1); j++) {
            const Case *got = g_ptr_array_index(found.cases, j);
            Request request;
            request_parse(text_make(got->block->str, got->block->len), &request);
            RANDOM_ASSERT(&random,
                          text_equal(request.values[ATTRIBUTE_SENDER], text_make(value, length)),
                          "%s", file->str);
        }
        clear(&found);
    }
}
END_TEST

/* Whatever the bytes, it ends and reads no further than the file; and what it reads is a request.
 */
START_TEST(test_noise) {
    static const char *const pieces[] = {"permit",  "reject", " ", "\n", "\"", "\\", "size=1",
                                         "sender=", "\\x4",   "1", "=",  "#",  "\t", "550"};
    Random random = random_start();
    for (int i = 0; i < 20000; i++) {
        g_autoptr(GString) file = g_string_new(NULL);
        for (guint j = random_below(&random, 12); j > 0; j--) {
            g_string_append(file, pieces[random_below(&random, G_N_ELEMENTS(pieces))]);
        }
        g_autofree char *copy = unit_copy(text_make(file->str, file->len));
        const Source source = {(char[]){"c"}, {copy, file->len}};
        Found found = {case_file_new(), diagnostics_new()};
        case_file_read_source(&source, found.cases, found.diagnostics);
        for (guint j = 0; j < found.cases->len; j++) {
            const Case *got = g_ptr_array_index(found.cases, j);
            Request request;
            RANDOM_ASSERT(&random,
                          request_parse(text_make(got->block->str, got->block->len), &request)
                              == REQUEST_OK,
                          "%s", file->str);
        }
        clear(&found);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("case_file");
    UNIT_ADD_TABLE(suite, test_good, good);
    UNIT_ADD_TABLE(suite, test_wrong, wrong);
    unit_add(suite, "test_empty", test_empty, 1);
    unit_add(suite, "test_several", test_several, 1);
    unit_add(suite, "test_longest_request", test_longest_request, 2);
    unit_add(suite, "test_longest_file", test_longest_file, 2);
    unit_add(suite, "test_two_files", test_two_files, 1);
    unit_add(suite, "test_round_trip", test_round_trip, 1);
    unit_add(suite, "test_noise", test_noise, 1);
    return unit_run(suite);
}
