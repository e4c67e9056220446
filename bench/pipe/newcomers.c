// SPDX-License-Identifier: BSD-3-Clause
#include "bench/pipe/newcomers.h"

#include "tests/lib/identities.h"
#include "tests/lib/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct newcomers {
	struct rl_worker *worker;
	struct rl_scratch *scratch;
	unsigned count, next;
	struct {
		uint16_t len;
		uint8_t data[256];
	} hello[];
};

static void write_hellos(struct newcomers *n, const struct population *pop,
			 const struct test_identity *ids, struct rl_cipher *cipher)
{
	static const struct rl_inet target = {.ip = {10, 0, 0, 1}, .port = ZT_PORT, .family = 4};
	uint8_t data[ZT_PACKET_MAX];
	for (unsigned i = 0; i < n->count; i++) {
		struct node node;
		node_init(&node, &ids[i].id, &ids[i].secret, &pop->root->id, cipher, 1);
		size_t len = node_hello(&node, &node.root, 1700000000000, &target, data);
		if (len == 0 || len > sizeof(n->hello[i].data))
			abort();
		n->hello[i].len = (uint16_t)len;
		memcpy(n->hello[i].data, data, len);
	}
}

struct newcomers *newcomers_new(struct population *pop, unsigned max)
{
	static const uint8_t seed[32] = {99};
	struct test_identity *ids;
	int count = identities_load(IDENTITIES_FILE, 0, max, &ids);
	if (count <= 0)
		return NULL;
	struct newcomers *n = calloc(1, sizeof(*n) + (size_t)count * sizeof(n->hello[0]));
	struct rl_cipher *cipher = rl_cipher_new();
	if (!n || !cipher)
		return NULL;
	n->count = (unsigned)count;
	n->worker = rl_worker_new(pop->root, seed);
	n->scratch = rl_scratch_new();
	if (!n->worker || !n->scratch)
		return NULL;
	write_hellos(n, pop, ids, cipher);
	rl_cipher_free(cipher);
	free(ids);
	return n;
}

void newcomers_free(struct newcomers *n)
{
	rl_worker_free(n->worker);
	rl_scratch_free(n->scratch);
	free(n);
}

void newcomers_admit(struct newcomers *n, uint64_t now_ms)
{
	uint8_t data[ZT_MTU];
	if (n->next == n->count) {
		usleep(1000);
		return;
	}
	// Each from a network of its own: the budget of one would be used up.
	struct rl_packet p = {.data = data,
			      .len = n->hello[n->next].len,
			      .room = sizeof(data),
			      .from = rl_inet4(0x20000000 + (n->next << 8), ZT_PORT)};
	memcpy(data, n->hello[n->next].data, p.len);
	rl_admit(n->worker, n->scratch, now_ms, &p);
	if (p.verdict != RL_REPLY) {
		fprintf(stderr, "bench_pipe: a newcomer is refused: %s\n", rl_drop_name(p.drop));
		exit(1);
	}
	n->next++;
}

unsigned newcomers_count(const struct newcomers *n)
{
	return n->next;
}
