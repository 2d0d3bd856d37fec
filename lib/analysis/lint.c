/*
 * Lint: what its parts share: the roots of all conditions, and the places of list entries. Of an
 * entry the ruleset knows file and line; in the rule file the column is found by its text.
 */
#include "analysis/lint.h"

#include <string.h>

#include "analysis/linter.h"

static void add_root(GArray *roots, const Expression *condition, Span span, gboolean named) {
    LintRoot root = {condition, span, named};
    if (condition) {
        g_array_append_val(roots, root);
    }
}

GArray *linter_roots(const Linter *linter) {
    const Ruleset *ruleset = linter->ruleset;
    const Source *source = ruleset_source(ruleset);
    GArray *roots = g_array_new(FALSE, FALSE, sizeof(LintRoot));
    for (guint i = 0; i < ruleset_definition_count(ruleset); i++) {
        const Definition *definition = ruleset_definition(ruleset, i);
        add_root(roots, definition->condition,
                 source_span(source, definition->offset, definition->length), TRUE);
    }
    for (guint i = 0; i < ruleset_rule_count(ruleset); i++) {
        const Rule *rule = ruleset_rule(ruleset, i);
        add_root(roots, rule->condition, source_span(source, rule->offset, rule->length), FALSE);
    }
    for (guint i = 0; i < ruleset_assertion_count(ruleset); i++) {
        const Assertion *assertion = ruleset_assertion(ruleset, i);
        add_root(roots, assertion->condition,
                 source_span(source, assertion->offset, assertion->length), FALSE);
    }
    return roots;
}

gboolean linter_is_postconf(const ListEntry *entry) {
    return g_str_has_prefix(entry->source, "postconf ");
}

static guint64 read_bytes(const guint8 bytes[8]) {
    guint64 number;
    memcpy(&number, bytes, sizeof number);
    return GUINT64_FROM_BE(number);
}

/* Less strict than network_parse(), and ten times as fast: a list may hold a million. */
gboolean linter_read_network(Text item, LintNetwork *out) {
    Address address;
    guint64 prefix;
    ssize_t slash = text_find(item, '/');
    Text part = text_make(item.data, slash < 0 ? item.length : (size_t)slash);
    gboolean v6 = text_find(part, ':') >= 0;
    if (part.length > 1 && part.data[0] == '[') {
        part = text_make(part.data + 1, part.length - 2);
    }
    prefix = v6 ? 128 : 32;
    if (!address_parse(part, &address)
        || (slash >= 0
            && !text_parse_number(text_make(item.data + slash + 1, item.length - (size_t)slash - 1),
                                  &prefix))) {
        return FALSE;
    }
    out->family = address.family;
    out->prefix = (guint)prefix - (v6 && address.family == ADDRESS_IPV4 ? 96 : 0);
    out->high = read_bytes(address.bytes);
    out->low = read_bytes(address.bytes + 8);
    return TRUE;
}

gboolean linter_contains(const LintNetwork *outer, const LintNetwork *inner) {
    guint prefix = outer->prefix;
    if (outer->family != inner->family || prefix > inner->prefix) {
        return FALSE;
    }
    if (prefix <= 64) {
        return prefix == 0 || (outer->high ^ inner->high) >> (64 - prefix) == 0;
    }
    return outer->high == inner->high && (outer->low ^ inner->low) >> (128 - prefix) == 0;
}

static const GArray *find_line_starts(Linter *linter) {
    if (!linter->line_starts) {
        Text text = ruleset_source(linter->ruleset)->text;
        linter->line_starts = g_array_new(FALSE, FALSE, sizeof(size_t));
        size_t start = 0;
        g_array_append_val(linter->line_starts, start);
        for (size_t i = 0; i < text.length; i++) {
            if (text.data[i] == '\n') {
                start = i + 1;
                g_array_append_val(linter->line_starts, start);
            }
        }
    }
    return linter->line_starts;
}

static gboolean is_item_byte(char byte) {
    return g_ascii_isalnum(byte) || ((guchar)byte & 0x80) || (byte && strchr(".-_:/@[]", byte));
}

/* Where the item stands in the rest of a line, whole; its start if it is written otherwise. */
static Span find_item(const Source *source, size_t start, Text item, guint skip) {
    Text rest = text_make(source->text.data + start, source->text.length - start);
    ssize_t newline = text_find(rest, '\n');
    rest.length = newline < 0 ? rest.length : (size_t)newline;
    for (size_t i = 0; i + item.length <= rest.length; i++) {
        size_t end = i + item.length;
        if (memcmp(rest.data + i, item.data, item.length) == 0
            && (i == 0 || !is_item_byte(rest.data[i - 1]))
            && (end == rest.length || !is_item_byte(rest.data[end])) && skip-- == 0) {
            return source_span(source, start + i, item.length);
        }
    }
    return source_span(source, start, 0);
}

void linter_warn_entry(Linter *linter, const char *kind, const LintList *list,
                       const ListEntry *entry, guint skip, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (entry->source != ruleset_files(linter->ruleset)[0]) {
        diagnostics_set_anchor(linter->warnings, list->span);
        diagnostics_warn_place(linter->warnings, kind, entry->source, entry->line, "%s", message);
        diagnostics_set_anchor(linter->warnings, (Span){0});
        return;
    }
    size_t start = g_array_index(find_line_starts(linter), size_t, entry->line - 1);
    if (list->definition && list->definition->line == entry->line) {
        start = list->span.offset + list->span.length; /* its name may be an item's text */
    }
    Span span = find_item(ruleset_source(linter->ruleset), start, entry->item, skip);
    diagnostics_warn(linter->warnings, kind, span, "%s", message);
}

void lint_text(const Ruleset *ruleset, gboolean verbose, Diagnostics *warnings) {
    Linter linter = {.ruleset = ruleset, .verbose = verbose, .warnings = warnings};
    linter_names(&linter);
    linter_lists(&linter);
    linter_widths(&linter);
    linter_rules(&linter);
    linter_states(&linter);
    g_clear_pointer(&linter.line_starts, g_array_unref);
}
