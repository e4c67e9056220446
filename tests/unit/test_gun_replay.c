// SPDX-License-Identifier: BSD-3-Clause
// The generator against the real core, in memory: a link whose other end is a root. What a
// population does to a root, and what the figures make of lost packets.
#include "tests/unit/gun_fixture.h"

#include "bench/gun/devices.h"
#include "bench/gun/join.h"
#include "bench/gun/sweep.h"
#include "dpdk-app/frame_out.h"
#include "root/root.h"

#include <time.h>

enum { SLOTS = 4096, FRAME_MAX = 2048 };

struct wire {
	struct link link;
	struct rl_root *root;
	struct rl_worker *worker, *admission;
	struct rl_scratch *scratch;
	uint8_t out[FRAME_MAX];
	// What the root has sent.
	uint8_t slot[SLOTS][FRAME_MAX];
	unsigned len[SLOTS], head, count;
	// What happens on the way.
	unsigned lose_every; // frames to the root; 0: none
	unsigned frames;
	unsigned ring; // frames until the next flush; 0: any number
	unsigned in_ring;
	bool deaf; // nothing comes back
};

static struct wire *self(struct link *l)
{
	return (struct wire *)l;
}

static uint8_t *wire_room(struct link *l)
{
	struct wire *w = self(l);

	return w->ring && w->in_ring == w->ring ? NULL : w->out;
}

static void back(struct wire *w, const struct rl_inet *to, const uint8_t *data, size_t len)
{
	struct frame_way way = {.own_mac = {2, 2}, .next_mac = {2, 1}};
	struct frame_header h;
	uint8_t buf[FRAME_MAX];
	unsigned n, at = (w->head + w->count) % SLOTS;

	if (w->deaf)
		return;
	assert_true(w->count < SLOTS);
	rl_inet_parse(&way.own, "192.0.2.1/9993");
	frame_header_make(&h, &way);
	memcpy(buf + 100, data, len);
	n = frame_out(buf + 100, (uint16_t)len, &h, to, frame_sum(data, len));
	assert_int_not_equal(n, 0);
	memcpy(w->slot[at], buf + 100 - n, n + len);
	w->len[at] = n + (unsigned)len;
	w->count++;
}

static void out_box(struct wire *w, struct rl_worker *by)
{
	unsigned n;
	const struct rl_out *out = rl_worker_out(by, &n);

	for (unsigned i = 0; i < n; i++)
		back(w, &out[i].to.addr, out[i].data, out[i].len);
}

static void wire_push(struct link *l, unsigned len)
{
	struct wire *w = self(l);
	uint8_t data[FRAME_MAX];
	struct rl_packet p = {.data = data, .room = ZT_MTU}, *burst[] = {&p};
	struct rl_worker *by = w->worker;
	struct datagram d;

	w->in_ring++;
	// The generator's own frames are good ones.
	assert_int_equal(datagram_read(&d, DATAGRAM_ETHERNET, w->out, len), DATAGRAM_UDP);
	assert_true(d.sum_ok);
	assert_int_equal(d.to.port, 9993);
	if (w->lose_every && ++w->frames % w->lose_every == 0)
		return;
	memcpy(data, d.data, d.len);
	p.len = d.len;
	p.from = d.from;
	rl_receive_burst(by, engine_now_ms(), burst, 1);
	if (p.verdict == RL_DEFER) {
		by = w->admission;
		rl_admit(by, w->scratch, engine_now_ms(), &p);
	}
	if (p.verdict == RL_REPLY)
		back(w, &p.from, p.data, p.len);
	else if (p.verdict == RL_RELAY)
		back(w, &p.to.addr, p.data, p.len);
	out_box(w, by);
}

static void wire_flush(struct link *l)
{
	self(l)->in_ring = 0;
}

static unsigned wire_receive(struct link *l, struct link_frame *f, unsigned max)
{
	struct wire *w = self(l);
	unsigned n = 0;

	for (; n < max && w->count; n++) {
		f[n] = (struct link_frame){.data = w->slot[w->head], .len = w->len[w->head]};
		w->head = (w->head + 1) % SLOTS;
		w->count--;
	}
	return n;
}

static void wire_wait(struct link *l, uint64_t ns)
{
	struct timespec t = {.tv_nsec = (long)ns};

	(void)l;
	nanosleep(&t, NULL);
}

static void wire_stats(struct link *l)
{
	(void)l;
}

static bool known(void *ctx, const struct rl_identity *id)
{
	(void)ctx;
	(void)id;
	return true; // validation has its own tests, and takes milliseconds
}

static uint16_t via(void *ctx, const struct rl_packet *p)
{
	(void)ctx;
	(void)p;
	return 0;
}

static void *take(void *ctx, size_t size)
{
	void *mem = aligned_alloc(64, (size + 63) & ~(size_t)63);

	(void)ctx;
	return mem ? memset(mem, 0, size) : NULL;
}

static void give(void *ctx, void *mem, size_t size)
{
	(void)ctx;
	(void)size;
	free(mem);
}

struct scene {
	struct gun_fixture *g;
	struct wire *w;
	struct engine e;
};

static struct scene *scene_new(void)
{
	static const struct link_ops ops = {.room = wire_room,
					    .push = wire_push,
					    .flush = wire_flush,
					    .receive = wire_receive,
					    .wait = wire_wait,
					    .stats = wire_stats};
	static const struct rl_host host = {
		.via = via, .validated = known, .alloc = take, .free = give};
	static const uint8_t seed[3][32] = {{1}, {2}, {3}};
	struct rl_options opt = rl_options_default();
	struct scene *s = calloc(1, sizeof(*s));
	struct rl_inet target;

	s->g = gun_setup();
	s->w = calloc(1, sizeof(*s->w));
	opt.peer_verb_pps = opt.known_pps = opt.relay_pps = 0;
	s->w->root = rl_root_new(&s->g->root.id, &s->g->root.secret, &opt, &host, seed[0]);
	assert_non_null(s->w->root);
	s->w->worker = rl_worker_new(s->w->root, seed[1]);
	s->w->admission = rl_worker_new(s->w->root, seed[2]);
	s->w->scratch = rl_scratch_new();
	s->w->link = (struct link){.ops = &ops, .mac = {2, 1}, .mtu = 1500};
	rl_inet_parse(&target, "192.0.2.1/9993");
	assert_int_equal(engine_init(&s->e, &s->w->link, &s->g->p, &target, 5), 0);
	return s;
}

static void scene_free(struct scene *s)
{
	engine_free(&s->e);
	rl_worker_free(s->w->worker);
	rl_worker_free(s->w->admission);
	rl_root_free(s->w->root);
	rl_scratch_free(s->w->scratch);
	free(s->w);
	gun_teardown(s->g);
	free(s);
}

static struct join_plan join_plan(void)
{
	return (struct join_plan){.nodes = GUN_NODES,
				  .rate = 20000,
				  .seconds = 10,
				  .retry_ms = 50,
				  .protocol = ZT_PROTO_SELF};
}

static void join_all(struct scene *s)
{
	struct join_plan plan = join_plan();
	static struct join_result r;

	assert_int_equal(join_run(&s->e, &plan, &r), 0);
	assert_int_equal(r.online, GUN_NODES);
}

static struct replay_result *shoot(struct scene *s, enum traffic t, unsigned suite,
				   const struct replay_plan *plan)
{
	static struct craft craft;
	static struct replay_result r;
	struct craft_plan c = craft_plan_default(t);
	struct source source = {.craft = &craft};
	struct say_why why;

	c.suite = suite;
	assert_int_equal(craft_init(&craft, &s->g->p, &c, &why), 0);
	replay_run(&s->e, &source, plan, &r);
	return &r;
}

static const struct replay_plan packets_2000 = {.seconds = 20, .packets = 2000, .drain_ms = 200};

static void a_population_comes_online(void **state)
{
	struct scene *s = scene_new();
	struct join_plan plan = join_plan();
	static struct join_result r;

	(void)state;
	assert_int_equal(join_run(&s->e, &plan, &r), 0);
	assert_int_equal(r.online, GUN_NODES);
	assert_int_equal(r.proven, GUN_NODES);
	assert_int_equal(r.hellos, GUN_NODES);
	assert_int_equal(r.latency.count, GUN_NODES);
	assert_int_equal(rl_worker_stats(s->w->worker)->proofs, GUN_NODES);
	assert_int_equal(rl_root_peer_count(s->w->root), GUN_NODES);
	assert_int_equal(s->e.heard[HEARD_BAD_MAC], 0);
	scene_free(s);
}

static void lost_hellos_are_said_again(void **state)
{
	struct scene *s = scene_new();
	struct join_plan plan = join_plan();
	static struct join_result r;

	(void)state;
	s->w->lose_every = 3;
	assert_int_equal(join_run(&s->e, &plan, &r), 0);
	assert_int_equal(r.online, GUN_NODES);
	assert_true(r.hellos > GUN_NODES);
	scene_free(s);
}

static void a_deaf_root_is_given_up(void **state)
{
	struct scene *s = scene_new();
	struct join_plan plan = join_plan();
	static struct join_result r;

	(void)state;
	s->w->deaf = true;
	plan.seconds = 0.3;
	assert_int_equal(join_run(&s->e, &plan, &r), 0);
	assert_int_equal(r.online, 0);
	assert_int_equal(r.latency.count, 0);
	scene_free(s);
}

static struct devices_result *busy(struct scene *s, double seconds, double patience)
{
	const struct devices_plan plan = {.rate = 20000,
					  .seconds = seconds,
					  .patience = patience,
					  .retry_ms = 20,
					  .size = 100,
					  .protocol = ZT_PROTO_SELF,
					  .seed = 3};
	static struct devices_result r;

	assert_int_equal(devices_run(&s->e, &plan, &r), 0);
	assert_int_equal(r.nodes, GUN_NODES);
	return &r;
}

static void every_device_is_served(void **state)
{
	struct scene *s = scene_new();
	struct devices_result *r;

	(void)state;
	join_all(s);
	r = busy(s, 0.05, 10);
	assert_int_equal(r->served, GUN_NODES);
	for (unsigned k = 0; k < ERRAND_COUNT; k++) {
		assert_true(r->errand[k].begun >= GUN_NODES);
		assert_int_equal(r->errand[k].answered, r->errand[k].begun);
		assert_int_equal(r->errand[k].at_once, r->errand[k].begun);
		assert_int_equal(r->errand[k].latency.count, r->errand[k].begun);
		assert_int_equal(r->errand[k].repeats, 0);
	}
	scene_free(s);
}

// As clients do, they say again what was lost; the time that took is counted.
static void devices_repeat_what_was_lost(void **state)
{
	struct scene *s = scene_new();
	struct devices_result *r;

	(void)state;
	join_all(s);
	s->w->lose_every = 3;
	r = busy(s, 0.2, 10);
	assert_int_equal(r->served, GUN_NODES);
	for (unsigned k = 0; k < ERRAND_COUNT; k++) {
		const struct errand_tally *t = &r->errand[k];

		assert_int_equal(t->answered, t->begun);
		assert_true(t->at_once < t->begun);
		assert_true(t->repeats >= t->begun - t->at_once);
		assert_true(t->latency.most >= 20000000);
	}
	scene_free(s);
}

static void devices_without_a_root_are_not_served(void **state)
{
	struct scene *s = scene_new();
	struct devices_result *r;

	(void)state;
	join_all(s);
	s->w->deaf = true;
	r = busy(s, 0.05, 0.2);
	assert_int_equal(r->served, 0);
	for (unsigned k = 0; k < ERRAND_COUNT; k++) {
		assert_int_equal(r->errand[k].answered, 0);
		assert_int_equal(r->errand[k].begun, GUN_NODES);
		assert_true(r->errand[k].repeats > 0);
	}
	scene_free(s);
}

// A root is silent about groups without members: those who would ask subscribe first.
static void a_mixture_is_answered_from_its_first_packet(void **state)
{
	struct scene *s = scene_new();
	struct replay_result *r;

	(void)state;
	join_all(s);
	r = shoot(s, TRAFFIC_MIXED, 1, &packets_2000);
	assert_true(ledger_tally(s->e.ledger, CLASS_GATHER)->sent > 10);
	assert_true(ledger_tally(s->e.ledger, CLASS_LIKE)->sent > 10);
	assert_int_equal(r->total.answered, r->total.expected);
	scene_free(s);
}

// Everything the root owes an answer is answered, and opened with the node's key.
static void all_traffic_is_answered(void **state)
{
	static const struct {
		enum traffic t;
		enum heard heard;
		bool answered;
	} row[] = {
		{TRAFFIC_HELLO, HEARD_OK_HELLO, true},
		{TRAFFIC_REFRESH, HEARD_OK_HELLO, true},
		{TRAFFIC_WHOIS, HEARD_OK_WHOIS, true},
		{TRAFFIC_WHOIS_ROOT, HEARD_OK_WHOIS, true},
		{TRAFFIC_ECHO, HEARD_OK_ECHO, true},
		{TRAFFIC_RELAY_SMALL, HEARD_RELAYED, true},
		{TRAFFIC_RELAY_LARGE, HEARD_RELAYED, true},
		{TRAFFIC_RELAY_FRAGMENT, HEARD_FRAGMENT, true},
		{TRAFFIC_LIKE, HEARD_OK_OTHER, false},
		{TRAFFIC_GATHER, HEARD_OK_GATHER, true}, // after LIKE there are members
	};
	struct scene *s = scene_new();

	(void)state;
	join_all(s);
	for (unsigned i = 0; i < 2 * sizeof(row) / sizeof(row[0]); i++) {
		unsigned suite = i & 1 ? 3 : 1;
		const uint64_t before = s->e.heard[row[i / 2].heard];
		struct replay_result *r = shoot(s, row[i / 2].t, suite, &packets_2000);

		assert_int_equal(r->total.sent, 2000);
		assert_int_equal(r->total.expected, row[i / 2].answered ? 2000 : 0);
		assert_int_equal(r->total.answered, r->total.expected);
		assert_int_equal(r->total.latency.count, r->total.expected);
		assert_int_equal(s->e.heard[row[i / 2].heard] - before, r->total.expected);
		assert_int_equal(r->strays, 0);
		assert_int_equal(r->forgotten, 0);
	}
	assert_int_equal(s->e.heard[HEARD_BAD_MAC], 0);
	assert_int_equal(s->e.heard[HEARD_BAD_SUM], 0);
	assert_int_equal(s->e.heard[HEARD_MALFORMED], 0);
	assert_int_equal(s->e.heard[HEARD_NOT_OURS], 0);
	scene_free(s);
}

// One in ten never arrives: the ratio says so, neither more nor less.
static void what_is_lost_is_counted(void **state)
{
	struct scene *s = scene_new();
	struct replay_result *r;

	(void)state;
	join_all(s);
	s->w->lose_every = 10;
	r = shoot(s, TRAFFIC_WHOIS_ROOT, 1, &packets_2000);
	assert_int_equal(r->total.sent, 2000);
	assert_int_equal(r->total.answered, 1800);
	assert_true(replay_ratio(&r->total) == 0.9);
	scene_free(s);
}

// The core is not shaken, answers nothing it need not, and serves the others as before.
static void hostile_traffic_does_no_harm(void **state)
{
	struct scene *s = scene_new();
	struct replay_result *r;

	(void)state;
	join_all(s);
	r = shoot(s, TRAFFIC_HOSTILE, 1, &packets_2000);
	assert_int_equal(r->total.sent, 2000);
	assert_int_equal(r->total.answered, 0);
	assert_int_equal(s->e.heard[HEARD_ERROR], 0);
	assert_int_equal(rl_root_peer_count(s->w->root), GUN_NODES);
	r = shoot(s, TRAFFIC_RELAY_SMALL, 1, &packets_2000);
	assert_int_equal(r->total.answered, 2000);
	scene_free(s);
}

static void a_rate_is_kept(void **state)
{
	const struct replay_plan plan = {.rate = 2000, .seconds = 0.5, .drain_ms = 100};
	struct scene *s = scene_new();
	struct replay_result *r;

	(void)state;
	join_all(s);
	r = shoot(s, TRAFFIC_WHOIS_ROOT, 1, &plan);
	// A busy machine may be late, never early.
	assert_in_range(r->total.sent, 500, 1001);
	assert_true(r->seconds >= 0.5);
	assert_true(r->sent_rate <= 2010);
	scene_free(s);
}

// A ring that is full until it is flushed loses nothing.
static void a_full_ring_only_delays(void **state)
{
	struct scene *s = scene_new();
	struct replay_result *r;

	(void)state;
	s->w->ring = 7;
	join_all(s);
	r = shoot(s, TRAFFIC_RELAY_SMALL, 1, &packets_2000);
	assert_int_equal(r->total.sent, 2000);
	assert_int_equal(r->total.answered, 2000);
	scene_free(s);
}

static void a_sweep_stops_where_answers_are_missing(void **state)
{
	static struct craft craft;
	static struct sweep sw;
	struct scene *s = scene_new();
	struct craft_plan c = craft_plan_default(TRAFFIC_WHOIS_ROOT);
	struct source source = {.craft = &craft};
	struct sweep_plan plan = {.from = 500,
				  .to = 2000,
				  .threshold = 0.999,
				  .step = {.seconds = 0.1, .drain_ms = 50}};
	struct say_why why;

	(void)state;
	join_all(s);
	assert_int_equal(craft_init(&craft, &s->g->p, &c, &why), 0);
	sweep_run(&s->e, &source, &plan, &sw, NULL);
	assert_true(sw.best > 0 && sw.best <= 2000);
	assert_true(sw.count >= 1 && sw.step[0].offered == 500);
	s->w->lose_every = 2;
	sweep_run(&s->e, &source, &plan, &sw, NULL);
	assert_true(sw.best == 0);
	assert_int_equal(sw.count, 5); // the first, and four between nothing and it
	assert_true(sw.step[1].offered == 250);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_population_comes_online),
		cmocka_unit_test(lost_hellos_are_said_again),
		cmocka_unit_test(a_deaf_root_is_given_up),
		cmocka_unit_test(every_device_is_served),
		cmocka_unit_test(devices_repeat_what_was_lost),
		cmocka_unit_test(devices_without_a_root_are_not_served),
		cmocka_unit_test(a_mixture_is_answered_from_its_first_packet),
		cmocka_unit_test(all_traffic_is_answered),
		cmocka_unit_test(what_is_lost_is_counted),
		cmocka_unit_test(hostile_traffic_does_no_harm),
		cmocka_unit_test(a_rate_is_kept),
		cmocka_unit_test(a_full_ring_only_delays),
		cmocka_unit_test(a_sweep_stops_where_answers_are_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
