/*
 * RuleText: a rule goes on in the lines that start with white space; blank and comment lines among
 * them don't end it.
 */
#include "ctl/rule_text.h"

#include <string.h>

/* The line that starts at *at, without the blanks around it; *at becomes the next one's start. */
static Text take_line(Text file, size_t *at) {
    Text line = text_make(file.data + *at, file.length - *at);
    ssize_t newline = text_find(line, '\n');
    line.length = newline < 0 ? line.length : (size_t)newline;
    *at += line.length + 1;
    while (line.length > 0 && strchr(" \t", line.data[0])) {
        line = text_make(line.data + 1, line.length - 1);
    }
    while (line.length > 0 && strchr(" \t", line.data[line.length - 1])) {
        line.length--;
    }
    return line;
}

char *rule_text(const Ruleset *ruleset, const Rule *rule) {
    GString *text = g_string_new(NULL);
    Text file = ruleset_source(ruleset)->text;
    size_t at = rule->offset;
    do {
        Text line = take_line(file, &at);
        if (line.length > 0 && line.data[0] != '#') {
            g_string_append(text, text->len > 0 ? " " : "");
            g_string_append_len(text, line.data, (gssize)line.length);
        }
    } while (at < file.length && strchr(" \t\n#", file.data[at]));
    return g_string_free(text, FALSE);
}
