// SPDX-License-Identifier: BSD-3-Clause
// The backplane in the model: batches take half a round trip between members and get lost as
// packets do. Between members that are cut off from each other nothing passes.
#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

// A place for a copy of the batch.
static uint32_t keep(struct sim *s, const uint8_t *data, size_t len)
{
	uint32_t slot = s->next_batch;
	struct sim_batch *b = malloc(sizeof(*b) + len);

	for (unsigned i = 0; s->batches[slot]; slot = (slot + 1) % SIM_BATCHES)
		if (++i == SIM_BATCHES)
			abort();
	if (!b)
		abort();
	s->next_batch = (slot + 1) % SIM_BATCHES;
	b->references = 1;
	b->len = len;
	memcpy(b->data, data, len);
	s->batches[slot] = b;
	return slot;
}

static void release(struct sim *s, uint32_t slot)
{
	if (--s->batches[slot]->references > 0)
		return;
	free(s->batches[slot]);
	s->batches[slot] = NULL;
}

static void send_one(struct sim *s, uint32_t slot, unsigned from, unsigned to)
{
	double way = sim_world_link(&s->world, s->o.first_site + from, s->o.first_site + to) / 2;

	if (s->cut[from][to] || sim_lost(s, s->o.link_loss))
		return;
	if (s->o.link_delay_ms)
		way += (double)(sim_random(s->o.seed, 103, s->dice++) % s->o.link_delay_ms);
	s->batches[slot]->references++;
	sim_queue_put(
		&s->queue, (uint64_t)way,
		&(struct sim_event){.kind = SIM_BATCH, .subject = slot, .member = (uint8_t)to});
}

void sim_bus_send(struct sim *s, unsigned from, uint8_t to, const uint8_t *batch, size_t len)
{
	uint32_t slot = keep(s, batch, len);

	for (unsigned m = 0; m < SIM_MEMBERS; m++)
		if (m != from && (to == RL_NOBODY || to == m + 1))
			send_one(s, slot, from, m);
	s->backplane_bytes += len;
	release(s, slot);
}

void sim_bus_arrive(struct sim *s, const struct sim_event *e)
{
	// A batch is opened in place, and this one is on its way to others too.
	static uint8_t copy[RL_BATCH_MAX];
	struct sim_batch *b = s->batches[e->subject];
	struct sim_node *n = &s->node[e->member];

	if (n->up) {
		memcpy(copy, b->data, b->len);
		rl_steward_batch(&n->steward, copy, b->len, sim_clock(s, e->member));
	}
	release(s, e->subject);
}
