// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/siblings.h"

#include "dpdk-app/log.h"
#include "dpdk-app/port.h"
#include "dpdk-app/sibling_config.h"
#include "dpdk-app/siblings_parts.h"
#include "root/tell.h"

#include <errno.h>
#include <poll.h>
#include <rte_lcore.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	EVENTS = 4096, // some 2 MB
	EACH = 64,     // in one turn
	TURN_MS = 100,
	NICE = 5, // where it must share a worker's core, packets come first
};

enum event_type { EVENT_ECHO, EVENT_FOUND, EVENT_LISTENERS, EVENT_ASKED, EVENT_GATHER, EVENT_SEEN };

struct event {
	uint64_t address;              // ASKED, SEEN: whom
	struct rl_quest_waiter waiter; // ASKED, GATHER
	uint64_t sent_us, heard_us;    // ECHO
	uint8_t type;
	uint8_t sibling, front; // ECHO, FOUND, LISTENERS
	uint8_t unused;
	uint32_t limit; // GATHER
	union {
		struct rl_identity found;
		struct rl_sibling_listeners listeners;
		struct rl_group_key group; // GATHER
	};
};
_Static_assert(sizeof(struct event) % 4 == 0, "an element of a ring");

unsigned siblings_fronts(const struct siblings *s, unsigned sibling)
{
	return s->o.config->siblings.v[sibling].fronts.count;
}

static void count(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static void tell(struct siblings *s, const struct event *e)
{
	if (rte_ring_enqueue_elem(s->events, (void *)(uintptr_t)e, sizeof(*e)) != 0)
		count(&s->counters.events_full);
	else
		waker_ring(&s->waker);
}

static void hear_answer(struct siblings *s, const struct rl_sibling_answer *a)
{
	struct event e = {.sibling = a->sibling, .front = a->front};
	switch ((enum rl_sibling_said)a->said) {
	case RL_SIBLING_ECHO:
		e.type = EVENT_ECHO;
		e.sent_us = a->stamp;
		e.heard_us = siblings_clock_us();
		break;
	case RL_SIBLING_WHOIS:
		e.type = EVENT_FOUND;
		e.found = a->id;
		break;
	case RL_SIBLING_GATHER:
		e.type = EVENT_LISTENERS;
		e.listeners = a->listeners;
		break;
	}
	tell(s, &e);
}

static void hear_ask(struct siblings *s, const struct rl_sibling_ask *a)
{
	struct event e = {.waiter = {a->client, a->id, a->path.addr}};
	unsigned sibling;
	if (a->verb == ZT_VERB_MULTICAST_GATHER) {
		e.type = EVENT_GATHER;
		e.group = a->gather.group;
		e.limit = a->gather.limit;
	} else {
		if (rl_abroad_find(&s->abroad, a->address, clock_now(s->o.clock), &sibling) ==
		    RL_ABROAD_NOBODY)
			return;
		e.type = EVENT_ASKED;
		e.address = a->address;
	}
	tell(s, &e);
}

void siblings_hear(struct siblings *s, const struct rl_worker *core)
{
	unsigned n;
	if (!s)
		return;
	const struct rl_sibling_answer *answer = rl_worker_answers(core, &n);
	for (unsigned i = 0; i < n; i++)
		hear_answer(s, &answer[i]);
	const struct rl_sibling_ask *ask = rl_worker_sibling_asks(core, &n);
	for (unsigned i = 0; i < n; i++)
		hear_ask(s, &ask[i]);
}

static bool refuse(struct rl_packet *p, enum rl_drop why, _Atomic uint64_t *counter)
{
	count(counter);
	p->drop = why;
	return false;
}

// Siblings are asked whether they know this node.
static void ask_where(struct siblings *s, uint64_t address, enum rl_abroad_state state,
		      unsigned sibling, uint64_t now_ms)
{
	struct event e = {.address = address, .type = EVENT_SEEN};
	tell(s, &e);
	rl_abroad_note(&s->abroad, address, state == RL_ABROAD_OLD ? state : RL_ABROAD_ASKED,
		       sibling, now_ms);
}

static bool way_to(const struct siblings *s, unsigned sibling, uint64_t now_ms, struct rl_path *to)
{
	uint8_t front = sibling < s->count
				? atomic_load_explicit(&s->best[sibling], memory_order_relaxed)
				: SIBLINGS_NO_FRONT;
	return front != SIBLINGS_NO_FRONT &&
	       rl_root_sibling_way(s->o.root, sibling, front, now_ms, SIBLINGS_LIFE_MS, to);
}

static enum rl_abroad_state look_up(const struct siblings *s, uint64_t address, uint64_t now_ms,
				    unsigned *sibling)
{
	int is = rl_root_sibling_of(s->o.root, address);
	if (is == RL_SIBLING_NONE)
		return rl_abroad_find(&s->abroad, address, now_ms, sibling);
	*sibling = (unsigned)is;
	return RL_ABROAD_AT;
}

bool siblings_forward(struct siblings *s, struct rl_worker *core, struct rl_packet *p)
{
	unsigned sibling = 0;
	if (!s)
		return false;
	// A sibling has sent it here because it knows nobody nearer: it goes no further.
	if (rl_root_sibling_at(s->o.root, &p->from) != RL_SIBLING_NONE)
		return refuse(p, RL_DROP_FROM_SIBLING, &s->counters.from_sibling);
	uint64_t now_ms = clock_now(s->o.clock);
	enum rl_abroad_state state = look_up(s, p->zt_to, now_ms, &sibling);
	if (state == RL_ABROAD_NOBODY)
		return refuse(p, RL_DROP_NOBODY, &s->counters.nobody);
	bool guess = state == RL_ABROAD_UNKNOWN || state == RL_ABROAD_ASKED;
	if (guess)
		sibling = atomic_load_explicit(&s->nearest, memory_order_relaxed);
	if (!way_to(s, sibling, now_ms, &p->to))
		return refuse(p, p->drop, &s->counters.unreached);
	// Who is over his budget makes nobody ask either.
	if (guess && !rl_worker_guess(core, p))
		return refuse(p, RL_DROP_RATE_GUESS, &s->counters.over);
	if (state == RL_ABROAD_UNKNOWN || state == RL_ABROAD_OLD)
		ask_where(s, p->zt_to, state, sibling, now_ms);
	count(guess ? &s->counters.guessed : &s->counters.forwarded);
	return true;
}

static void hear(struct siblings *s, const struct event *e)
{
	switch ((enum event_type)e->type) {
	case EVENT_ECHO:
		siblings_front_heard(s, e->sibling, e->front, e->sent_us, e->heard_us);
		break;
	case EVENT_FOUND:
		rl_quest_found(&s->quests, e->sibling, &e->found, s->now_ms);
		break;
	case EVENT_LISTENERS:
		rl_quest_group_found(&s->groups, e->sibling, &e->listeners, s->now_ms);
		break;
	case EVENT_ASKED:
		rl_quest_ask(&s->quests, e->address, &e->waiter, s->now_ms);
		break;
	case EVENT_GATHER:
		rl_quest_group_ask(&s->groups, &e->group, e->limit, &e->waiter, s->now_ms);
		break;
	case EVENT_SEEN:
		rl_quest_ask(&s->quests, e->address, NULL, s->now_ms);
		break;
	}
}

static unsigned take_events(struct siblings *s)
{
	struct event e[EACH];
	unsigned n = rte_ring_dequeue_burst_elem(s->events, e, sizeof(e[0]), EACH, NULL);
	for (unsigned i = 0; i < n; i++)
		hear(s, &e[i]);
	return n;
}

static void turn(struct siblings *s)
{
	struct pollfd p = {.fd = s->waker.fd, .events = POLLIN};
	s->now_ms = clock_now(s->o.clock);
	rl_tell_begin(s->handle.core, s->now_ms);
	unsigned seen = take_events(s);
	if (s->now_ms - s->turn_ms >= TURN_MS || s->now_ms < s->turn_ms) {
		s->turn_ms = s->now_ms;
		siblings_front_turn(s);
		rl_quest_tick(&s->quests, s->now_ms);
		rl_quest_group_tick(&s->groups, s->now_ms);
	}
	siblings_flush(s);
	quiet_report(s->o.quiet, s->o.id);
	if (seen != 0)
		return;
	waker_sleeps(&s->waker);
	bool rung = rte_ring_empty(s->events) && poll(&p, 1, TURN_MS) > 0;
	waker_wakes(&s->waker, rung);
}

static void *run(void *arg)
{
	struct siblings *s = arg;
	pthread_setname_np(pthread_self(), "rl-siblings");
	if (CPU_COUNT(&s->o.cpus))
		pthread_setaffinity_np(pthread_self(), sizeof(s->o.cpus), &s->o.cpus);
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	if (rte_thread_register())
		log_debug("siblings' thread without buffer cache");
	quiet_enter(s->o.quiet, s->o.id);
	while (!atomic_load_explicit(&s->stop, memory_order_relaxed))
		turn(s);
	quiet_leave(s->o.quiet, s->o.id);
	rte_thread_unregister();
	return NULL;
}

int siblings_add(struct rl_root *root, const struct config *c, uint64_t now_ms)
{
	struct sibling_config s;
	struct rl_inet all[RL_SIBLINGS_MAX * RL_SIBLING_FRONTS];
	unsigned n = 0;
	if (c->siblings.count == 0)
		return 0;
	if (!sibling_config_read(&s, c, rl_root_identity(root), stderr))
		return -EINVAL;
	for (unsigned i = 0; i < s.count; i++) {
		int ret = rl_root_sibling_add(root, &s.at[i].id, s.at[i].front, s.at[i].fronts,
					      now_ms);
		if (ret) {
			log_error("sibling %s: cannot be used: %s", c->siblings.v[i].name,
				  ret == -EINVAL ? "its key is a weak one" : strerror(-ret));
			return ret;
		}
		memcpy(all + n, s.at[i].front, s.at[i].fronts * sizeof(all[0]));
		n += s.at[i].fronts;
	}
	return rl_root_forwarders(root, RL_FORWARDERS_SIBLINGS, all, n);
}

static int make(struct siblings *s)
{
	uint8_t seed[32];
	randombytes_buf(seed, sizeof(seed));
	s->handle.core = rl_worker_new(s->o.root, seed);
	s->handle.tx = port_tx_new(s->o.ports, s->o.id);
	s->events = rte_ring_create_elem("siblings", sizeof(struct event), EVENTS, SOCKET_ID_ANY,
					 RING_F_SC_DEQ | RING_F_EXACT_SZ);
	if (!s->handle.core || !s->handle.tx || !s->events || siblings_ask_make(s) != 0) {
		log_error("siblings: no memory for their thread");
		return -ENOMEM;
	}
	s->socket[0] = ports_kernel_socket(s->o.ports, AF_INET);
	s->socket[1] = ports_kernel_socket(s->o.ports, AF_INET6);
	int ret = waker_open(&s->waker);
	if (!ret)
		ret = -pthread_create(&s->thread, NULL, run, s);
	s->started = ret == 0;
	if (ret)
		log_error("siblings: %s", strerror(-ret));
	return ret;
}

int siblings_start(struct siblings **out, const struct siblings_options *o)
{
	struct siblings *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->o = *o;
	s->count = o->config->siblings.count;
	s->nearest = RL_SIBLINGS_MAX;
	for (unsigned i = 0; i < RL_SIBLINGS_MAX; i++)
		s->best[i] = SIBLINGS_NO_FRONT;
	int ret = make(s);
	if (ret) {
		siblings_stop(s);
		return ret;
	}
	*out = s;
	return 0;
}

void siblings_stop(struct siblings *s)
{
	if (!s)
		return;
	atomic_store(&s->stop, true);
	waker_ring(&s->waker);
	if (s->started)
		pthread_join(s->thread, NULL);
	waker_close(&s->waker);
	port_tx_free(s->handle.tx);
	rl_worker_free(s->handle.core);
	rte_ring_free(s->events);
	siblings_ask_free(s);
	free(s);
}

const struct rl_stats *siblings_stats(const struct siblings *s)
{
	return rl_worker_stats(s->handle.core);
}

const struct port_tx_stats *siblings_tx_stats(const struct siblings *s)
{
	return port_tx_stats(s->handle.tx);
}
