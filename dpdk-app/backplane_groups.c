// SPDX-License-Identifier: BSD-3-Clause
// Multicast groups across members: workers report groups that are new here, by a ring, and ask
// whether others have one (cluster/audience.h); the steward's questions about groups are put to the
// root.
#include "dpdk-app/backplane_parts.h"
#include "root/listen.h"
#include "root/tell.h"

#include <errno.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

enum {
	NEW_GROUPS = 16384, // 400 kB
	EACH = 256,         // in one turn
};
_Static_assert(sizeof(struct rl_group_key) % 4 == 0, "an element of a ring");

int backplane_groups_make(struct backplane *b)
{
	b->groups = rte_ring_create_elem("groups", sizeof(struct rl_group_key), NEW_GROUPS,
					 SOCKET_ID_ANY, RING_F_SC_DEQ | RING_F_EXACT_SZ);
	return b->groups ? 0 : -ENOMEM;
}

void backplane_new_groups(struct backplane *b, const struct rl_worker *core)
{
	unsigned n;
	bool more;
	const struct rl_group_key *key = rl_worker_new_groups(core, &n, &more);
	if (!b || n == 0)
		return;
	unsigned put = rte_ring_enqueue_burst_elem(b->groups, key, sizeof(*key), n, NULL);
	// Then the next round over all groups tells them, and is due soon.
	if (put < n || more)
		atomic_store_explicit(&b->groups_missed, true, memory_order_relaxed);
}

unsigned backplane_groups_take(struct backplane *b)
{
	struct rl_group_key key[EACH];
	unsigned n = rte_ring_dequeue_burst_elem(b->groups, key, sizeof(key[0]), EACH, NULL);
	if (n > 0)
		rl_steward_new_groups(&b->steward, key, n, b->now_ms);
	if (atomic_load_explicit(&b->groups_missed, memory_order_relaxed)) {
		atomic_store_explicit(&b->groups_missed, false, memory_order_relaxed);
		rl_steward_all_groups(&b->steward);
	}
	return n;
}

bool backplane_groups_elsewhere(const struct backplane *b, const struct rl_group_key *group)
{
	if (!b)
		return false;
	const struct rl_audience *a = &b->steward.audience;
	// Without room for a question it had better be answered as far as is known here.
	return rl_audience_elsewhere(a, rl_audience_hash(a, group)) && !rte_ring_full(b->asks);
}

void backplane_gather(struct backplane *b, const struct rl_ask *a)
{
	struct rl_gather_asker who = {.client = a->client,
				      .id = a->id,
				      .by = a->path.addr,
				      .limit = (uint16_t)a->gather.limit};
	rl_steward_gather(&b->steward, &who, &a->gather.group, b->now_ms);
}

static unsigned gather(void *ctx, const struct rl_group_key *group, uint64_t but, unsigned max,
		       uint64_t *out, uint32_t *total)
{
	struct backplane *b = ctx;
	return rl_worker_gather(b->handle.core, group, but, max, b->now_ms, out, total);
}

static uint64_t group_sets(void *ctx)
{
	struct backplane *b = ctx;
	return rl_root_group_sets(b->o.root);
}

static unsigned groups(void *ctx, uint64_t set, struct rl_group_key out[static RL_GROUP_WAYS])
{
	struct backplane *b = ctx;
	return rl_root_groups(b->o.root, set, out);
}

static int gathered(void *ctx, const struct rl_gather_asker *who, const struct rl_group_key *group,
		    uint32_t total, const uint64_t *address, unsigned n)
{
	struct backplane *b = ctx;
	int ret = rl_tell_gather(b->handle.core, who->client, &who->by, who->id, group, total,
				 address, n);
	if (ret != -ENOBUFS)
		return ret;
	backplane_flush(b);
	return rl_tell_gather(b->handle.core, who->client, &who->by, who->id, group, total, address,
			      n);
}

void backplane_groups_host(struct rl_steward_host *host)
{
	host->gather = gather;
	host->group_sets = group_sets;
	host->groups = groups;
	host->gathered = gathered;
}
