// SPDX-License-Identifier: BSD-3-Clause
// Records about multicast groups.
#include "cluster/record_parts.h"

static void put_group(struct rl_writer *w, const struct rl_group_key *g)
{
	rl_put64(w, g->network);
	rl_put16(w, (uint16_t)(g->mac >> 32));
	rl_put32(w, (uint32_t)g->mac);
	rl_put32(w, g->adi);
}

static struct rl_group_key get_group(struct rl_reader *r)
{
	struct rl_group_key g = {.network = rl_get64(r)};
	g.mac = (uint64_t)rl_get16(r) << 32;
	g.mac |= rl_get32(r);
	g.adi = rl_get32(r);
	return g;
}

void rl_record_put_group_hash(struct rl_writer *w, const struct rl_record_context *c,
			      const union rl_record *in)
{
	(void)c;
	rl_put64(w, in->group_hash);
}

void rl_record_get_group_hash(struct rl_reader *r, const struct rl_record_context *c,
			      union rl_record *out)
{
	(void)c;
	out->group_hash = rl_get64(r);
}

void rl_record_put_gather_ask(struct rl_writer *w, const struct rl_record_context *c,
			      const union rl_record *in)
{
	(void)c;
	put_group(w, &in->gather_ask.group);
	rl_put8(w, in->gather_ask.limit);
}

void rl_record_get_gather_ask(struct rl_reader *r, const struct rl_record_context *c,
			      union rl_record *out)
{
	(void)c;
	out->gather_ask.group = get_group(r);
	out->gather_ask.limit = rl_get8(r);
	if (out->gather_ask.limit == 0)
		r->bad = true;
}

void rl_record_put_gather_reply(struct rl_writer *w, const struct rl_record_context *c,
				const union rl_record *in)
{
	(void)c;
	put_group(w, &in->gather_reply.group);
	rl_put32(w, in->gather_reply.total);
	rl_put8(w, in->gather_reply.count);
	rl_put_bytes(w, in->gather_reply.addresses,
		     in->gather_reply.count * (size_t)ZT_ADDRESS_LEN);
}

void rl_record_get_gather_reply(struct rl_reader *r, const struct rl_record_context *c,
				union rl_record *out)
{
	(void)c;
	out->gather_reply.group = get_group(r);
	out->gather_reply.total = rl_get32(r);
	out->gather_reply.count = rl_get8(r);
	if (out->gather_reply.count > out->gather_reply.total)
		r->bad = true;
	struct rl_reader each = *r;
	out->gather_reply.addresses = rl_get(r, out->gather_reply.count * (size_t)ZT_ADDRESS_LEN);
	for (unsigned i = 0; i < out->gather_reply.count && !r->bad; i++) {
		rl_record_address(&each);
		r->bad = each.bad;
	}
}
