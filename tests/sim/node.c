// SPDX-License-Identifier: BSD-3-Clause
// A member: answers clients as a root does, and asks cluster/ what else to do.
#include "tests/sim/sim.h"

enum {
	PROVEN_MS = 60000,   // an address heard within it is the client's
	CONSIDER_MS = 60000, // between two looks of a home at its client
	MEASURE_MS = 60000,
};

struct rl_score_view sim_node_view(const struct sim *s, const struct sim_node *n)
{
	return (struct rl_score_view){&n->members, &n->rtt, &n->room, sim_cluster_ms(s)};
}

bool sim_node_find(const struct sim_node *n, uint32_t client, struct rl_location *l)
{
	uint64_t address = sim_address(client);
	return rl_directory_find(&n->directory, address, rl_directory_hash(&n->directory, address),
				 l);
}

static bool heard(const struct sim *s, const struct sim_node *n, uint32_t client, enum rl_family f)
{
	for (unsigned i = 0; i < SIM_SOCKETS; i++) {
		uint32_t ms = n->heard[client].ms[f][i];
		if (ms != 0 && sim_now(s) - ms < PROVEN_MS)
			return true;
	}
	return false;
}

static struct rl_inet endpoint(const struct sim *s, const struct sim_node *n, uint32_t client,
			       enum rl_family f)
{
	if (!heard(s, n, client, f))
		return (struct rl_inet){0};
	return sim_endpoint(s, client, sim_path(n->index, f, n->heard[client].socket[f]));
}

// The other family's half of a redirect that the client's home has just begun.
static void follow(struct sim *s, unsigned m, uint32_t client, const struct rl_location *l)
{
	struct sim_node *n = &s->node[m];

	for (unsigned f = 0; f < RL_FAMILIES; f++) {
		struct rl_location own = *l;
		struct rl_inet *end = f == RL_FAMILY_4 ? &own.v4 : &own.v6;
		struct rl_plan p;

		if (end->family != 0 || !heard(s, n, client, (enum rl_family)f))
			continue;
		*end = endpoint(s, n, client, (enum rl_family)f);
		struct rl_redirect_client c = {&own, sim_world_client(&s->world, client).claimed, 0,
					       (enum rl_family)f};
		struct rl_score_view v = sim_node_view(s, n);
		enum rl_redirect_why why = rl_redirect_follow(&v, &c, &p);
		n->why[why]++;
		if (why == RL_REDIRECT_FOLLOW)
			sim_plan(s, m, client, &p);
	}
}

static void changed(struct sim *s, unsigned m, const struct rl_location *l, unsigned change,
		    bool own)
{
	struct sim_node *n = &s->node[m];
	uint8_t self = n->members.self;

	if (l->backup == self && l->home != self && rl_location_live(l))
		rl_warm_put(&n->warm, l->address, l->home);
	else
		rl_warm_remove(&n->warm, l->address);
	if (change & RL_CHANGE_HOME)
		rl_drain_arrived(&n->drain, l->address, self, l->home);
	if (!own && change & RL_CHANGE_PUSHES && l->home != self)
		follow(s, m, sim_client_of(l->address), l);
}

void sim_node_changed(void *node, const struct rl_location *before, const struct rl_location *after,
		      unsigned change)
{
	struct sim_node *n = node;

	(void)before;
	changed(n->sim, n->index, after, change, false);
}

void sim_node_claim(struct sim *s, unsigned m, const struct rl_location *l)
{
	struct sim_node *n = &s->node[m];
	struct rl_location after;
	int change = rl_sync_claim(&n->sync, l, sim_cluster_ms(s));

	if (change > 0 && sim_node_find(n, sim_client_of(l->address), &after))
		changed(s, m, &after, (unsigned)change, true);
}

static void claim(struct sim *s, unsigned m, uint32_t client, const struct rl_location *old,
		  enum rl_family f)
{
	struct sim_node *n = &s->node[m];
	struct rl_location l = *old;
	struct rl_score_view v = sim_node_view(s, n);
	struct rl_plan p;

	l.home = n->members.self;
	l.v4 = endpoint(s, n, client, RL_FAMILY_4);
	l.v6 = endpoint(s, n, client, RL_FAMILY_6);
	l.backup = rl_redirect_inherit(old, l.home, v.now_ms);
	sim_node_claim(s, m, &l);
	if (old->home != RL_NOBODY && rl_drain_welcome(&v, old, f, &p))
		sim_plan(s, m, client, &p);
	s->clients[client].consider_ms = 0;
}

void sim_node_consider(struct sim *s, unsigned m, uint32_t client, enum rl_family f)
{
	struct sim_node *n = &s->node[m];
	struct sim_client *c = &s->clients[client];
	struct rl_location l;
	struct rl_plan p;

	if (!sim_node_find(n, client, &l))
		return;
	struct rl_redirect_client who = {&l, sim_world_client(&s->world, client).claimed, 0, f};
	struct rl_score_view v = sim_node_view(s, n);
	enum rl_redirect_why why = rl_redirect(&v, &who, &p);
	n->why[why]++;
	c->consider_ms = sim_now(s) + CONSIDER_MS + client % 8192;
	if (p.backup != RL_NOBODY)
		l.backup = p.backup;
	sim_node_claim(s, m, &l);
	if (p.count == 0)
		return;
	if (p.action[0].kind == RL_ACTION_PUSH)
		rl_room_promise(&n->room, &n->members, p.action[0].to, p.action[0].count);
	if (why == RL_REDIRECT_MOVE && l.backup != RL_NOBODY) {
		s->undone += c->left == p.action[0].to[0];
		c->left = n->members.self;
	}
	sim_plan(s, m, client, &p);
}

// A packet that shows where the client is: WHOIS, and HELLO of one that nobody claims.
static void present(struct sim *s, const struct sim_event *e)
{
	struct sim_node *n = &s->node[e->member];
	enum rl_family f = sim_path_family(e->path);
	struct rl_location l = {.address = sim_address(e->subject)};
	bool known = sim_node_find(n, e->subject, &l), mine = l.home == n->members.self;
	const struct rl_inet *end = f == RL_FAMILY_4 ? &l.v4 : &l.v6;

	if (e->verb == SIM_HELLO && known && rl_location_live(&l) && !mine &&
	    !rl_member_lost(&n->members, l.home, sim_cluster_ms(s)))
		return;
	struct rl_inet now = sim_endpoint(s, e->subject, e->path);
	bool moved = e->verb == SIM_HELLO ? end->family == 0 : !rl_inet_equal(end, &now);
	if (!known || l.gone || !mine || moved)
		claim(s, e->member, e->subject, &l, f);
	if (e->verb == SIM_WHOIS && !n->news.draining &&
	    sim_now(s) >= s->clients[e->subject].consider_ms)
		sim_node_consider(s, e->member, e->subject, f);
}

static void measure(struct sim *s, const struct sim_event *e)
{
	struct sim_node *n = &s->node[e->member];
	struct rl_inet a = sim_endpoint(s, e->subject, e->path);
	uint64_t prefix = rl_prefix(&a, RL_PREFIX_SITE), now = sim_cluster_ms(s);
	uint32_t took = sim_now(s) - e->stamp;

	rl_warm_answered(&n->warm, sim_address(e->subject), now);
	if (!rl_rtt_learn(&n->rtt, prefix, n->members.self, took ? took * 10 : 5, now))
		return;
	struct rl_rtt_news news = {prefix, n->members.self,
				   rl_rtt_get(&n->rtt, prefix, n->members.self, now)};
	sim_tell_rtt(s, e->member, &news);
}

void sim_node_packet(struct sim *s, const struct sim_event *e)
{
	struct sim_node *n = &s->node[e->member];
	enum rl_family f = sim_path_family(e->path);
	struct sim_heard *h = &n->heard[e->subject];

	if (!n->up)
		return;
	bool silent = rl_drain_withholds(&n->drain, sim_address(e->subject));
	bool old = heard(s, n, e->subject, f);
	h->ms[f][sim_path_socket(e->path)] = sim_now(s);
	if (e->verb == SIM_WHOIS || !old) {
		h->socket[f] = (uint8_t)sim_path_socket(e->path);
		h->family = (uint8_t)f;
	}
	if (!old && e->verb != SIM_OK_ECHO && !silent)
		sim_down(s, e->subject, e->path, SIM_ECHO, sim_now(s), NULL, 0);
	switch (e->verb) {
	case SIM_HELLO:
	case SIM_WHOIS:
		if (!silent)
			sim_down(s, e->subject, e->path,
				 e->verb == SIM_HELLO ? SIM_OK_HELLO : SIM_OK_WHOIS, e->stamp, NULL,
				 0);
		present(s, e);
		break;
	case SIM_ECHO:
		if (!silent)
			sim_down(s, e->subject, e->path, SIM_OK_ECHO, e->stamp, NULL, 0);
		break;
	default:
		measure(s, e);
		break;
	}
}
