// SPDX-License-Identifier: BSD-3-Clause
// The backplane in the model: what a member tells goes to all others in one batch each 20 ms, takes
// half a round trip, and is late if it was lost on the way (the gap is seen and asked for). Between
// members that are cut off from each other nothing passes; the first batch after that shows the
// gap, and a snapshot of the sender's clients fills it.
#include "tests/sim/sim.h"

#include <stdlib.h>

enum { LATE_MS = 300 };

static void *grow(void *old, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return old;
	*room = *room ? 2 * *room : 64;
	void *p = realloc(old, *room * size);
	if (!p)
		abort();
	return p;
}

static struct sim_batch *batch_of(struct sim_node *n)
{
	if (!n->out && !(n->out = calloc(1, sizeof(*n->out))))
		abort();
	return n->out;
}

void sim_tell(struct sim *s, unsigned m, const struct rl_location *l)
{
	struct sim_batch *b = batch_of(&s->node[m]);
	b->locations = grow(b->locations, b->n_locations, &b->room_locations, sizeof(*l));
	b->locations[b->n_locations++] = *l;
}

void sim_tell_rtt(struct sim *s, unsigned m, const struct rl_rtt_news *r)
{
	struct sim_batch *b = batch_of(&s->node[m]);
	b->rtts = grow(b->rtts, b->n_rtts, &b->room_rtts, sizeof(*r));
	b->rtts[b->n_rtts++] = *r;
}

static void release(struct sim *s, uint32_t slot)
{
	struct sim_batch *b = s->batches[slot];

	if (--b->references > 0)
		return;
	s->batches[slot] = NULL;
	free(b->locations);
	free(b->rtts);
	free(b);
}

static void send(struct sim *s, uint32_t slot, unsigned from, unsigned to)
{
	struct sim_batch *b = s->batches[slot];
	uint32_t delay =
		(uint32_t)(sim_world_link(&s->world, s->o.first_site + from, s->o.first_site + to) /
			   2);

	if (s->cut[from][to]) {
		s->node[to].behind[from] = true;
		return;
	}
	if (sim_lost(s))
		delay = 3 * delay + LATE_MS;
	b->references++;
	sim_queue_put(
		&s->queue, delay,
		&(struct sim_event){.kind = SIM_BATCH, .subject = slot, .member = (uint8_t)to});
}

void sim_bus_flush(struct sim *s, unsigned m, bool beat)
{
	struct sim_node *n = &s->node[m];

	if (!n->out && !beat)
		return;
	struct sim_batch *b = batch_of(n);
	uint32_t slot = s->next_batch;
	for (unsigned i = 0; s->batches[slot]; slot = (slot + 1) % SIM_BATCHES)
		if (++i == SIM_BATCHES)
			abort();
	s->next_batch = (slot + 1) % SIM_BATCHES;
	s->batches[slot] = b;
	b->source = m;
	b->beat = beat;
	b->news = n->news;
	b->references = 1;
	for (unsigned to = 0; to < SIM_MEMBERS; to++)
		if (to != m)
			send(s, slot, m, to);
	n->out = NULL;
	release(s, slot);
}

void sim_bus_arrive(struct sim *s, const struct sim_event *e)
{
	struct sim_node *n = &s->node[e->member];
	struct sim_batch *b = s->batches[e->subject];
	uint64_t now = sim_cluster_ms(s);

	if (n->up) {
		if (b->beat)
			rl_member_heard(&n->members, &b->news, now);
		for (size_t i = 0; i < b->n_locations; i++)
			sim_node_merge(s, e->member, &b->locations[i], false);
		for (size_t i = 0; i < b->n_rtts; i++)
			rl_rtt_heard(&n->rtt, &b->rtts[i], now);
		struct sim_node *source = &s->node[b->source];
		if (n->behind[b->source] && source->up) {
			n->behind[b->source] = false;
			source->snapshots = true;
			source->snapshot = rl_directory_walk_all(&source->directory);
		}
	}
	release(s, e->subject);
}
