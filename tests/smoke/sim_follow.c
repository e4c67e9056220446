// SPDX-License-Identifier: BSD-3-Clause
// Many newcomers at once, and clients that move.
#include "tests/smoke/sim.h"

enum { CROWD = 60, LIMIT_MS = 20000 };

// A stock node asks every 5 s; all of these start at the same moment behind one /24 and one /48.
void sim_crowd(struct sim *s)
{
	uint64_t start;
	unsigned up;

	sim_nodes(s, CROWD, false);
	for (unsigned i = 0; i < CROWD; i++)
		s->net.node[i].hello_every_ms = 5000;
	start = udp_now();
	up = udp_online(&s->net, s->net.node, CROWD, 6000);
	sim_check(s, up == CROWD, "%u of %u newcomers served after %llu ms", up, CROWD,
		  (unsigned long long)(udp_now() - start));
	sim_done(s);
}

// The mover keeps asking every 5 s, as a stock node does; the talker sends all the time. How long
// until what it sends arrives by `socket`; 0: not within the limit.
static uint64_t until_followed(struct sim *s, struct udp_node *talker, struct udp_node *mover,
			       const struct node_peer *to, unsigned socket)
{
	uint64_t start = udp_now(), asked = 0;
	unsigned before = s->net.seen;

	while (udp_now() - start < LIMIT_MS) {
		uint8_t p[ZT_PACKET_MAX];
		size_t len;

		if (udp_now() - asked >= 5000) {
			len = node_whois(&mover->node, NODE_SUITE_AUTO, &s->root.address, 1, p);
			udp_send(&s->net, mover, p, len);
			asked = udp_now();
		}
		len = node_user_message(&talker->node, to, NODE_SUITE_AUTO, 7, "hello", 5, p);
		udp_send(&s->net, talker, p, len);
		udp_run(&s->net, 250);
		for (unsigned i = before; i < s->net.seen; i++) {
			const struct udp_seen *x = &s->net.log[i];

			if (&s->net.node[x->node] == mover && x->socket == socket &&
			    x->verb == ZT_VERB_USER_MESSAGE)
				return udp_now() - start;
		}
	}
	return 0;
}

static void follow(struct sim *s, unsigned old, unsigned new, bool reopen, const char *text)
{
	struct node_peer ab[2];
	struct udp_node *talker, *mover;
	struct rl_inet local;
	uint64_t ms;

	if (!sim_online(s, 2)) {
		sim_done(s);
		return;
	}
	talker = &s->net.node[0];
	mover = &s->net.node[1];
	sim_acquaint(talker, mover, ab);
	mover->use = old;
	ms = until_followed(s, talker, mover, &ab[0], old);
	sim_check(s, ms > 0, "relayed by the old path");
	// Whatever still goes to the old address is lost, without an ICMP error.
	mover->socket[old].mute = true;
	if (reopen) {
		local = mover->socket[old].local;
		local.port = 0;
		sim_check(s, udp_open(mover, new, &local) == 0, "a new port");
	}
	mover->use = new;
	ms = until_followed(s, talker, mover, &ab[0], new);
	sim_check(s, ms > 0 && ms < LIMIT_MS, "%s: relays follow after %llu ms", text,
		  (unsigned long long)ms);
	sim_done(s);
}

// The NAT in front of a node gives it another port; the node does not know.
void sim_rebind(struct sim *s)
{
	unsigned k = sim_first_socket(s);

	follow(s, k, k + 2, true, "another source port");
}

void sim_lost6(struct sim *s)
{
	if (!sim_check(s, s->root4.family && s->root6.family, "both families are there"))
		return;
	follow(s, 1, 0, false, "IPv6 lost");
}
