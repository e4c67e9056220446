// SPDX-License-Identifier: BSD-3-Clause
// Carrying out what was decided: packets to clients, now or in a moment.
#include "cluster/steward_parts.h"

static const struct rl_inet *front(const struct rl_steward *s, uint8_t member, enum rl_family f)
{
	const struct rl_inet *at = &s->members.at[member].news.front[f];
	return at->family != 0 ? at : NULL;
}

// The client binds a redirect to the socket it came to, so all PUSHes of a family go to one port:
// that of earlier ones, else the one its home reaches it by, else the one heard last.
static bool path_for(const struct rl_steward *s, const struct rl_location *l, enum rl_family f,
		     struct rl_inet *by)
{
	uint16_t port = f == RL_FAMILY_4 ? l->push_port4 : l->push_port6;
	const struct rl_inet *end = f == RL_FAMILY_4 ? &l->v4 : &l->v6;
	struct rl_steward_path path[RL_STEWARD_PATHS];
	unsigned n = s->host.paths(s->host.ctx, l->address, path), best = 0;
	uint64_t heard = 0;
	for (unsigned i = 0; i < n; i++) {
		if (path[i].addr.family != (f == RL_FAMILY_4 ? 4 : 6))
			continue;
		unsigned rank = port != 0 && path[i].addr.port == port ? 3
				: rl_inet_equal(&path[i].addr, end)    ? 2
								       : 1;
		if (rank < best || (rank == best && path[i].heard_ms <= heard))
			continue;
		best = rank;
		heard = path[i].heard_ms;
		*by = path[i].addr;
	}
	return best != 0;
}

static int push(struct rl_steward *s, const struct rl_location *l, const struct rl_inet *by,
		const struct rl_action *a)
{
	uint64_t now = rl_sync_now(&s->sync, s->now_ms);
	struct rl_inet at[RL_ACTION_TO_MAX];
	unsigned n = 0;
	for (unsigned i = 0; i < a->count; i++) {
		const struct rl_inet *to = front(s, a->to[i], (enum rl_family)a->family);
		if (to)
			at[n++] = *to;
	}
	if (n == 0)
		return 0;
	// Another member may have sent some since this was decided.
	if (rl_pushes_left(&l->pushes, now, rl_member_parted(&s->members, s->now_ms)) == 0) {
		s->counters.gated++;
		return 0;
	}
	int ret = s->host.push(s->host.ctx, l->address, by, at, n);
	if (ret == 0) {
		s->counters.pushes++;
		rl_sync_pushed(&s->sync, l->address, by->family, by->port, s->now_ms);
	}
	return ret;
}

static int rendezvous(struct rl_steward *s, const struct rl_location *l, const struct rl_inet *by,
		      const struct rl_action *a)
{
	int ret = 0;
	for (unsigned i = 0; i < a->count && ret == 0; i++) {
		const struct rl_inet *to = front(s, a->to[i], (enum rl_family)a->family);
		if (!to)
			continue;
		ret = s->host.rendezvous(s->host.ctx, l->address, by, s->config.root, to);
		s->counters.rendezvous += ret == 0;
	}
	return ret;
}

static void act(struct rl_steward *s, uint64_t client, const struct rl_action *a)
{
	struct rl_location l;
	struct rl_inet by;
	int ret = -1;
	if (!rl_steward_find(s, client, &l) || !path_for(s, &l, (enum rl_family)a->family, &by)) {
		s->counters.unsent++;
		return;
	}
	switch ((enum rl_action_kind)a->kind) {
	case RL_ACTION_PUSH:
		ret = push(s, &l, &by, a);
		break;
	case RL_ACTION_NOP:
		ret = s->host.nop(s->host.ctx, client, &by);
		s->counters.nops += ret == 0;
		break;
	case RL_ACTION_RENDEZVOUS:
		ret = rendezvous(s, &l, &by, a);
		break;
	case RL_ACTION_ECHO:
		ret = s->host.echo(s->host.ctx, client, &by);
		s->counters.echoes += ret == 0;
		break;
	case RL_ACTION_LOOK:
		return;
	}
	s->counters.unsent += ret != 0;
}

static void timer_put(struct rl_steward *s, const struct rl_steward_timer *t)
{
	if (s->timers == s->config.timers_max) {
		s->counters.timers_full++;
		return;
	}
	uint32_t i = s->timers++;
	for (; i > 0 && s->timer[(i - 1) / 2].due_ms > t->due_ms; i = (i - 1) / 2)
		s->timer[i] = s->timer[(i - 1) / 2];
	s->timer[i] = *t;
}

static struct rl_steward_timer timer_take(struct rl_steward *s)
{
	struct rl_steward_timer first = s->timer[0], last = s->timer[--s->timers];
	uint32_t i = 0;
	for (;;) {
		uint32_t child = 2 * i + 1;
		if (child >= s->timers)
			break;
		if (child + 1 < s->timers && s->timer[child + 1].due_ms < s->timer[child].due_ms)
			child++;
		if (s->timer[child].due_ms >= last.due_ms)
			break;
		s->timer[i] = s->timer[child];
		i = child;
	}
	s->timer[i] = last;
	return first;
}

void rl_steward_plan(struct rl_steward *s, uint64_t client, const struct rl_plan *p)
{
	for (unsigned i = 0; i < p->count; i++) {
		const struct rl_action *a = &p->action[i];
		struct rl_steward_timer t = {s->now_ms + a->delay_ms, client, *a};
		if (a->delay_ms == 0)
			act(s, client, a);
		else
			timer_put(s, &t);
	}
}

void rl_steward_timers(struct rl_steward *s)
{
	while (s->timers > 0 && s->timer[0].due_ms <= s->now_ms) {
		struct rl_steward_timer t = timer_take(s);
		if (t.action.kind == RL_ACTION_LOOK)
			rl_steward_look(s, t.client, (enum rl_family)t.action.family);
		else
			act(s, t.client, &t.action);
	}
}
