// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/backplane.h"

#include "cluster/link_nats.h"
#include "dpdk-app/backplane_parts.h"
#include "dpdk-app/cluster_config.h"
#include "dpdk-app/log.h"
#include "dpdk-app/memory.h"
#include "dpdk-app/port_rx.h"
#include "root/hash.h"
#include "root/sight.h"
#include "root/tell.h"

#include <errno.h>
#include <poll.h>
#include <rte_lcore.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	EVENTS = 16384,
	PACKETS = 256,
	EACH = 64,  // of what waits, in one turn
	NAP_MS = 2, // longest wait: sightings do not ring
	NICE = 5,   // where it must share a worker's core, packets come first
	INTRODUCE_S = 30,
};

enum event_type { EVENT_SIGHT, EVENT_MISS, EVENT_VALID };

struct event {
	uint64_t client;
	uint64_t other; // MISS: whom the packet was for; VALID: fingerprint
	struct rl_inet from;
	int32_t latency_ms;
	uint8_t type;
	uint8_t kind;
	uint8_t unused[10];
};
_Static_assert(sizeof(struct event) % 4 == 0, "an element of a ring");

static void tell(struct backplane *b, struct event *e)
{
	if (rte_ring_enqueue_elem(b->events, e, sizeof(*e)) != 0)
		atomic_fetch_add_explicit(&b->counters.events_full, 1, memory_order_relaxed);
}

void backplane_sights(struct backplane *b, const struct rl_worker *core)
{
	unsigned n;
	const struct rl_sight *s = rl_worker_sights(core, &n);
	for (unsigned i = 0; b && i < n; i++) {
		struct event e = {.client = s[i].address,
				  .from = s[i].path.addr,
				  .latency_ms = s[i].latency_ms,
				  .type = EVENT_SIGHT,
				  .kind = s[i].kind};
		tell(b, &e);
	}
}

// Once per pair and interval, or nearly: of two pairs in one place each is reported more often.
static void report_miss(struct backplane *b, const struct rl_packet *p)
{
	uint64_t hash = rl_hash128(b->steward.directory.key, p->zt_from, p->zt_to);
	_Atomic uint64_t *at = &b->introduced[hash % BACKPLANE_PAIRS];
	uint64_t tag = hash & ~UINT64_C(0xffff);
	uint16_t now_s = (uint16_t)(clock_now(b->o.clock) / 1000);
	uint64_t last = atomic_load_explicit(at, memory_order_relaxed);
	if (last != 0 && (last & ~UINT64_C(0xffff)) == tag &&
	    (uint16_t)(now_s - (uint16_t)last) < INTRODUCE_S)
		return;
	atomic_store_explicit(at, tag | now_s, memory_order_relaxed);
	struct event e = {.client = p->zt_from, .other = p->zt_to, .type = EVENT_MISS};
	tell(b, &e);
}

bool backplane_validated(struct backplane *b, const struct rl_identity *id)
{
	if (!b || !rl_steward_validated(&b->steward, id))
		return false;
	atomic_fetch_add_explicit(&b->counters.spared, 1, memory_order_relaxed);
	return true;
}

void backplane_admitted(struct backplane *b, const struct rl_identity *id)
{
	if (!b || rl_steward_validated(&b->steward, id))
		return;
	struct event e = {.client = id->address,
			  .other = rl_steward_fingerprint(&b->steward, id),
			  .type = EVENT_VALID};
	tell(b, &e);
}

bool backplane_forward(struct backplane *b, struct rl_packet *p)
{
	struct rl_location l;
	if (!b)
		return false;
	const struct rl_directory *d = &b->steward.directory;
	if (!rl_directory_find(d, p->zt_to, rl_directory_hash(d, p->zt_to), &l) ||
	    !rl_location_live(&l) || l.home == b->self)
		return false;
	if (!member_ways_get(&b->ways, l.home, &p->to)) {
		atomic_fetch_add_explicit(&b->counters.unreached, 1, memory_order_relaxed);
		return false;
	}
	atomic_fetch_add_explicit(&b->counters.forwarded, 1, memory_order_relaxed);
	if (!p->fragment)
		report_miss(b, p);
	return true;
}

bool backplane_take(struct backplane *b, struct port_packet *pk)
{
	if (!b || rte_ring_full(b->packets))
		return false;
	struct port_packet *kept = port_packet_keep(pk);
	if (rte_ring_enqueue(b->packets, kept) == 0) {
		waker_ring(&b->waker);
		return true;
	}
	*pk = *kept;
	pk->p.host = pk;
	return false;
}

void backplane_flush(struct backplane *b)
{
	handle_out(&b->handle);
	port_tx_flush(b->handle.tx);
	rl_tell_begin(b->handle.core, b->now_ms);
}

static void hear(struct backplane *b, const struct event *e)
{
	struct rl_steward_sight s = {e->client, e->from, e->kind, e->latency_ms};
	if (e->type == EVENT_SIGHT)
		rl_steward_sight(&b->steward, &s, b->now_ms);
	else if (e->type == EVENT_VALID)
		rl_steward_valid(&b->steward, e->client, e->other, b->now_ms);
	else
		rl_steward_introduce(&b->steward, e->client, e->other, b->now_ms);
}

static unsigned take_events(struct backplane *b)
{
	struct event e[EACH];
	unsigned n = rte_ring_dequeue_burst_elem(b->events, e, sizeof(e[0]), EACH, NULL);
	for (unsigned i = 0; i < n; i++)
		hear(b, &e[i]);
	return n;
}

static unsigned take_packets(struct backplane *b)
{
	void *kept[EACH];
	unsigned n = rte_ring_dequeue_burst(b->packets, kept, EACH, NULL);
	for (unsigned i = 0; i < n; i++) {
		struct port_packet pk = *(struct port_packet *)kept[i];
		pk.p.host = &pk;
		backplane_front_take(b, &pk);
		port_packet_free(&pk);
	}
	return n;
}

static void linked(void *ctx, const struct rl_link_message *m)
{
	struct backplane *b = ctx;
	switch (m->what) {
	case RL_LINK_DATA:
		rl_steward_batch(&b->steward, m->bytes, m->len, b->now_ms);
		break;
	case RL_LINK_UP:
		log_info("cluster: connected to %s", m->text);
		break;
	case RL_LINK_DOWN:
		log_warning("cluster: not connected: %s; clients are served on, what changes "
			    "elsewhere is not heard",
			    m->text);
		break;
	case RL_LINK_QUESTION:
	case RL_LINK_ANSWER:
	case RL_LINK_FAILED:
		break; // nothing is asked this way
	}
}

static void heed_operator(struct backplane *b)
{
	bool on = atomic_load_explicit(&b->drain, memory_order_relaxed);
	if (on == b->steward.news.draining)
		return;
	rl_steward_drain(&b->steward, on);
	log_info("cluster: %s",
		 on ? "draining: clients are sent to the other members" : "taking clients again");
}

// Keepalives ring, so that a round trip is the network's, and questions, for which a client waits;
// sightings can wait.
static void nap(struct backplane *b)
{
	struct pollfd p[] = {{.fd = rl_link_fd(b->link), .events = POLLIN},
			     {.fd = b->waker.fd, .events = POLLIN}};
	waker_sleeps(&b->waker);
	if (rte_ring_empty(b->packets) && rte_ring_empty(b->asks))
		poll(p, 2, NAP_MS);
	waker_wakes(&b->waker, p[1].revents != 0);
}

static void turn(struct backplane *b)
{
	b->now_ms = clock_now(b->o.clock);
	rl_tell_begin(b->handle.core, b->now_ms);
	unsigned seen = take_events(b) + backplane_asks_take(b) + backplane_groups_take(b) +
			take_packets(b);
	seen += rl_link_poll(b->link, linked, b, EACH);
	if (b->now_ms - b->turn_ms >= RL_STEWARD_TURN_MS || b->now_ms < b->turn_ms) {
		b->turn_ms = b->now_ms;
		rl_steward_tick(&b->steward, b->now_ms);
		backplane_front_turn(b);
		heed_operator(b);
		backplane_members_turn(b);
		backplane_status_turn(b);
	}
	backplane_flush(b);
	quiet_report(b->o.quiet, b->o.id);
	if (seen == 0)
		nap(b);
}

static void *run(void *arg)
{
	struct backplane *b = arg;
	pthread_setname_np(pthread_self(), "rl-backplane");
	if (CPU_COUNT(&b->o.cpus))
		pthread_setaffinity_np(pthread_self(), sizeof(b->o.cpus), &b->o.cpus);
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	if (rte_thread_register())
		log_debug("backplane thread without buffer cache");
	quiet_enter(b->o.quiet, b->o.id);
	b->running = true;
	while (!atomic_load_explicit(&b->stop, memory_order_relaxed))
		turn(b);
	rl_steward_leave(&b->steward, clock_now(b->o.clock));
	quiet_leave(b->o.quiet, b->o.id);
	rte_thread_unregister();
	return NULL;
}

static int make_link(struct backplane *b)
{
	const struct config_cluster *c = &b->o.config->cluster;
	const char *servers[CONFIG_LIST_MAX];
	char why[RL_LINK_WHY_MAX];
	for (unsigned i = 0; i < c->nats_servers.count; i++)
		servers[i] = c->nats_servers.v[i];
	struct rl_link_nats_config o = {.cluster = c->name,
					.member = c->member,
					.self = b->self,
					.servers = servers,
					.server_count = c->nats_servers.count,
					.ca = c->nats_ca,
					.cert = c->nats_cert,
					.key = c->nats_key,
					.limits = rl_link_limits_default};
	int ret = rl_link_nats_new(&b->link, &o, why);
	if (ret)
		log_error("cluster: %s", why);
	return ret;
}

// Members know this start from earlier ones by a number that rises: the time, but never less than
// the last one, which a clock set back would give. 0: cannot be kept on disk, explained.
static uint64_t next_epoch(const char *state_dir, uint64_t now_ms)
{
	char path[CONFIG_PATH_MAX + 32], next[CONFIG_PATH_MAX + 40];
	unsigned long long last = 0;
	snprintf(path, sizeof(path), "%s/cluster.epoch", state_dir);
	snprintf(next, sizeof(next), "%s.new", path);
	FILE *f = fopen(path, "re");
	if (f && fscanf(f, "%llu", &last) != 1)
		log_warning("%s: is no number; taking the time for it", path);
	if (f)
		fclose(f);
	uint64_t epoch = now_ms > last ? now_ms : last + 1;
	f = fopen(next, "we");
	bool good = f && fprintf(f, "%llu\n", (unsigned long long)epoch) > 0 && fflush(f) == 0 &&
		    fsync(fileno(f)) == 0;
	if (f)
		good &= fclose(f) == 0;
	if (good && rename(next, path) == 0)
		return epoch;
	log_error("cluster: %s: %s; the other members would not take this one for a new start",
		  path, strerror(errno));
	return 0;
}

static int use_config(struct backplane *b, struct cluster_config *c)
{
	struct rl_steward_host host = backplane_host(b);
	uint64_t dice[8], now_ms = clock_now(b->o.clock);
	c->steward.root = b->root;
	c->steward.own.run = (uint32_t)(now_ms / 1000);
	c->steward.epoch = next_epoch(b->o.config->state_dir, now_ms);
	if (c->steward.epoch == 0)
		return -EIO;
	b->self = c->steward.own.id;
	b->memory_size = rl_steward_size(&c->steward);
	b->memory = memory_alloc(NULL, b->memory_size);
	if (!b->memory) {
		log_error("cluster: no memory for a directory of %llu peers",
			  (unsigned long long)c->steward.directory_max);
		return -ENOMEM;
	}
	randombytes_buf(dice, sizeof(dice));
	rl_front_init(&b->front, c->steward.key, b->root, b->self);
	rl_steward_init(&b->steward, &c->steward, &host, b->memory, dice, now_ms);
	backplane_members_use(b, &c->members);
	return 0;
}

static int make_steward(struct backplane *b)
{
	struct cluster_config c;
	if (!cluster_config_read(&c, b->o.config, stderr))
		return -EINVAL;
	int ret = use_config(b, &c);
	cluster_config_wipe(&c);
	return ret;
}

static int make(struct backplane *b)
{
	uint8_t seed[32];
	randombytes_buf(seed, sizeof(seed));
	b->handle.core = rl_worker_new(b->o.root, seed);
	b->handle.tx = port_tx_new(b->o.ports, b->o.id);
	b->events = rte_ring_create_elem("events", sizeof(struct event), EVENTS, SOCKET_ID_ANY,
					 RING_F_SC_DEQ | RING_F_EXACT_SZ);
	b->packets = rte_ring_create("keepalives", PACKETS, SOCKET_ID_ANY,
				     RING_F_SC_DEQ | RING_F_EXACT_SZ);
	if (!b->handle.core || !b->handle.tx || !b->events || !b->packets ||
	    backplane_asks_make(b) != 0 || backplane_groups_make(b) != 0) {
		log_error("cluster: no memory for its thread");
		return -ENOMEM;
	}
	int ret = waker_open(&b->waker);
	if (!ret)
		ret = backplane_front_open(b);
	if (ret) {
		log_error("cluster: no descriptor for keepalives: %s", strerror(-ret));
		return ret;
	}
	ret = make_steward(b);
	return ret ? ret : make_link(b);
}

// The link's threads run where the caller runs, so for this moment that is where they shall run.
static int start(struct backplane *b)
{
	char why[RL_LINK_WHY_MAX];
	int ret = rl_link_start(b->link, why);
	if (ret) {
		log_error("cluster: %s", why);
		return ret;
	}
	ret = -pthread_create(&b->thread, NULL, run, b);
	b->started = ret == 0;
	return ret;
}

int backplane_start(struct backplane **out, const struct backplane_options *o)
{
	struct backplane *b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->o = *o;
	b->root = rl_root_identity(o->root)->address;
	b->socket[0] = b->socket[1] = -1;
	pthread_mutex_init(&b->status_lock, NULL);
	int ret = make(b);
	if (!ret)
		ret = start(b);
	if (ret) {
		backplane_stop(b);
		return ret;
	}
	*out = b;
	return 0;
}

void backplane_stop(struct backplane *b)
{
	void *kept;
	if (!b)
		return;
	atomic_store(&b->stop, true);
	if (b->started)
		pthread_join(b->thread, NULL);
	rl_link_free(b->link);
	while (b->packets && rte_ring_dequeue(b->packets, &kept) == 0)
		port_packet_free(kept);
	backplane_front_close(b);
	waker_close(&b->waker);
	rl_steward_wipe(&b->steward);
	rl_front_wipe(&b->front);
	port_tx_free(b->handle.tx);
	rl_worker_free(b->handle.core);
	rte_ring_free(b->asks);
	rte_ring_free(b->groups);
	rte_ring_free(b->events);
	rte_ring_free(b->packets);
	if (b->memory)
		memory_free(NULL, b->memory, b->memory_size);
	pthread_mutex_destroy(&b->status_lock);
	free(b->status);
	free(atomic_load(&b->members));
	free(b);
}

void backplane_drain(void *backplane, bool on)
{
	struct backplane *b = backplane;
	atomic_store(&b->drain, on);
}

const struct rl_stats *backplane_stats(const struct backplane *b)
{
	return rl_worker_stats(b->handle.core);
}

const struct port_tx_stats *backplane_tx_stats(const struct backplane *b)
{
	return port_tx_stats(b->handle.tx);
}
