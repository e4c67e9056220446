// SPDX-License-Identifier: BSD-3-Clause
// The backplane in the model: the real batches of cluster/sync.h, only not sealed, take half a
// round trip between members and get lost as packets do. Between members that are cut off from each
// other nothing passes.
#include "tests/sim/sim.h"

#include "cluster/batch.h"

#include <stdlib.h>
#include <string.h>

static struct rl_batch_head head(struct sim *s, unsigned m, uint8_t kind, uint8_t to)
{
	return rl_sync_head(&s->node[m].sync, kind, to, sim_cluster_ms(s));
}

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

	if (s->cut[from][to] || sim_lost(s))
		return;
	s->batches[slot]->references++;
	sim_queue_put(
		&s->queue, (uint64_t)way,
		&(struct sim_event){.kind = SIM_BATCH, .subject = slot, .member = (uint8_t)to});
}

static void send(struct sim *s, unsigned m, struct rl_batch_head *h, uint8_t *batch, size_t len)
{
	struct sim_node *n = &s->node[m];

	// What the seal would do.
	h->epoch = n->epoch;
	h->seq = ++n->batches;
	rl_batch_sign_head(batch, h);
	uint32_t slot = keep(s, batch, len);
	for (unsigned to = 0; to < SIM_MEMBERS; to++)
		if (to != m && (h->to == RL_NOBODY || h->to == to + 1))
			send_one(s, slot, m, to);
	s->backplane_bytes += len;
	release(s, slot);
}

static uint8_t buffer[RL_BATCH_MAX];

static void send_round_trips(struct sim *s, unsigned m)
{
	struct sim_node *n = &s->node[m];
	struct rl_batch_head h = head(s, m, RL_BATCH_ROUND_TRIPS, RL_NOBODY);
	struct rl_batch_writer b;
	uint8_t bytes[RL_RTT_NEWS_LEN];

	if (n->n_rtts == 0)
		return;
	rl_batch_open(&b, buffer, &h);
	for (unsigned i = 0; i < n->n_rtts; i++) {
		struct rl_writer w = rl_writer(bytes, sizeof(bytes));
		rl_rtt_put(&w, &n->rtts[i]);
		rl_batch_add(&b, &(union rl_record){.blob = {sizeof(bytes), bytes}});
	}
	n->n_rtts = 0;
	send(s, m, &h, buffer, rl_batch_close(&b));
}

void sim_tell_rtt(struct sim *s, unsigned m, const struct rl_rtt_news *r)
{
	struct sim_node *n = &s->node[m];

	n->rtts[n->n_rtts++] = *r;
	if (n->n_rtts == SIM_RTTS)
		send_round_trips(s, m);
}

void sim_tell_cold(struct sim *s, unsigned m, uint32_t client, uint8_t home)
{
	struct rl_batch_head h = head(s, m, RL_BATCH_NOTICE, home);
	struct rl_batch_writer b;

	rl_batch_open(&b, buffer, &h);
	rl_batch_add(&b, &(union rl_record){.notice = {sim_address(client), RL_NOTICE_COLD,
						       (uint8_t)(m + 1)}});
	send(s, m, &h, buffer, rl_batch_close(&b));
}

void sim_bus_beat(struct sim *s, unsigned m)
{
	struct rl_batch_head h = head(s, m, RL_BATCH_HEARTBEAT, RL_NOBODY);
	uint8_t bytes[RL_MEMBER_NEWS_MAX];
	struct rl_writer w = rl_writer(bytes, sizeof(bytes));
	struct rl_batch_writer b;

	rl_member_put(&w, &s->node[m].news);
	rl_batch_open(&b, buffer, &h);
	rl_batch_add(&b, &(union rl_record){.blob = {(uint8_t)rl_writer_len(&w), bytes}});
	send(s, m, &h, buffer, rl_batch_close(&b));
}

void sim_bus_turn(struct sim *s, unsigned m)
{
	struct rl_sync *sync = &s->node[m].sync;
	struct rl_batch_head h;
	size_t len;

	rl_sync_tick(sync, sim_cluster_ms(s));
	send_round_trips(s, m);
	while ((len = rl_sync_next(sync, sim_cluster_ms(s), buffer, &h)) != 0)
		send(s, m, &h, buffer, len);
}

static void take_news(struct sim *s, struct sim_node *n, const struct rl_blob *blob)
{
	struct rl_reader r = rl_reader(blob->bytes, blob->len);
	struct rl_member_news news;

	if (rl_member_get(&r, &news) == 0)
		rl_member_heard(&n->members, &news, sim_cluster_ms(s));
}

static void take_round_trip(struct sim *s, struct sim_node *n, const struct rl_blob *blob)
{
	struct rl_reader r = rl_reader(blob->bytes, blob->len);
	struct rl_rtt_news news;

	if (rl_rtt_take(&r, &news) == 0)
		rl_rtt_heard(&n->rtt, &news, sim_cluster_ms(s));
}

static void take(struct sim *s, struct sim_node *n, const struct sim_batch *batch)
{
	struct rl_batch_reader b;
	union rl_record r;

	// The model's links change nothing: a batch that does not parse is a fault of the code.
	if (rl_batch_parse(&b, batch->data, batch->len) != RL_REFUSAL_NONE)
		abort();
	uint8_t kind = b.head.kind;
	if (rl_sync_take(&n->sync, &b, sim_cluster_ms(s)) != RL_REFUSAL_NONE ||
	    (kind != RL_BATCH_HEARTBEAT && kind != RL_BATCH_ROUND_TRIPS && kind != RL_BATCH_NOTICE))
		return;
	while (rl_batch_next(&b, &r)) {
		if (kind == RL_BATCH_HEARTBEAT)
			take_news(s, n, &r.blob);
		else if (kind == RL_BATCH_ROUND_TRIPS)
			take_round_trip(s, n, &r.blob);
		else if (r.notice.what == RL_NOTICE_COLD)
			sim_node_cold(s, n->index, sim_client_of(r.notice.address), b.head.from);
	}
}

void sim_bus_arrive(struct sim *s, const struct sim_event *e)
{
	struct sim_node *n = &s->node[e->member];

	if (n->up)
		take(s, n, s->batches[e->subject]);
	release(s, e->subject);
}
