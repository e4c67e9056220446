// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/engine.h"

#include "dpdk-app/frame_out.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum {
	LEDGER_BITS = 21, // two million packets in flight
	SEQUENCE_BITS = 24,
};

static const char *const heard_names[] = {
#define X(id, name) name,
	HEARD(X)
#undef X
};

const char *heard_text(enum heard h)
{
	return heard_names[h];
}

int engine_init(struct engine *e, struct link *link, const struct population *p,
		const struct rl_inet *target, uint64_t seed)
{
	*e = (struct engine){.link = link, .p = p, .rng = {rng_mix(seed)}, .target = *target};
	memcpy(e->own_mac, link->mac, 6);
	e->cipher = rl_cipher_new();
	e->ledger = ledger_new(LEDGER_BITS);
	e->flags = calloc(p ? p->count : 1, 1);
	return e->cipher && e->ledger && e->flags ? 0 : -ENOMEM;
}

void engine_free(struct engine *e)
{
	rl_cipher_free(e->cipher);
	ledger_free(e->ledger);
	free(e->flags);
	*e = (struct engine){0};
}

uint64_t engine_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t engine_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

bool engine_stopped(const struct engine *e)
{
	return e->link->error || (e->stop && atomic_load_explicit(e->stop, memory_order_relaxed));
}

static size_t header_len(const struct engine *e)
{
	size_t ip = e->target.family == 4 ? FRAME_IP4_LEN : FRAME_IP6_LEN;

	return FRAME_ETH_LEN + ip + FRAME_UDP_LEN;
}

size_t engine_payload_max(const struct engine *e)
{
	return e->link->mtu + FRAME_ETH_LEN - header_len(e);
}

uint8_t *engine_room(struct engine *e)
{
	uint8_t *frame = e->link->ops->room(e->link);

	return frame ? frame + header_len(e) : NULL;
}

void engine_send(struct engine *e, const struct rl_inet *from, const struct rl_inet *to, size_t len)
{
	uint8_t *payload = engine_room(e);
	struct frame_way way = {.own = *from};
	struct frame_header h;
	unsigned n;

	memcpy(way.own_mac, e->own_mac, 6);
	memcpy(way.next_mac, e->next_mac, 6);
	frame_header_make(&h, &way);
	n = frame_out(payload, (uint16_t)len, &h, to, frame_sum(payload, len));
	// Headers of another family would not end where the payload starts.
	if (n == header_len(e))
		e->link->ops->push(e->link, n + (unsigned)len);
	else
		e->not_sent++;
}

// Random for ciphers and roots, in sequence for the ledger: neighbours in time are neighbours in
// memory, with room for the copies of a HELLO from other sockets.
static uint64_t fresh_id(struct engine *e)
{
	const uint64_t low = ((uint64_t)1 << SEQUENCE_BITS) - 1;

	e->sequence += SOURCES_SOCKETS;
	return (rng_next(&e->rng) & ~low) | (e->sequence & low);
}

uint64_t engine_fire(struct engine *e, const struct shot *s, uint64_t now_ns, uint64_t now_ms)
{
	uint8_t *payload = engine_room(e);
	bool relayed = s->kind == CLASS_RELAY || s->kind == CLASS_FRAGMENT;
	bool due = class_answered(s->kind) && (s->sender != POPULATION_NONE || relayed);
	uint64_t wire_id;

	if (s->from.family != e->target.family || s->len > engine_payload_max(e)) {
		e->not_sent++;
		return 0;
	}
	if (!s->repeat)
		e->last_id = fresh_id(e);
	wire_id = shot_seal(s, e->p, e->cipher, payload, e->last_id, now_ms, &e->target);
	if (s->kind == CLASS_HELLO && s->sender != POPULATION_NONE)
		e->flags[s->sender] |= NODE_SAID;
	ledger_sent(e->ledger, s->kind, due, ledger_key(wire_id, relayed ? 0 : s->from.port),
		    now_ns);
	engine_send(e, &s->from, &e->target, s->len);
	return wire_id;
}

void engine_flush(struct engine *e)
{
	e->link->ops->flush(e->link);
}
