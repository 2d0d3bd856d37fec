/*
 * Compile source: lists that stand in a file or in Postfix's configuration. A file's words are its
 * items. A postconf value is in Postfix's own syntax, of which only what can be carried over
 * exactly is taken: src/global/match_list(3), resolve_local.c, domain_list.c.
 */
#include <string.h>

#include "limit.h"
#include "rules/compiler.h"
#include "rules/source.h"

void compile_hash(Compiler *compiler, Text text) {
    guint64 length = GUINT64_TO_BE(text.length);
    g_checksum_update(compiler->checksum, (const guchar *)&length, sizeof length);
    g_checksum_update(compiler->checksum, (const guchar *)text.data, (gssize)text.length);
}

typedef struct {
    Compiler *compiler;
    List *list;
    const Source *source;
    Span anchor; /* the item of the rule file that names it */
    const char *separators;
    const char *name; /* of the source, owned by the ruleset */
    guint line;       /* of the word that is read */
    ListItemOrigin origin;
    const char *parameter;  /* of postconf, else NULL */
    gboolean with_children; /* of postconf: a domain stands for those under it too */
    guint depth;            /* of files within a postconf value */
} Reader;

typedef void (*WordHandler)(Reader *reader, Text word);

static Span word_span(const Reader *reader, Text word) {
    return source_span(reader->source, (size_t)(word.data - reader->source->text.data),
                       word.length);
}

static void add_word(Reader *reader, Text word) {
    g_autoptr(GError) error = NULL;
    if (!list_add(reader->list, word, reader->origin, &error)) {
        diagnostics_add(reader->compiler->diagnostics, word_span(reader, word), "%s",
                        error->message);
        return;
    }
    ListEntry entry = {.item = word, .source = reader->name, .line = reader->line};
    compile_note_entry(reader->compiler, reader->list, word_span(reader, word), &entry);
}

static gboolean is_separator(const Reader *reader, char byte) {
    return byte != '\0' && strchr(reader->separators, byte) != NULL;
}

/* Where the comment ends that begins at an offset: only files have comments. */
static size_t skip_comment(const Reader *reader, size_t at) {
    Text rest = text_make(reader->source->text.data + at, reader->source->text.length - at);
    ssize_t newline = text_find(rest, '\n');
    Text comment = text_make(rest.data, newline < 0 ? rest.length : (size_t)newline);
    if (reader->parameter && reader->depth == 0) {
        diagnostics_add(reader->compiler->diagnostics, word_span(reader, comment),
                        "Postfix ignores what stands behind '#' in a value; take it out of "
                        "main.cf");
    }
    return at + comment.length;
}

/* Items between two calls of the host's `tell`: reading them takes some 50 ms. */
#define TELL_STEP 65536

static void tell(const Reader *reader, guint64 items) {
    const CompileHost *host = reader->compiler->host;
    if (host->tell && items % TELL_STEP == 0) {
        host->tell(reader->source->name, items, host->told);
    }
}

/* Hands over each word. `#` begins a comment at a line's start or behind a separator. */
static void read_words(Reader *reader, WordHandler handle) {
    Text text = reader->source->text;
    size_t at = 0;
    guint64 items = 0;
    reader->line = 1;
    reader->name = ruleset_add_text(reader->compiler->ruleset, reader->source->name);
    while (at < text.length) {
        if (is_separator(reader, text.data[at])) {
            reader->line += text.data[at] == '\n';
            at++;
        } else if (text.data[at] == '#') {
            at = skip_comment(reader, at);
        } else {
            size_t start = at;
            while (at < text.length && !is_separator(reader, text.data[at])) {
                at++;
            }
            handle(reader, text_make(text.data + start, at - start));
            tell(reader, ++items);
        }
    }
}

static void read_source(Reader *reader, WordHandler handle) {
    Compiler *compiler = reader->compiler;
    compile_hash(compiler, reader->source->text);
    diagnostics_set_anchor(compiler->diagnostics, reader->anchor);
    if (source_check(reader->source, compiler->diagnostics)) {
        read_words(reader, handle);
    }
    diagnostics_set_anchor(compiler->diagnostics, reader->depth > 0 ? reader->anchor : (Span){0});
}

/* A path in a rule file is relative to the rule file's folder. */
static char *resolve_path(const Compiler *compiler, const char *path) {
    if (g_path_is_absolute(path) || !strchr(compiler->source->name, '/')) {
        return g_strdup(path);
    }
    g_autofree char *folder = g_path_get_dirname(compiler->source->name);
    return g_build_filename(folder, path, NULL);
}

static Source *open_file(Compiler *compiler, const char *path, Span span) {
    g_autoptr(GError) error = NULL;
    Source *source = source_read(path, path, LIMIT_LIST_FILE, &error);
    if (!source) {
        diagnostics_add(compiler->diagnostics, span, "cannot read list file '%s': %s", path,
                        error->message);
        return NULL;
    }
    ruleset_add_file(compiler->ruleset, path);
    return source;
}

void compile_file_item(Compiler *compiler, List *list, const Item *item) {
    g_autofree char *path = resolve_path(compiler, item->word.text);
    g_autoptr(Source) source = open_file(compiler, path, item->word.span);
    Reader reader = {
        .compiler = compiler,
        .list = list,
        .source = source,
        .anchor = item->word.span,
        .separators = " \t\n",
    };
    if (source) {
        read_source(&reader, add_word);
    }
}

static void handle_postconf_word(Reader *reader, Text word);

/* A word `/path` in a value stands for what the file holds. */
static void read_value_file(const Reader *outer, Text word) {
    Compiler *compiler = outer->compiler;
    g_autofree char *path = g_strndup(word.data, word.length);
    if (outer->depth > 0) {
        diagnostics_add(compiler->diagnostics, word_span(outer, word),
                        "list file '%s' names another file; name both in main.cf", path);
        return;
    }
    g_autoptr(Source) source = open_file(compiler, path, word_span(outer, word));
    if (!source) {
        return;
    }
    Reader reader = *outer;
    reader.source = source;
    reader.depth++;
    read_source(&reader, handle_postconf_word);
}

/* mydestination and virtual_*_domains are compared whole, and relay_domains with `.domain` only
 * where a domain alone doesn't stand for those under it. */
static gboolean ignores_leading_dot(const Reader *reader) {
    static const char *const whole[] = {"mydestination", "virtual_alias_domains",
                                        "virtual_mailbox_domains", NULL};
    return reader->with_children || g_strv_contains(whole, reader->parameter);
}

static const char *find_fault(const Reader *reader, Text word) {
    ListKind kind = list_kind(reader->list);
    if (word.data[0] == '!') {
        return "an exclusion can't be carried over; list what remains in a file of its own";
    }
    if (kind != LIST_STRINGS && word.data[0] != '[' && text_find(word, ':') >= 0) {
        return kind == LIST_NETWORKS
                   ? "a lookup table can't be read; list its networks in a file of their own (IPv6 "
                     "stands in brackets)"
                   : "a lookup table can't be read; list its contents in a file of their own, or "
                     "leave them to Postfix with restrict \"reject_unauth_destination\"";
    }
    if (kind == LIST_DOMAINS && word.data[0] == '.' && ignores_leading_dot(reader)) {
        return "Postfix matches nothing with a leading dot here; list the domain without it";
    }
    return NULL;
}

static void add_children(const Reader *reader, Text word) {
    g_autofree char *children = g_strdup_printf(".%.*s", (int)word.length, word.data);
    list_add(reader->list, text_from_string(children), reader->origin, NULL);
}

static void handle_postconf_word(Reader *reader, Text word) {
    const char *fault = find_fault(reader, word);
    if (fault) {
        diagnostics_add(reader->compiler->diagnostics, word_span(reader, word), "%s", fault);
    } else if (word.data[0] == '/') {
        read_value_file(reader, word);
    } else {
        add_word(reader, word);
        if (reader->with_children && word.data[0] != '[') {
            add_children(reader, word);
        }
    }
}

static char *read_parameter(Compiler *compiler, const char *parameter, Span span) {
    g_autoptr(GError) error = NULL;
    const CompileHost *host = compiler->host;
    if (!host->read_postconf) {
        diagnostics_add(compiler->diagnostics, span, "postconf can't be asked here");
        return NULL;
    }
    char *value = host->read_postconf(parameter, host->postconf, &error);
    if (!value) {
        diagnostics_add(compiler->diagnostics, span, "%s", error->message);
    } else if (strlen(value) > LIMIT_POSTCONF_VALUE) {
        diagnostics_add(compiler->diagnostics, span, "the value of '%s' is over %d bytes long",
                        parameter, LIMIT_POSTCONF_VALUE);
        g_clear_pointer(&value, g_free);
    }
    return value;
}

/* A list of parameters may hold what any list of Postfix may, but only names are taken. */
static gboolean check_parameters(Compiler *compiler, const Item *item, const char *parameter,
                                 const char *const *words) {
    for (; *words; words++) {
        if (strspn(*words, "!/#") > 0 || strchr(*words, ':')) {
            diagnostics_add(compiler->diagnostics, item->word.span,
                            "'%s' in %s can't be carried over; name each parameter there", *words,
                            parameter);
            return FALSE;
        }
    }
    return TRUE;
}

/* parent_domain_matches_subdomains names the parameters whose domains stand for those under them;
 * of those that a list may read it matters for relay_domains. */
static gboolean matches_children(Compiler *compiler, const Item *item, gboolean *out) {
    static const char *const parameter = "parent_domain_matches_subdomains";
    *out = FALSE;
    if (strcmp(item->word.text, "relay_domains") != 0) {
        return TRUE;
    }
    g_autofree char *value = read_parameter(compiler, parameter, item->word.span);
    if (!value) {
        return FALSE;
    }
    compile_hash(compiler, text_from_string(value));
    g_auto(GStrv) words = g_strsplit_set(value, ", \t\n", -1);
    *out = g_strv_contains((const char *const *)words, item->word.text);
    return check_parameters(compiler, item, parameter, (const char *const *)words);
}

void compile_postconf_item(Compiler *compiler, List *list, const Item *item) {
    gboolean with_children;
    if (!matches_children(compiler, item, &with_children)) {
        return;
    }
    g_autofree char *value = read_parameter(compiler, item->word.text, item->word.span);
    if (!value) {
        return;
    }
    g_autofree char *name = g_strdup_printf("postconf %s", item->word.text);
    g_autoptr(Source) source = source_new(name, text_from_string(value));
    Reader reader = {
        .compiler = compiler,
        .list = list,
        .source = source,
        .anchor = item->word.span,
        .separators = ", \t\n",
        .origin = LIST_ITEM_POSTCONF,
        .parameter = item->word.text,
        .with_children = with_children,
    };
    read_source(&reader, handle_postconf_word);
}
