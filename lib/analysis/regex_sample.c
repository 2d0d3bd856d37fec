/*
 * RegexSample: the pattern is parsed by recursion, and every part of it gives a set of samples at
 * once. A part that can't be guessed, such as a back reference, has none, and so has what holds it,
 * unless that has an alternative. Anchors are taken to hold. At a limit, or where brackets don't
 * pair, there is no sample at all.
 */
#include "analysis/regex_sample.h"

#include <string.h>

#include "analysis/sample_set.h"
#include "limit.h"

#define REPEATS_UNBOUNDED G_MAXUINT

typedef struct {
    Text pattern;
    size_t at;
    guint depth;
    guint steps; /* left */
} Parser;

static SampleSet *parse_alternatives(Parser *parser);

/* Also ends the work on the pattern where there are no steps left. */
static gboolean at_end(const Parser *parser) {
    return parser->at >= parser->pattern.length || parser->steps == 0;
}

static gboolean next_is(const Parser *parser, char byte) {
    return !at_end(parser) && parser->pattern.data[parser->at] == byte;
}

/* NUL at the end. */
static char peek(const Parser *parser) {
    return at_end(parser) ? '\0' : parser->pattern.data[parser->at];
}

static char take(Parser *parser) {
    return at_end(parser) ? '\0' : parser->pattern.data[parser->at++];
}

static gboolean skip(Parser *parser, const char *string) {
    size_t length = strlen(string);
    if (parser->pattern.length - parser->at < length
        || memcmp(parser->pattern.data + parser->at, string, length) != 0) {
        return FALSE;
    }
    parser->at += length;
    return TRUE;
}

/* Leaves every set empty that is made from now on. */
static void fail(Parser *parser) {
    parser->steps = 0;
}

/* Past the next `end`, which there must be. */
static void skip_past(Parser *parser, char end) {
    while (!at_end(parser)) {
        if (take(parser) == end) {
            return;
        }
    }
    fail(parser);
}

/* The names of POSIX, and one more; GLib's table of ASCII, and bytes besides. */
static const struct {
    const char *name;
    char escape;
    guint mask;
    const char *more;
} classes[] = {
    {"alnum", '\0', G_ASCII_ALNUM, ""},
    {"alpha", '\0', G_ASCII_ALPHA, ""},
    {"ascii", '\0', G_ASCII_CNTRL | G_ASCII_PRINT, ""},
    {"blank", 'h', 0, " \t"},
    {"cntrl", '\0', G_ASCII_CNTRL, ""},
    {"digit", 'd', G_ASCII_DIGIT, ""},
    {"graph", '\0', G_ASCII_GRAPH, ""},
    {"lower", '\0', G_ASCII_LOWER, ""},
    {"print", '\0', G_ASCII_PRINT, ""},
    {"punct", '\0', G_ASCII_PUNCT, ""},
    {"space", 's', G_ASCII_SPACE, "\v"},
    {"upper", '\0', G_ASCII_UPPER, ""},
    {"vertical", 'v', 0, "\n\v\f\r"},
    {"word", 'w', G_ASCII_ALNUM, "_"},
    {"xdigit", '\0', G_ASCII_XDIGIT, ""},
};

static void bytes_add_class(SampleBytes *bytes, gsize class, gboolean negated) {
    for (guint byte = 0; byte < 256; byte++) {
        gboolean member = (g_ascii_table[byte] & classes[class].mask) != 0
                          || (byte > 0 && strchr(classes[class].more, (int)byte) != NULL);
        bytes->has[byte] = bytes->has[byte] || member != negated;
    }
}

/* \d and such; a capital negates. */
static gboolean bytes_add_escape(SampleBytes *bytes, char escape) {
    for (gsize i = 0; i < G_N_ELEMENTS(classes); i++) {
        if (escape != '\0' && g_ascii_tolower(escape) == classes[i].escape) {
            bytes_add_class(bytes, i, g_ascii_isupper(escape));
            return TRUE;
        }
    }
    return FALSE;
}

/* `alpha:]` or `^alpha:]`, behind `[:`; FALSE if it is no such thing, and nothing taken. */
static gboolean parse_posix(Parser *parser, SampleBytes *bytes) {
    size_t start = parser->at;
    gboolean negated = skip(parser, "^");
    for (gsize i = 0; i < G_N_ELEMENTS(classes); i++) {
        size_t name = parser->at;
        if (skip(parser, classes[i].name) && skip(parser, ":]")) {
            bytes_add_class(bytes, i, negated);
            return TRUE;
        }
        parser->at = name;
    }
    parser->at = start;
    return FALSE;
}

/* Up to `digits` digits of a base; none are 0. */
static guint parse_number(Parser *parser, guint base, guint digits) {
    guint number = 0;
    for (; digits > 0; digits--) {
        int digit = g_ascii_xdigit_value(peek(parser));
        if (digit < 0 || (guint)digit >= base) {
            break;
        }
        take(parser);
        number = number * base + (guint)digit;
    }
    return number;
}

static char parse_hexadecimal(Parser *parser) {
    if (!skip(parser, "{")) {
        return (char)parse_number(parser, 16, 2);
    }
    guint number = parse_number(parser, 16, 4);
    skip_past(parser, '}');
    return number < 256 ? (char)number : '\0';
}

/* The one byte that `\` and this stand for; NUL if it isn't one, or can't be in a string. */
static char parse_escaped_byte(Parser *parser, char escape) {
    static const char names[] = "aefnrt";
    static const char bytes[] = "\a\033\f\n\r\t";
    const char *name = escape == '\0' ? NULL : strchr(names, escape);
    if (name) {
        return bytes[name - names];
    }
    switch (escape) {
    case 'x':
        return parse_hexadecimal(parser);
    case 'c':
        return (char)(g_ascii_toupper(take(parser)) ^ 0x40);
    case '0':
        return (char)parse_number(parser, 8, 2);
    default:
        return g_ascii_isalnum(escape) ? '\0' : escape;
    }
}

/* Of a property or a reference, what stands behind the letter. */
static void skip_name(Parser *parser) {
    switch (take(parser)) {
    case '{':
        skip_past(parser, '}');
        break;
    case '<':
        skip_past(parser, '>');
        break;
    case '\'':
        skip_past(parser, '\'');
        break;
    default:
        break;
    }
}

/* One byte of a class; or -1 and it adds what stands for several. */
static int parse_class_byte(Parser *parser, SampleBytes *bytes) {
    char byte = take(parser);
    if (byte == '[' && skip(parser, ":")) {
        if (parse_posix(parser, bytes)) {
            return -1;
        }
        parser->at--;
    }
    if (byte != '\\') {
        return (guchar)byte;
    }
    char escape = take(parser);
    if (escape == 'b') {
        return '\b';
    }
    if (escape == 'p' || escape == 'P') {
        skip_name(parser);
        return -1;
    }
    return bytes_add_escape(bytes, escape) ? -1 : (guchar)parse_escaped_byte(parser, escape);
}

static void parse_class_item(Parser *parser, SampleBytes *bytes) {
    int first = parse_class_byte(parser, bytes);
    int last = first;
    gboolean range = next_is(parser, '-') && parser->at + 1 < parser->pattern.length
                     && parser->pattern.data[parser->at + 1] != ']';
    if (range && first >= 0) {
        take(parser);
        last = parse_class_byte(parser, bytes);
    }
    for (int byte = MAX(first, 0); byte <= last; byte++) {
        bytes->has[byte] = TRUE;
    }
}

/* Behind its `[`. */
static SampleSet *parse_class(Parser *parser) {
    SampleBytes bytes = {0};
    gboolean negated = skip(parser, "^");
    do {
        parse_class_item(parser, &bytes);
    } while (!at_end(parser) && !next_is(parser, ']'));
    if (!skip(parser, "]")) {
        fail(parser);
    }
    for (guint byte = 0; byte < 256; byte++) {
        bytes.has[byte] = bytes.has[byte] != negated;
    }
    return sample_set_of_bytes(&parser->steps, &bytes);
}

static SampleSet *parse_any(Parser *parser) {
    SampleBytes bytes = {0};
    for (guint byte = 0; byte < 256; byte++) {
        bytes.has[byte] = byte != '\n';
    }
    return sample_set_of_bytes(&parser->steps, &bytes);
}

/* Behind `\Q`. */
static SampleSet *parse_quoted(Parser *parser) {
    g_autoptr(GString) quoted = g_string_new(NULL);
    while (!at_end(parser) && !skip(parser, "\\E")) {
        g_string_append_c(quoted, take(parser));
    }
    return strlen(quoted->str) == quoted->len ? sample_set_of(&parser->steps, quoted->str)
                                              : sample_set_new(&parser->steps);
}

/* Behind a `\` that is in no class. */
static SampleSet *parse_escape(Parser *parser) {
    SampleBytes bytes = {0};
    char escape = take(parser);
    if (escape == '\0') {
        return sample_set_new(&parser->steps);
    }
    if (strchr("AzZbBGKE", escape)) {
        return sample_set_of(&parser->steps, "");
    }
    if (escape == 'Q') {
        return parse_quoted(parser);
    }
    if (escape == 'N' && !next_is(parser, '{')) {
        return parse_any(parser);
    }
    if (strchr("gkpPNo", escape)) {
        skip_name(parser);
        return sample_set_new(&parser->steps);
    }
    if (bytes_add_escape(&bytes, escape)) {
        return sample_set_of_bytes(&parser->steps, &bytes);
    }
    return sample_set_of_byte(&parser->steps, parse_escaped_byte(parser, escape));
}

/* What is between here and the group's end, which it takes. */
static SampleSet *parse_group_rest(Parser *parser) {
    g_autoptr(SampleSet) samples = parse_alternatives(parser);
    if (!skip(parser, ")")) {
        fail(parser);
    }
    return g_steal_pointer(&samples);
}

/* The rest of a group that has these samples, whatever is in it. */
static SampleSet *parse_group_as(Parser *parser, SampleSet *samples) {
    g_ptr_array_unref(parse_group_rest(parser));
    return samples;
}

/* What a look ahead or behind demands may have to be put there, or be there already. */
static SampleSet *parse_look(Parser *parser) {
    g_autoptr(SampleSet) inside = parse_group_rest(parser);
    return sample_set_repeat(&parser->steps, inside, 0, 1);
}

/* Behind `(?` and its letters: the options that change no sample here. */
static SampleSet *parse_options(Parser *parser) {
    while (peek(parser) != '\0' && strchr("imsnJU^-", peek(parser))) {
        take(parser);
    }
    if (skip(parser, ")")) {
        return sample_set_of(&parser->steps, "");
    }
    return skip(parser, ":") ? parse_group_rest(parser)
                             : parse_group_as(parser, sample_set_new(&parser->steps));
}

/* Behind `(?`. */
static SampleSet *parse_special_group(Parser *parser) {
    if (skip(parser, "#")) {
        skip_past(parser, ')');
        return sample_set_of(&parser->steps, "");
    }
    if (skip(parser, "=") || skip(parser, "<=")) {
        return parse_look(parser);
    }
    if (skip(parser, "!") || skip(parser, "<!")) {
        return parse_group_as(parser, sample_set_of(&parser->steps, ""));
    }
    if (skip(parser, "P<") || skip(parser, "<")) {
        skip_past(parser, '>');
        return parse_group_rest(parser);
    }
    if (skip(parser, "'")) {
        skip_past(parser, '\'');
        return parse_group_rest(parser);
    }
    if (skip(parser, ">") || skip(parser, "|")) {
        return parse_group_rest(parser);
    }
    return parse_options(parser);
}

/* Behind its `(`. */
static SampleSet *parse_group(Parser *parser) {
    if (parser->depth == LIMIT_DEPTH) {
        fail(parser);
        return sample_set_new(&parser->steps);
    }
    parser->depth++;
    SampleSet *samples = skip(parser, "?") ? parse_special_group(parser)
                         : next_is(parser, '*')
                             ? parse_group_as(parser, sample_set_new(&parser->steps))
                             : parse_group_rest(parser);
    parser->depth--;
    return samples;
}

static SampleSet *parse_atom(Parser *parser) {
    char byte = take(parser);
    switch (byte) {
    case '(':
        return parse_group(parser);
    case '[':
        return parse_class(parser);
    case '\\':
        return parse_escape(parser);
    case '.':
        return parse_any(parser);
    case '^':
    case '$':
        return sample_set_of(&parser->steps, "");
    default:
        return sample_set_of_byte(&parser->steps, byte);
    }
}

/* `{n}`, `{n,}` or `{n,m}`; any other `{` is a byte like others, and not taken. */
static gboolean parse_bounds(Parser *parser, guint *least, guint *most) {
    size_t start = parser->at;
    if (skip(parser, "{") && g_ascii_isdigit(peek(parser))) {
        *least = *most = parse_number(parser, 10, 5);
        if (skip(parser, ",")) {
            *most = next_is(parser, '}') ? REPEATS_UNBOUNDED : parse_number(parser, 10, 5);
        }
        if (skip(parser, "}")) {
            return TRUE;
        }
    }
    parser->at = start;
    return FALSE;
}

static gboolean parse_quantifier(Parser *parser, guint *least, guint *most) {
    static const struct {
        const char *sign;
        guint least;
        guint most;
    } quantifiers[] = {{"*", 0, REPEATS_UNBOUNDED}, {"+", 1, REPEATS_UNBOUNDED}, {"?", 0, 1}};
    for (gsize i = 0; i < G_N_ELEMENTS(quantifiers); i++) {
        if (skip(parser, quantifiers[i].sign)) {
            *least = quantifiers[i].least;
            *most = quantifiers[i].most;
            return TRUE;
        }
    }
    return parse_bounds(parser, least, most);
}

static SampleSet *parse_piece(Parser *parser) {
    g_autoptr(SampleSet) once = parse_atom(parser);
    guint least;
    guint most;
    if (!parse_quantifier(parser, &least, &most)) {
        return g_steal_pointer(&once);
    }
    if (!skip(parser, "?")) {
        skip(parser, "+");
    }
    return sample_set_repeat(&parser->steps, once, least, most);
}

static SampleSet *parse_sequence(Parser *parser) {
    g_autoptr(SampleSet) samples = sample_set_of(&parser->steps, "");
    while (!at_end(parser) && !next_is(parser, '|') && !next_is(parser, ')')) {
        g_autoptr(SampleSet) piece = parse_piece(parser);
        SampleSet *joined = sample_set_join(&parser->steps, samples, piece);
        g_ptr_array_unref(samples);
        samples = joined;
    }
    return g_steal_pointer(&samples);
}

static SampleSet *parse_alternatives(Parser *parser) {
    g_autoptr(GPtrArray) alternatives =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    do {
        SampleSet *samples = parse_sequence(parser);
        if (samples->len > 0 && alternatives->len < SAMPLE_SET_MAX) {
            g_ptr_array_add(alternatives, samples);
        } else {
            g_ptr_array_unref(samples);
        }
    } while (skip(parser, "|"));
    return sample_set_take_turns(&parser->steps, alternatives);
}

GPtrArray *regex_sample(Text pattern, guint limit) {
    Parser parser = {pattern, 0, 0, LIMIT_REGEX_SAMPLE_STEPS};
    SampleSet *samples = parse_alternatives(&parser);
    sample_set_finish(samples, parser.at == pattern.length ? limit : 0);
    return samples;
}
