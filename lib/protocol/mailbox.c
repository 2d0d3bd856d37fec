/*
 * Mailbox: see the reference at each function. Pure; nothing fails.
 */
#include "protocol/mailbox.h"

#include "limit.h"
#include "protocol/word.h"

static gboolean is_routing(guint64 word) {
    return (word_has(word, '@') | word_has(word, '%') | word_has(word, '!')) != 0;
}

static gboolean holds_routing(Text local) {
    for (; local.length >= WORD_SIZE; local.data += WORD_SIZE, local.length -= WORD_SIZE) {
        if (is_routing(word_load(local.data))) {
            return TRUE;
        }
    }
    return is_routing(word_load_some(local.data, local.length));
}

Text domain_trim(Text domain) {
    if (domain.length > 0 && domain.data[domain.length - 1] == '.') {
        domain.length--;
    }
    return domain;
}

Mailbox mailbox_split(Text text) {
    ssize_t at = text_find_last(text, '@');
    if (at < 0) {
        return (Mailbox){.local = text, .domain = text_make("", 0), .has_at = FALSE};
    }
    size_t length = (size_t)at;
    Text domain = text_make(text.data + length + 1, text.length - length - 1);
    return (Mailbox){
        .local = text_make(text.data, length), .domain = domain_trim(domain), .has_at = TRUE};
}

gboolean mailbox_routed(const Mailbox *mailbox) {
    return holds_routing(mailbox->local) || (mailbox->has_at && mailbox->domain.length == 0);
}

gboolean mailbox_final(const Mailbox *mailbox) {
    return mailbox->has_at && mailbox->domain.length > 0 && !holds_routing(mailbox->local);
}

static gboolean is_label_byte(char byte) {
    return g_ascii_isalnum(byte) || byte == '-' || byte == '_' || (guchar)byte >= 0x80;
}

const char *domain_fault(Text domain) {
    size_t label = 0;
    gboolean only_digits = TRUE;
    if (domain.length == 0) {
        return "is empty";
    }
    if (domain.length > LIMIT_DOMAIN) {
        return "is longer than 255 bytes";
    }
    for (size_t i = 0; i < domain.length; i++) {
        char byte = domain.data[i];
        if (byte == '.') {
            if (label == 0) {
                return "has an empty label";
            }
            label = 0;
            continue;
        }
        if (!is_label_byte(byte)) {
            return "holds a character that no domain has";
        }
        if (++label > LIMIT_LABEL) {
            return "has a label longer than 63 bytes";
        }
        only_digits = only_digits && g_ascii_isdigit(byte);
    }
    if (label == 0) {
        return "ends in a dot";
    }
    return only_digits ? "looks like an address" : NULL;
}
