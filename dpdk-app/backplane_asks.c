// SPDX-License-Identifier: BSD-3-Clause
// Questions of clients that other members may answer better (root/ask.h): from the workers that
// took them in, by a ring, to the backplane's thread.
#include "dpdk-app/backplane_parts.h"
#include "root/ask.h"

#include <errno.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

enum {
	ASKS = 1024, // half a megabyte
	EACH = 32,   // in one turn
};
_Static_assert(sizeof(struct rl_ask) % 4 == 0, "an element of a ring");

int backplane_asks_make(struct backplane *b)
{
	b->asks = rte_ring_create_elem("asks", sizeof(struct rl_ask), ASKS, SOCKET_ID_ANY,
				       RING_F_SC_DEQ | RING_F_EXACT_SZ);
	return b->asks ? 0 : -ENOMEM;
}

void backplane_asks(struct backplane *b, const struct rl_worker *core)
{
	unsigned n;
	const struct rl_ask *a = rl_worker_asks(core, &n);
	if (!b || n == 0)
		return;
	unsigned put = rte_ring_enqueue_burst_elem(b->asks, a, sizeof(*a), n, NULL);
	if (put > 0)
		waker_ring(&b->waker); // a client waits for it
	atomic_fetch_add_explicit(&b->counters.asks_full, n - put, memory_order_relaxed);
}

bool backplane_elsewhere(const struct backplane *b, uint64_t address)
{
	struct rl_location l;
	if (!b)
		return false;
	const struct rl_directory *d = &b->steward.directory;
	// Without room for a question it had better be answered as far as is known here.
	return rl_directory_find(d, address, rl_directory_hash(d, address), &l) &&
	       rl_location_live(&l) && l.home != b->self && !rte_ring_full(b->asks);
}

unsigned backplane_asks_take(struct backplane *b)
{
	struct rl_ask a[EACH];
	unsigned n = rte_ring_dequeue_burst_elem(b->asks, a, sizeof(a[0]), EACH, NULL);
	for (unsigned i = 0; i < n; i++)
		if (a[i].verb == ZT_VERB_WHOIS)
			rl_steward_whois(&b->steward, &a[i], b->now_ms);
		else
			backplane_gather(b, &a[i]);
	if (n > 0)
		rl_steward_asked(&b->steward);
	return n;
}
