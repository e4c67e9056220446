// SPDX-License-Identifier: BSD-3-Clause
// The steward's side of a WHOIS across members: whom to ask, questions and replies as batches, the
// answer by the host's root, which identities are known to be valid, and the hint that a client has
// lost because it did not know the other.
#include "cluster/steward_parts.h"

#include <errno.h>

enum {
	INTRODUCED_MS = 30000, // between two introductions of a pair that are remembered
	REPEAT_MS = 10000,     // root/introduce.c
};

static bool here(void *ctx, uint64_t address)
{
	struct rl_steward *s = ctx;
	struct rl_identity id;
	return s->host.identity(s->host.ctx, address, &id);
}

static bool may_ask(const struct rl_steward *s, uint8_t member, const uint8_t *asked, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (asked[i] == member)
			return false;
	return member != RL_NOBODY && member != s->members.self &&
	       rl_member_alive(&s->members, member);
}

static uint8_t next(void *ctx, uint64_t address, const uint8_t *asked, unsigned n)
{
	struct rl_steward *s = ctx;
	struct rl_location l;
	if (!rl_steward_find(s, address, &l) || !rl_location_live(&l))
		return RL_NOBODY;
	if (may_ask(s, l.home, asked, n))
		return l.home;
	return may_ask(s, l.backup, asked, n) ? l.backup : RL_NOBODY;
}

uint64_t rl_steward_fingerprint(const struct rl_steward *s, const struct rl_identity *id)
{
	return rl_location_fingerprint(s->directory.key, id->public_key);
}

static bool fits(void *ctx, const struct rl_identity *id)
{
	struct rl_steward *s = ctx;
	struct rl_location l;
	if (!rl_steward_find(s, id->address, &l) || l.fingerprint == 0)
		return true;
	return l.fingerprint == rl_steward_fingerprint(s, id);
}

bool rl_steward_validated(const struct rl_steward *s, const struct rl_identity *id)
{
	struct rl_location l;
	return rl_steward_find(s, id->address, &l) && l.fingerprint != 0 &&
	       l.fingerprint == rl_steward_fingerprint(s, id);
}

void rl_steward_valid(struct rl_steward *s, uint64_t address, uint64_t fingerprint, uint64_t now_ms)
{
	s->now_ms = now_ms;
	rl_sync_valid(&s->sync, address, fingerprint, now_ms);
}

// Whom the root knows is valid: it was validated here or elsewhere before it got in.
void rl_steward_identify(const struct rl_steward *s, struct rl_location *l)
{
	struct rl_identity id;
	if (l->fingerprint == 0 && s->host.identity &&
	    s->host.identity(s->host.ctx, l->address, &id))
		l->fingerprint = rl_steward_fingerprint(s, &id);
}

static void ask(void *ctx, uint8_t member, uint32_t request, const uint64_t *address, unsigned n)
{
	struct rl_steward *s = ctx;
	struct rl_batch_head head = rl_sync_head(&s->sync, RL_BATCH_WHOIS_ASK, member, s->now_ms);
	struct rl_batch_writer b;
	head.request = request;
	rl_batch_open(&b, s->batch, &head);
	for (unsigned i = 0; i < n; i++)
		rl_batch_add(&b, &(union rl_record){.address = address[i]});
	rl_steward_send(s, &b);
}

// Who asks about a node right after having been introduced to it has lost that hint.
static void introduce_again(struct rl_steward *s, uint64_t client, uint64_t other)
{
	uint64_t hash = rl_pairs_hash(&s->introduced, client, other);
	if (rl_pairs_claim_repeat(&s->introduced, hash, s->now_ms, REPEAT_MS))
		rl_steward_introduce(s, client, other, s->now_ms);
}

void rl_steward_introduced(struct rl_steward *s, uint64_t client, uint64_t other)
{
	uint64_t hash = rl_pairs_hash(&s->introduced, client, other);
	rl_pairs_claim(&s->introduced, hash, s->now_ms, INTRODUCED_MS - 1000);
}

// A client of another home that was never here has no way here yet: whatever it sends is a
// stranger's. Now it is none, and its home may have it come.
static void adopt(struct rl_steward *s, const struct rl_identity *id)
{
	const struct rl_warm_client *c = rl_warm_find(&s->warm, id->address);
	if (!c || !rl_steward_validated(s, id) || s->host.adopt(s->host.ctx, id) != 0)
		return;
	s->counters.adopted++;
	rl_steward_cold(s, id->address, (uint8_t)c->home);
}

bool rl_steward_adopt(struct rl_steward *s, uint64_t client)
{
	struct rl_ask a = {.client = RL_WHOIS_OURS, .verb = ZT_VERB_WHOIS};
	if (!s->host.adopt || !s->host.identity || here(s, client))
		return false;
	a.whois.count = 1;
	a.whois.address[0] = client;
	rl_whois_ask(&s->whois, &a, s->now_ms);
	return true;
}

static bool answer(void *ctx, const struct rl_whois_question *q, const struct rl_identity *given,
		   unsigned n)
{
	struct rl_steward *s = ctx;
	if (q->client == RL_WHOIS_OURS) {
		for (unsigned i = 0; i < n; i++)
			adopt(s, &given[i]);
		return n > 0;
	}
	int ret = s->host.whois(s->host.ctx, q->client, &q->by, q->id, q->address, q->count, given,
				n);
	s->counters.unsent += ret != 0 && ret != -ENODATA;
	for (unsigned i = 0; ret == 0 && i < n; i++)
		introduce_again(s, q->client, given[i].address);
	return ret != -ENODATA;
}

struct rl_whois_host rl_steward_whois_host(struct rl_steward *s)
{
	return (struct rl_whois_host){
		.ctx = s, .here = here, .next = next, .fits = fits, .ask = ask, .answer = answer};
}

void rl_steward_whois(struct rl_steward *s, const struct rl_ask *a, uint64_t now_ms)
{
	s->now_ms = now_ms;
	if (s->host.identity && s->host.whois)
		rl_whois_ask(&s->whois, a, now_ms);
}

void rl_steward_asked(struct rl_steward *s)
{
	rl_whois_flush(&s->whois);
}

// As far as known here. An empty reply says that at once.
void rl_steward_whois_reply(struct rl_steward *s, struct rl_batch_reader *asked)
{
	struct rl_batch_head head =
		rl_sync_head(&s->sync, RL_BATCH_WHOIS_REPLY, asked->head.from, s->now_ms);
	struct rl_batch_writer b;
	union rl_record r, known;
	head.request = asked->head.request;
	head.flags = RL_BATCH_LAST;
	rl_batch_open(&b, s->batch, &head);
	for (unsigned i = 0; i < RL_WHOIS_BATCH && rl_batch_next(asked, &r); i++) {
		if (!s->host.identity || !s->host.identity(s->host.ctx, r.address, &known.identity))
			continue;
		if (!rl_whois_allow(&s->whois, asked->head.from, s->now_ms))
			break;
		rl_batch_add(&b, &known);
	}
	rl_steward_send_even_empty(s, &b);
}

void rl_steward_whois_take(struct rl_steward *s, struct rl_batch_reader *reply)
{
	const struct rl_batch_head *h = &reply->head;
	union rl_record r;
	while (rl_batch_next(reply, &r))
		rl_whois_learn(&s->whois, h->from, h->request, &r.identity, s->now_ms);
	rl_whois_replied(&s->whois, h->from, h->request, h->flags & RL_BATCH_LAST, s->now_ms);
	rl_whois_flush(&s->whois);
}
