// SPDX-License-Identifier: BSD-3-Clause
// What the load generator takes from a wire or a capture file: frames of any kind, and, since no
// fuzzer finds a MAC, packets sealed here in the root's name. Nothing it answers may be longer than
// the link carries.
#include "bench/gun/engine.h"
#include "bench/gun/neighbour.h"
#include "dpdk-app/frame_out.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NODES = 3, FRAME_MAX = 2048, MTU = 1500, WHOLE_FRAME = 0x80, NODE_BITS = 3 };

static struct population_node node[NODES];
static struct population population = {.kind = POPULATION_INVENTED,
				       .count = NODES,
				       .seed = 1,
				       .root.address = 0x1122334455,
				       .node = node};
static struct engine engine;
static uint8_t room[FRAME_MAX];
static struct link_frame waiting;

static uint8_t *give_room(struct link *l)
{
	(void)l;
	return room;
}

static void push(struct link *l, unsigned len)
{
	(void)l;
	if (len > MTU + FRAME_ETH_LEN)
		abort();
}

static void nothing(struct link *l)
{
	(void)l;
}

static unsigned receive(struct link *l, struct link_frame *f, unsigned max)
{
	(void)l;
	(void)max;
	if (!waiting.data)
		return 0;
	*f = waiting;
	waiting.data = NULL;
	return 1;
}

static void start(void)
{
	static const struct link_ops ops = {
		.room = give_room, .push = push, .flush = nothing, .receive = receive};
	static struct link link = {.ops = &ops, .mtu = MTU, .mac = {2}};
	struct rl_inet target;
	struct say_why why;

	for (unsigned i = 0; i < NODES; i++) {
		node[i].address = population_invent_address(1, i);
		memset(&node[i].key, (int)i + 1, sizeof(node[i].key));
	}
	sources_init(&population.sources, "10.0.0.0/8", 20000);
	rl_inet_parse(&target, "192.0.2.1/9993");
	if (population_index(&population, &why) < 0 ||
	    engine_init(&engine, &link, &population, &target, 1) < 0)
		abort();
	engine.answer_neighbours = true;
}

static void take(const uint8_t *frame, size_t len)
{
	waiting = (struct link_frame){.data = frame, .len = (uint32_t)len, .sum_known = true};
	engine_receive(&engine);
}

// The rest of the input is a packet of the root to node i, from its flags on.
static void from_root(unsigned i, const uint8_t *data, size_t len)
{
	uint8_t frame[FRAME_HEADER_MAX + ZT_MTU] = {0}, *p = frame + FRAME_HEADER_MAX;
	struct rl_inet to = sources_at(&population.sources, i, 0);
	struct frame_way way = {.own = engine.target};
	struct frame_header h;
	size_t n = ZT_AT_VERB + len;
	unsigned suite;

	if (len < 2 || n > ZT_MTU)
		return;
	rl_store40(p + ZT_AT_TO, node[i].address);
	rl_store40(p + ZT_AT_FROM, population.root.address);
	suite = data[0] & 3;
	p[ZT_AT_FLAGS] = data[0] & ZT_FLAG_FRAGMENTED;
	memcpy(p + ZT_AT_VERB, data + 1, len - 1);
	rl_armor_seal(engine.cipher, &node[i].key, p, n - 1, suite == 2 ? 1 : suite);
	frame_header_make(&h, &way);
	unsigned head = frame_out(p, (uint16_t)(n - 1), &h, &to, frame_sum(p, n - 1));
	take(p - head, head + n - 1);
}

static void from_file(const uint8_t *data, size_t len)
{
	uint8_t *packet = malloc(len ? len : 1);
	struct shot s;

	memcpy(packet, data, len);
	shot_open(&s, &population, engine.cipher, packet, len);
	if (s.len != (len > UINT16_MAX ? (uint16_t)len : len))
		abort();
	shot_seal(&s, &population, engine.cipher, packet, 1, 2, &engine.target);
	free(packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact;
	struct datagram d;

	if (!engine.link)
		start();
	if (size < 2)
		return 0;
	exact = malloc(size - 1);
	memcpy(exact, data + 1, size - 1);
	if (data[0] & WHOLE_FRAME) {
		for (enum datagram_link l = DATAGRAM_ETHERNET; l <= DATAGRAM_NULL; l++) {
			if (datagram_read(&d, l, exact, size - 1) == DATAGRAM_UDP)
				from_file(d.data, d.len);
		}
		take(exact, size - 1);
		neighbour_read(exact, size - 1, &engine.target, room);
	} else {
		from_root((data[0] & NODE_BITS) % NODES, exact, size - 1);
		from_file(exact, size - 1);
	}
	free(exact);
	return 0;
}
