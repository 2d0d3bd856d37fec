/*
 * Traffic: all blocks behind each other in one string. Nothing fails.
 */
#include "traffic.h"

typedef struct {
    gsize offset;
    gsize length;
    TrafficClass class;
} Request;

struct Traffic {
    GRand *random;
    GString *bytes;
    GArray *requests;
};

/* What the requests of a session differ in; the rest is the same in all. */
typedef struct {
    const char *name; /* of the client */
    const char *helo;
    const char *recipient;
    const char *user; /* NULL: not logged in */
    gboolean tls;
} Facts;

/* Of a hundred requests, as on a server that takes mail for its domains and relays for its users.
 */
static const guint weights[TRAFFIC_CLASSES] = {
    [TRAFFIC_TRUSTED] = 20, [TRAFFIC_LOGIN_TLS] = 25, [TRAFFIC_LOGIN] = 3,
    [TRAFFIC_LOCAL] = 40,   [TRAFFIC_OUTSIDER] = 8,   [TRAFFIC_ROUTED] = 4,
};

static const Text answers[TRAFFIC_CLASSES] = {
    [TRAFFIC_TRUSTED] = TEXT_LITERAL("action=OK\n\n"),
    [TRAFFIC_LOGIN_TLS] = TEXT_LITERAL("action=OK\n\n"),
    [TRAFFIC_LOGIN] =
        TEXT_LITERAL("action=REJECT 5.7.11 Encryption required to log in and relay\n\n"),
    [TRAFFIC_LOCAL] = TEXT_LITERAL("action=DUNNO\n\n"),
    [TRAFFIC_OUTSIDER] = TEXT_LITERAL("action=REJECT 5.7.1 Relay access denied\n\n"),
    [TRAFFIC_ROUTED] = TEXT_LITERAL("action=REJECT 5.7.1 Relay access denied\n\n"),
};

/* Domains that the list `local` of reference.rules has. */
static const char *const locals[] = {
    "alder.example",  "ash.example",    "aspen.example",      "beech.example",
    "birch.example",  "cedar.example",  "cherry.example",     "elm.example",
    "fir.example",    "hazel.example",  "holly.example",      "Juniper.Example",
    "larch.example",  "lime.example",   "maple.example",      "lists.oak.example",
    "pine.example",   "poplar.example", "mail.rowan.example", "spruce.example",
    "willow.example", "a.b.yew.example"};

static const char *const words[] = {"north",  "river",  "stone",  "harbor", "meadow", "copper",
                                    "signal", "garden", "bright", "falcon", "summit", "anchor"};
static const char *const tops[] = {"com", "net", "org", "de", "co.uk"};
static const char *const people[] = {"anna",   "j.meier", "robert.smith", "info",   "sales",
                                     "office", "marie",   "k-larsen",     "orders", "postmaster"};

static guint below(Traffic *traffic, guint limit) {
    return (guint)g_rand_int_range(traffic->random, 0, (gint32)limit);
}

#define PICK(traffic, table) ((table)[below((traffic), G_N_ELEMENTS(table))])

static char *make_domain(Traffic *traffic) {
    return g_strdup_printf("%s-%s%u.%s", PICK(traffic, words), PICK(traffic, words),
                           below(traffic, 1000), PICK(traffic, tops));
}

/* A mailing's address that says whom it was for, as every other sender has. */
static char *make_sender(Traffic *traffic) {
    g_autofree char *domain = make_domain(traffic);
    return below(traffic, 100) < 50
               ? g_strdup_printf("%s@%s", PICK(traffic, people), domain)
               : g_strdup_printf("bounce+%08x.%06x-%s=%s@mailer%u.%s", g_rand_int(traffic->random),
                                 below(traffic, 1 << 24), PICK(traffic, people),
                                 PICK(traffic, locals), below(traffic, 90), domain);
}

static char *make_recipient(Traffic *traffic, TrafficClass class) {
    const char *person = PICK(traffic, people);
    const char *local = PICK(traffic, locals);
    g_autofree char *domain = make_domain(traffic);
    if (class == TRAFFIC_LOCAL) {
        return g_strdup_printf("%s@%s", person, local);
    }
    if (class != TRAFFIC_ROUTED) {
        return g_strdup_printf("%s@%s", person, domain);
    }
    switch (below(traffic, 3)) {
    case 0:
        return g_strdup_printf("%s%%%s@%s", person, domain, local);
    case 1:
        return g_strdup_printf("%s@%s@%s", person, domain, local);
    default:
        return g_strdup_printf("%s!%s@%s", domain, person, local);
    }
}

/* Of the whole Internet but the networks that are trusted. */
static void append_address(Traffic *traffic, TrafficClass class) {
    static const guint first[] = {5, 23, 46, 62, 77, 81, 93, 104, 144, 178, 185, 203, 209, 212};
    if (class == TRAFFIC_TRUSTED) {
        g_string_append_printf(traffic->bytes, "192.168.%u.%u", below(traffic, 256),
                               below(traffic, 256));
    } else if (below(traffic, 100) < 15) {
        g_string_append_printf(traffic->bytes, "2001:db8:%x:%x::%x", below(traffic, 0x10000),
                               below(traffic, 0x10000), below(traffic, 0x10000));
    } else {
        g_string_append_printf(traffic->bytes, "%u.%u.%u.%u", PICK(traffic, first),
                               below(traffic, 256), below(traffic, 256), below(traffic, 256));
    }
}

static void append_client(Traffic *traffic, TrafficClass class, const Facts *facts) {
    GString *out = traffic->bytes;
    g_string_append(out, "request=smtpd_access_policy\nprotocol_state=RCPT\n"
                         "protocol_name=ESMTP\nclient_address=");
    append_address(traffic, class);
    g_string_append_printf(out,
                           "\nclient_name=%s\nclient_port=%u\nreverse_client_name=%s\n"
                           "server_address=192.0.2.25\nserver_port=%s\nhelo_name=%s\n",
                           below(traffic, 100) < 10 ? "unknown" : facts->name,
                           1024 + below(traffic, 60000), facts->name, facts->user ? "587" : "25",
                           facts->helo);
}

static void append_mail(Traffic *traffic, const Facts *facts) {
    GString *out = traffic->bytes;
    g_autofree char *sender = facts->user ? g_strdup(facts->user) : make_sender(traffic);
    g_string_append_printf(out, "sender=%s\nrecipient=%s\nrecipient_count=0\nqueue_id=", sender,
                           facts->recipient);
    if (below(traffic, 100) < 30) {
        g_string_append_printf(out, "4Y%08XzW", g_rand_int(traffic->random));
    }
    g_string_append_printf(out, "\ninstance=%x.%08x.%x.0\nsize=%u\netrn_domain=\nstress=\n",
                           below(traffic, 1 << 22), g_rand_int(traffic->random),
                           below(traffic, 1000000), 1000 + below(traffic, 200000));
}

static void append_fingerprint(Traffic *traffic, const char *name) {
    g_string_append_printf(traffic->bytes, "%s=", name);
    for (guint i = 0; i < 20; i++) {
        g_string_append_printf(traffic->bytes, "%s%02X", i > 0 ? ":" : "", below(traffic, 256));
    }
    g_string_append_c(traffic->bytes, '\n');
}

/* One client in four that uses TLS shows a certificate. */
static void append_certificate(Traffic *traffic, const Facts *facts) {
    g_string_append(traffic->bytes, "ccert_subject=\nccert_issuer=\n");
    if (facts->tls && below(traffic, 4) == 0) {
        append_fingerprint(traffic, "ccert_fingerprint");
        append_fingerprint(traffic, "ccert_pubkey_fingerprint");
    } else {
        g_string_append(traffic->bytes, "ccert_fingerprint=\nccert_pubkey_fingerprint=\n");
    }
}

static void append_security(Traffic *traffic, const Facts *facts) {
    GString *out = traffic->bytes;
    g_string_append_printf(out, "sasl_method=%s\nsasl_username=%s\nsasl_sender=\n",
                           facts->user ? "PLAIN" : "", facts->user ? facts->user : "");
    append_certificate(traffic, facts);
    g_string_append_printf(out,
                           "encryption_protocol=%s\nencryption_cipher=%s\nencryption_keysize=%u\n",
                           facts->tls ? "TLSv1.3" : "", facts->tls ? "TLS_AES_256_GCM_SHA384" : "",
                           facts->tls ? 256U : 0U);
    g_string_append(out, "policy_context=relay.incoming\n\n");
}

static void append_request(Traffic *traffic, TrafficClass class) {
    g_autofree char *domain = make_domain(traffic);
    g_autofree char *name = g_strdup_printf("mail-%u.eu-west-%u.outbound.%s", below(traffic, 500),
                                            below(traffic, 8), domain);
    g_autofree char *recipient = make_recipient(traffic, class);
    g_autofree char *user = g_strdup_printf("%s@%s", PICK(traffic, people), PICK(traffic, locals));
    gboolean login = class == TRAFFIC_LOGIN || class == TRAFFIC_LOGIN_TLS;
    Facts facts = {
        .name = name,
        .helo = login ? "[192.168.178.21]" : name,
        .recipient = recipient,
        .user = login ? user : NULL,
        .tls = class == TRAFFIC_LOGIN_TLS || (!login && below(traffic, 100) < 80),
    };
    append_client(traffic, class, &facts);
    append_mail(traffic, &facts);
    append_security(traffic, &facts);
}

static TrafficClass draw_class(Traffic *traffic) {
    guint ticket = below(traffic, 100);
    TrafficClass class = TRAFFIC_TRUSTED;
    while (ticket >= weights[class]) {
        ticket -= weights[class ++];
    }
    return class;
}

Traffic *traffic_new(guint32 seed, guint count) {
    Traffic *traffic = g_new0(Traffic, 1);
    traffic->random = g_rand_new_with_seed(seed);
    traffic->bytes = g_string_new(NULL);
    traffic->requests = g_array_new(FALSE, FALSE, sizeof(Request));
    for (guint i = 0; i < count; i++) {
        Request request = {.offset = traffic->bytes->len, .class = draw_class(traffic)};
        append_request(traffic, request.class);
        request.length = traffic->bytes->len - request.offset;
        g_array_append_val(traffic->requests, request);
    }
    return traffic;
}

void traffic_free(Traffic *traffic) {
    if (traffic) {
        g_rand_free(traffic->random);
        g_string_free(traffic->bytes, TRUE);
        g_array_unref(traffic->requests);
        g_free(traffic);
    }
}

guint traffic_count(const Traffic *traffic) {
    return traffic->requests->len;
}

Text traffic_block(const Traffic *traffic, guint index) {
    const Request *request = &g_array_index(traffic->requests, Request, index);
    return text_make(traffic->bytes->str + request->offset, request->length);
}

Text traffic_answer(const Traffic *traffic, guint index) {
    return answers[g_array_index(traffic->requests, Request, index).class];
}
