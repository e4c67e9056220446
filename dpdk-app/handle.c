// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/handle.h"

#include "dpdk-app/admission.h"
#include "dpdk-app/backplane.h"
#include "dpdk-app/siblings.h"

static void defer(struct handle *h, struct port_packet *pk)
{
	if (h->admission && admission_push(h->admission, pk))
		return;
	// The client says HELLO again in five seconds.
	rl_worker_count_drop(h->core, RL_DROP_ADMISSION_FULL);
	port_packet_free(pk);
}

void handle_packet(struct handle *h, struct port_packet *pk)
{
	switch (pk->p.verdict) {
	case RL_REPLY:
		port_tx_reply(h->tx, pk);
		return;
	case RL_RELAY:
		port_tx_relay(h->tx, pk);
		return;
	case RL_DEFER:
		defer(h, pk);
		return;
	case RL_MEMBER:
		if (backplane_take(h->backplane, pk))
			return;
		rl_worker_count_drop(h->core, RL_DROP_MEMBER_FULL);
		break;
	case RL_MISS:
		if (backplane_forward(h->backplane, &pk->p) ||
		    siblings_forward(h->siblings, h->core, &pk->p)) {
			port_tx_relay(h->tx, pk);
			return;
		}
		rl_worker_count_drop(h->core, pk->p.drop);
		break;
	case RL_DROP: // the core has counted it
	case RL_DONE:
		break;
	}
	port_packet_free(pk);
}

void handle_sights(struct handle *h)
{
	siblings_hear(h->siblings, h->core);
	if (!h->backplane)
		return;
	backplane_sights(h->backplane, h->core);
	backplane_asks(h->backplane, h->core);
	backplane_new_groups(h->backplane, h->core);
}

void handle_out(struct handle *h)
{
	unsigned count;
	const struct rl_out *out = rl_worker_out(h->core, &count);
	for (unsigned i = 0; i < count; i++)
		port_tx_extra(h->tx, &out[i]);
}
