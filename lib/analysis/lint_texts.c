/*
 * Lint texts: which domains, mailboxes or strings of a list are there twice, or covered by a
 * domain's `.parent` or a mailbox's `user@`. The list's own sets number the texts in the order of
 * their first entries, so only of a text that is there twice the number must be looked up.
 */
#include "analysis/linter.h"
#include "protocol/mailbox.h"

/* The texts of list_whole() or of list_open(). */
typedef struct {
    const TextSet *set;
    guint *firsts; /* by number: the first entry that doesn't come from main.cf, plus 1; or 0 */
    guint next;    /* the number that the next new text has */
} Numbers;

typedef struct {
    const List *list;
    Numbers whole;
    Numbers open;
    guint *numbers; /* of each entry, or TEXT_SET_NONE of a literal, which is in neither set */
} Texts;

/* An entry's set, as list.h has it, and what stands for it there. */
static Numbers *find_set(Texts *texts, Text *item) {
    if (list_kind(texts->list) == LIST_DOMAINS && item->data[0] == '.') {
        *item = text_make(item->data + 1, item->length - 1);
        return &texts->open;
    }
    if (list_kind(texts->list) == LIST_ADDRESSES && item->data[item->length - 1] == '@') {
        item->length--;
        return &texts->open;
    }
    return &texts->whole;
}

static gboolean is_equal(const List *list, Text a, Text b) {
    return list_kind(list) == LIST_STRINGS ? text_equal(a, b) : text_equal_folded(a, b);
}

static guint find_number(const List *list, const Numbers *numbers, Text item) {
    if (numbers->next < text_set_count(numbers->set)
        && is_equal(list, text_set_get(numbers->set, numbers->next), item)) {
        return numbers->next;
    }
    return list_kind(list) == LIST_STRINGS ? text_set_find(numbers->set, item)
                                           : text_set_find_folded(numbers->set, item);
}

static void number_entries(Texts *texts) {
    for (guint i = 0; i < list_entry_count(texts->list); i++) {
        ListEntry entry = list_entry(texts->list, i);
        Numbers *set = find_set(texts, &entry.item);
        guint number = find_number(texts->list, set, entry.item);
        texts->numbers[i] = number;
        if (number == TEXT_SET_NONE) {
            continue;
        }
        set->next = MAX(set->next, number + 1);
        if (set->firsts[number] == 0 && !linter_is_postconf(&entry)) {
            set->firsts[number] = i + 1;
        }
    }
}

/* The widest of the domains with a dot before them that the domain, folded, is strictly under. */
static guint find_parent(const TextSet *open, Text domain) {
    TextHash hash = text_hash_start(domain);
    for (size_t i = domain.length; i > 1; i--) {
        if (domain.data[i - 1] == '.') {
            Text parent = text_make(domain.data + i, domain.length - i);
            guint number = text_set_find_hashed(open, parent, text_hash_last(&hash, parent.length));
            if (number != TEXT_SET_NONE) {
                return number;
            }
        }
    }
    return TEXT_SET_NONE;
}

/* The first entry that covers one and is not equal to it, plus 1; or 0. */
static guint find_cover(const Texts *texts, const Numbers *set, Text item) {
    guint number = TEXT_SET_NONE;
    if (text_set_count(texts->open.set) == 0) {
        return 0;
    }
    if (list_kind(texts->list) == LIST_DOMAINS) {
        number = find_parent(texts->open.set, item);
    } else if (list_kind(texts->list) == LIST_ADDRESSES && set == &texts->whole) {
        number = text_set_find_folded(texts->open.set, mailbox_split(item).local);
    }
    return number == TEXT_SET_NONE ? 0 : texts->open.firsts[number];
}

static void find_covered(Texts *texts, GArray *covered) {
    for (guint i = 0; i < list_entry_count(texts->list); i++) {
        ListEntry entry = list_entry(texts->list, i);
        const Numbers *set = find_set(texts, &entry.item);
        if (texts->numbers[i] == TEXT_SET_NONE || linter_is_postconf(&entry)) {
            continue;
        }
        guint first = set->firsts[texts->numbers[i]];
        guint cover = find_cover(texts, set, entry.item);
        if (cover != 0 || first != i + 1) {
            LintCovered found = {i, (cover != 0 ? cover : first) - 1, cover == 0};
            g_array_append_val(covered, found);
        }
    }
}

static Numbers make_numbers(const TextSet *set) {
    return (Numbers){.set = set, .firsts = g_new0(guint, text_set_count(set))};
}

void linter_find_texts(const List *list, GArray *covered) {
    Texts texts = {
        .list = list,
        .whole = make_numbers(list_whole(list)),
        .open = make_numbers(list_open(list)),
        .numbers = g_new0(guint, list_entry_count(list)),
    };
    number_entries(&texts);
    find_covered(&texts, covered);
    g_free(texts.whole.firsts);
    g_free(texts.open.firsts);
    g_free(texts.numbers);
}
