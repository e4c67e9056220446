// SPDX-License-Identifier: BSD-3-Clause
// The round trip from the sender's front address to another member's: member 1, microseconds 4.
#include "cluster/record_parts.h"

void rl_record_put_front_rtt(struct rl_writer *w, const struct rl_record_context *c,
			     const union rl_record *in)
{
	(void)c;
	rl_put8(w, in->front_rtt.to);
	rl_put32(w, in->front_rtt.rtt_us);
}

void rl_record_get_front_rtt(struct rl_reader *r, const struct rl_record_context *c,
			     union rl_record *out)
{
	struct rl_front_rtt *f = &out->front_rtt;
	f->to = rl_get8(r);
	f->rtt_us = rl_get32(r);
	if (f->to == RL_NOBODY || f->to == c->from || f->rtt_us == 0 ||
	    f->rtt_us > RL_FRONT_RTT_MAX)
		r->bad = true;
}
