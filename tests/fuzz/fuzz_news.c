// SPDX-License-Identifier: BSD-3-Clause
// What members tell in heartbeats and of round trips: what is taken must come out the same again,
// and a table that hears it must stay one.
#include "cluster/member.h"
#include "cluster/rtt.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void member(const uint8_t *data, size_t size)
{
	static struct rl_member_table table;
	struct rl_member_news own = {.id = 1}, a, b;
	struct rl_reader r = rl_reader(data, size);
	uint8_t wire[RL_MEMBER_NEWS_MAX];
	uint64_t now = 1000000;

	rl_member_init(&table, &own, now);
	while (rl_reader_left(&r) && rl_member_get(&r, &a) == 0) {
		struct rl_writer w = rl_writer(wire, sizeof(wire));
		rl_member_put(&w, &a);
		struct rl_reader again = rl_reader(wire, rl_writer_len(&w));
		if (w.bad || rl_member_get(&again, &b) || rl_reader_left(&again))
			abort();
		// Places are rounded to their wire form, so the second time nothing changes.
		uint8_t second[RL_MEMBER_NEWS_MAX];
		struct rl_writer w2 = rl_writer(second, sizeof(second));
		rl_member_put(&w2, &b);
		if (rl_writer_len(&w2) != rl_writer_len(&w))
			abort();
		rl_member_heard(&table, &a, now += a.beat % 8192);
		while (rl_member_next_dead(&table, now))
			;
	}
	for (unsigned i = 1; i < table.count; i++)
		if (table.ids[i - 1] >= table.ids[i])
			abort();
}

static void round_trips(const uint8_t *data, size_t size)
{
	static _Alignas(64) uint64_t mem[4 * RL_RTT_WAYS];
	static const uint8_t key[16];
	struct rl_reader r = rl_reader(data, size);
	uint16_t all[RL_MEMBER_IDS] = {0};
	struct rl_rtt_news n;
	struct rl_rtt t;

	memset(mem, 0, sizeof(mem));
	rl_rtt_init(&t, mem, 4 * RL_RTT_WAYS, 3600000, key);
	while (rl_reader_left(&r) && rl_rtt_take(&r, &n) == 0) {
		rl_rtt_heard(&t, &n, 1000000);
		if (rl_rtt_get(&t, n.prefix, n.member, 1000000) != n.rtt)
			abort();
		rl_rtt_learn(&t, n.prefix, n.member, n.rtt / 2 + 1, 1000000);
		rl_rtt_all(&t, n.prefix, 1000000, all);
		if (all[0] != 0 || all[n.member] == 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	member(data, size);
	round_trips(data, size);
	return 0;
}
