/*
 * DomainMap: a set of domains that holds the parents of each of its members, so that a look-up
 * goes label by label from the right and stops at the first that is missing. A node knows the atom
 * of its own domain and of those under it, inherited from its parent. However many labels who asks
 * puts before a known parent, no more of them are looked at than fit into the longest member.
 */
#include "rules/domain_map.h"

#include "rules/text_set.h"

typedef struct {
    Atom exact;
    Atom under;
} Node;

struct DomainMap {
    SignatureTable *signatures;
    TextSet *domains;
    GArray *nodes; /* by the number that the domain has in `domains`; parents come first */
};

DomainMap *domain_map_new(SignatureTable *signatures) {
    DomainMap *map = g_new0(DomainMap, 1);
    map->signatures = signatures;
    map->domains = text_set_new();
    map->nodes = g_array_new(FALSE, TRUE, sizeof(Node));
    return map;
}

void domain_map_free(DomainMap *map) {
    if (map) {
        text_set_free(map->domains);
        g_array_unref(map->nodes);
        g_free(map);
    }
}

/* The number of a domain, which is put in if it is missing, its parents before it. */
static guint32 ensure_node(DomainMap *map, Text domain) {
    for (size_t i = domain.length; i > 0; i--) {
        if (i == 1 || domain.data[i - 2] == '.') {
            text_set_add(map->domains, text_make(domain.data + i - 1, domain.length - i + 1));
        }
    }
    g_array_set_size(map->nodes, text_set_count(map->domains));
    return text_set_find(map->domains, domain);
}

void domain_map_add(DomainMap *map, Text domain, gboolean under, guint32 test) {
    guint32 number = ensure_node(map, domain);
    Node *node = &g_array_index(map->nodes, Node, number);
    Atom *atom = under ? &node->under : &node->exact;
    *atom = signature_with(map->signatures, *atom, test);
}

static Atom parent_under(const DomainMap *map, Text domain) {
    ssize_t dot = text_find(domain, '.');
    if (dot < 0) {
        return ATOM_REST;
    }
    size_t skip = (size_t)dot + 1;
    guint32 number =
        text_set_find(map->domains, text_make(domain.data + skip, domain.length - skip));
    return g_array_index(map->nodes, Node, number).under;
}

void domain_map_seal(DomainMap *map) {
    for (guint i = 0; i < map->nodes->len; i++) {
        Node *node = &g_array_index(map->nodes, Node, i);
        Atom inherited = parent_under(map, text_set_get(map->domains, i));
        node->exact = signature_union(map->signatures, node->exact, inherited);
        node->under = signature_union(map->signatures, node->under, inherited);
    }
}

Atom domain_map_find(const DomainMap *map, Text domain) {
    const Node *nodes = (const Node *)(gpointer)map->nodes->data;
    size_t longest = MIN(domain.length, text_set_longest(map->domains));
    TextHash hash = text_hash_start(domain);
    Atom atom = ATOM_REST;
    if (domain.length == 0 || domain.data[0] == '.') {
        return ATOM_REST;
    }
    for (size_t length = 1; length <= longest; length++) {
        const char *start = hash.end - length;
        if (start > domain.data && start[-1] != '.') {
            continue;
        }
        guint32 number = text_set_find_hashed(map->domains, text_make(start, length),
                                              text_hash_last(&hash, length));
        if (number == TEXT_SET_NONE) {
            return atom;
        }
        atom = length == domain.length ? nodes[number].exact : nodes[number].under;
    }
    return atom;
}

void domain_map_visit(const DomainMap *map, DomainVisitor visit, gpointer data) {
    for (guint i = 0; i < map->nodes->len; i++) {
        const Node *node = &g_array_index(map->nodes, Node, i);
        visit(text_set_get(map->domains, i), node->exact, node->under, data);
    }
}
