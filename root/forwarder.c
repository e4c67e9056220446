// SPDX-License-Identifier: BSD-3-Clause
#include "root/forwarder.h"

#include "root/budget.h"

#include <errno.h>
#include <stdatomic.h>

// Open addressing, at most a quarter full, so that a search ends soon.
static unsigned slot_of(const struct rl_forwarders *f, uint64_t prefix)
{
	return rl_hash64(f->key, prefix) % RL_FORWARDER_SLOTS;
}

static void put(const struct rl_forwarders *f, uint64_t slots[], uint64_t prefix)
{
	unsigned i = slot_of(f, prefix);
	while (slots[i] != 0 && slots[i] != prefix)
		i = (i + 1) % RL_FORWARDER_SLOTS;
	slots[i] = prefix;
}

int rl_forwarders_set(struct rl_forwarders *f, enum rl_forwarder_group group,
		      const struct rl_inet *addr, unsigned count)
{
	uint64_t slots[RL_FORWARDER_SLOTS] = {0};
	if (count > RL_FORWARDERS_MAX)
		return -ENOSPC;
	for (unsigned i = 0; i < count; i++)
		if (addr[i].family != 0)
			put(f, slots, rl_prefix(&addr[i], RL_PREFIX_HOST));
	for (unsigned i = 0; i < RL_FORWARDER_SLOTS; i++)
		atomic_store_explicit(&f->at[group][i], slots[i], memory_order_relaxed);
	return 0;
}

static unsigned find(const struct rl_forwarders *f, unsigned group, uint64_t prefix)
{
	unsigned i = slot_of(f, prefix);
	for (unsigned tries = 0; tries < RL_FORWARDER_SLOTS; tries++) {
		uint64_t there = atomic_load_explicit(&f->at[group][i], memory_order_relaxed);
		if (there == prefix)
			return group * RL_FORWARDER_SLOTS + i;
		if (there == 0)
			break;
		i = (i + 1) % RL_FORWARDER_SLOTS;
	}
	return RL_FORWARDER_NONE;
}

unsigned rl_forwarders_find(const struct rl_forwarders *f, const struct rl_inet *from)
{
	uint64_t prefix = rl_prefix(from, RL_PREFIX_HOST);
	for (unsigned group = 0; group < RL_FORWARDER_GROUPS; group++) {
		unsigned at = find(f, group, prefix);
		if (at != RL_FORWARDER_NONE)
			return at;
	}
	return RL_FORWARDER_NONE;
}
