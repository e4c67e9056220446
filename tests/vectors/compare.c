// SPDX-License-Identifier: BSD-3-Clause
#include "tests/vectors/compare.h"

#include <stdio.h>
#include <stdlib.h>

struct context {
	struct replay *r;
	struct compare_meant *meant;
	unsigned rows;
	unsigned unexpected;
};

static void differ(struct context *c, enum compare_side side, const char *field,
		   const struct replay_sent *ours, const struct replay_sent *theirs)
{
	static const char *const sides[] = {"differs", "only ours", "only theirs"};
	const struct replay_sent *s = ours ? ours : theirs;
	uint8_t verb = s->relayed ? COMPARE_RELAY : s->event->verb;
	uint8_t in_verb = s->relayed ? 0 : s->event->in_verb;

	for (unsigned i = 0; i < c->rows; i++) {
		struct compare_meant *m = &c->meant[i];

		if (m->side != side || m->verb != verb || m->in_verb != in_verb ||
		    (m->kind >= 0 && m->kind != (int)c->r->test->kind) ||
		    (m->field && (!field || strcmp(m->field, field) != 0)) ||
		    (m->holds && !m->holds(c->r, ours, theirs)))
			continue;
		m->hits++;
		return;
	}
	c->unexpected++;
	fprintf(stderr, "%s: %s%s%s: %s\n", c->r->test->name, sides[side], field ? " in " : "",
		field ? field : "", replay_text(s));
}

static void same(struct context *c, bool equal, const char *field, const struct replay_sent *ours,
		 const struct replay_sent *theirs)
{
	if (!equal)
		differ(c, COMPARE_FIELD, field, ours, theirs);
}

// Hop counts apart; they are compared by themselves.
static bool same_bytes(const struct replay_sent *a, const struct replay_sent *b)
{
	const size_t hops_at = a->piece ? ZT_FRAG_AT_HOPS : ZT_AT_FLAGS;

	if (a->len != b->len || a->len <= hops_at)
		return false;
	return memcmp(a->data, b->data, hops_at) == 0 &&
	       ((a->data[hops_at] ^ b->data[hops_at]) & ~ZT_HOPS_MASK) == 0 &&
	       memcmp(a->data + hops_at + 1, b->data + hops_at + 1, a->len - hops_at - 1) == 0;
}

static int by_address(const void *a, const void *b)
{
	return memcmp(a, b, ZT_ADDRESS_LEN);
}

static bool same_members(const struct node_event *a, const struct node_event *b)
{
	uint8_t m[2][64 * ZT_ADDRESS_LEN];
	size_t len = (size_t)a->gather_count * ZT_ADDRESS_LEN;

	if (a->gather_count != b->gather_count || len > sizeof(m[0]))
		return false;
	memcpy(m[0], a->gather, len);
	memcpy(m[1], b->gather, len);
	qsort(m[0], a->gather_count, ZT_ADDRESS_LEN, by_address);
	qsort(m[1], b->gather_count, ZT_ADDRESS_LEN, by_address);
	return memcmp(m[0], m[1], len) == 0;
}

static bool same_identities(const struct node_event *a, const struct node_event *b)
{
	if (a->whois_count != b->whois_count)
		return false;
	for (unsigned i = 0; i < a->whois_count; i++) {
		if (!rl_identity_equal(&a->whois[i], &b->whois[i]))
			return false;
	}
	return true;
}

static void compare_answers(struct context *c, struct replay_sent *ours, struct replay_sent *theirs)
{
	const struct node_event *a = ours->event;
	const struct node_event *b = theirs->event;

	same(c, a->suite == b->suite, "suite", ours, theirs);
	same(c, a->hops == b->hops, "hops", ours, theirs);
	same(c, a->error == b->error, "code", ours, theirs);
	if (a->verb == ZT_VERB_RENDEZVOUS) {
		same(c, a->payload[0] == b->payload[0], "flags", ours, theirs);
		same(c, rl_inet_same_ip(&a->meet_at, &b->meet_at), "address", ours, theirs);
		same(c, a->meet_at.port == b->meet_at.port, "port", ours, theirs);
		same(c, rl_inet_equal(&ours->to, &theirs->to), "path", ours, theirs);
		return;
	}
	switch (a->in_verb) {
	case ZT_VERB_HELLO:
		same(c, a->clock == b->clock, "clock", ours, theirs);
		same(c,
		     a->proto == b->proto && a->major == b->major && a->minor == b->minor &&
			     a->revision == b->revision,
		     "version", ours, theirs);
		same(c, rl_inet_equal(&a->physical, &b->physical), "physical", ours, theirs);
		same(c,
		     a->worlds_field == b->worlds_field && a->worlds_len == b->worlds_len &&
			     memcmp(a->worlds, b->worlds, a->worlds_len) == 0,
		     "worlds", ours, theirs);
		break;
	case ZT_VERB_WHOIS:
		same(c, same_identities(a, b), "identities", ours, theirs);
		break;
	case ZT_VERB_MULTICAST_GATHER:
		same(c, memcmp(a->payload, b->payload, 18) == 0, "group", ours, theirs);
		same(c, a->gather_total == b->gather_total, "total", ours, theirs);
		same(c, same_members(a, b), "members", ours, theirs);
		break;
	default:
		same(c,
		     a->payload_len == b->payload_len &&
			     memcmp(a->payload, b->payload, a->payload_len) == 0,
		     "payload", ours, theirs);
		break;
	}
}

static bool same_thing(const struct replay_sent *a, const struct replay_sent *b)
{
	const struct node_event *x = a->event, *y = b->event;

	if (a->node != b->node || a->relayed != b->relayed)
		return false;
	if (a->relayed)
		return a->id == b->id && a->piece == b->piece;
	if (x->verb != y->verb || x->in_verb != y->in_verb)
		return false;
	if (x->verb == ZT_VERB_OK || x->verb == ZT_VERB_ERROR)
		return x->in_id == y->in_id && rl_inet_equal(&a->to, &b->to);
	if (x->verb == ZT_VERB_RENDEZVOUS)
		return x->meet == y->meet && x->meet_at.family == y->meet_at.family &&
		       (a->ms > b->ms ? a->ms - b->ms : b->ms - a->ms) < 2000;
	return false;
}

unsigned compare(struct replay *r, struct compare_meant *meant, unsigned rows, unsigned *compared)
{
	struct context c = {r, meant, rows, 0};

	for (unsigned i = 0; i < r->theirs.count; i++) {
		struct replay_sent *theirs = &r->theirs.sent[i];
		struct replay_sent *ours = NULL;

		for (unsigned k = 0; k < r->ours.count && !theirs->matched; k++) {
			ours = &r->ours.sent[k];
			if (!ours->matched && same_thing(ours, theirs))
				ours->matched = theirs->matched = true;
		}
		if (!theirs->matched) {
			differ(&c, COMPARE_THEIRS, NULL, NULL, theirs);
			continue;
		}
		++*compared;
		if (theirs->relayed) {
			same(&c, same_bytes(ours, theirs), "bytes", ours, theirs);
			same(&c, ours->hops == theirs->hops, "hops", ours, theirs);
			same(&c, rl_inet_equal(&ours->to, &theirs->to), "path", ours, theirs);
		} else {
			compare_answers(&c, ours, theirs);
		}
	}
	for (unsigned k = 0; k < r->ours.count; k++) {
		if (!r->ours.sent[k].matched)
			differ(&c, COMPARE_OURS, NULL, &r->ours.sent[k], NULL);
	}
	return c.unexpected;
}
