#include "key.h"

#include "hash.h"

#include <string.h>

/* The order of ends is by port, which nearly always decides it, and then by address. */
static bool comes_after(const struct flow_end *left, const struct flow_end *right)
{
    return left->port != right->port ? left->port > right->port
                                     : memcmp(left->addr, right->addr, sizeof left->addr) > 0;
}

struct flow_key flow_key_make(const struct flow_tuple *tuple, uint32_t path, unsigned *ret_sender)
{
    struct flow_key key;

    memset(&key, 0, sizeof key);
    *ret_sender = comes_after(&tuple->end[0], &tuple->end[1]);
    key.end[*ret_sender] = tuple->end[0];
    key.end[!*ret_sender] = tuple->end[1];
    key.path = path;
    key.ident = tuple->ident;
    key.family = tuple->family;
    key.protocol = tuple->protocol;
    key.bits = tuple->bits & (FLOW_TUPLE_PORTS | FLOW_TUPLE_IDENT);
    if ((key.bits & FLOW_TUPLE_IDENT) && !flow_key_has_same_ends(&key))
        key.asker = (uint8_t)(*ret_sender ^ ((tuple->bits & FLOW_TUPLE_ANSWER) != 0));
    return key;
}

bool flow_key_has_same_ends(const struct flow_key *key)
{
    return key->end[0].port == key->end[1].port &&
           memcmp(key->end[0].addr, key->end[1].addr, FLOW_ADDR_LEN) == 0;
}

unsigned flow_key_hash(const void *key)
{
    return flow_hash(key, sizeof(struct flow_key));
}

/* Asked once or twice a packet, so in words and without a call. */
int flow_key_equal(const void *left, const void *right)
{
    enum { WORDS = sizeof(struct flow_key) / sizeof(uint64_t) };
    uint64_t a[WORDS], b[WORDS], difference = 0;

    memcpy(a, left, sizeof a);
    memcpy(b, right, sizeof b);
    for (unsigned i = 0; i < WORDS; i++)
        difference |= a[i] ^ b[i];
    return difference == 0;
}
