// SPDX-License-Identifier: BSD-3-Clause
// Well sealed batches of two other members that say anything, one after the other, to a whole
// member: whatever they say, its tables stay in order and within their bounds, and what it says
// itself is well formed. (That no batch with a false seal gets so far is fuzz_cluster's.)
//
// Input: batches, each behind three bytes: what is done with it (enum below), and its length.
#include "cluster/steward.h"
#include "root/sight.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SELF = 1, OTHERS = 2, PEERS = 40, OWN = 8, SMALL = 16, TURNS_MAX = 8 };
enum {
	BY_THIRD = 1, // member 3 sends it, else member 2
	NOW = 2,      // its time is set right
	ANSWER = 4,   // it is made the answer to the question that waits
	TO_US = 8,    // it is addressed to us, as answers are
	WAIT = 0xf0,  // time goes on by so much squared, in turns
};
#define START UINT64_C(1700000000000)

static struct {
	struct rl_steward s;
	struct rl_seal theirs[OTHERS];
	uint64_t now;
	void *memory;
	uint8_t buffer[RL_BATCH_MAX];
} rig;

static void must(bool fine)
{
	if (!fine)
		abort();
}

static unsigned paths(void *ctx, uint64_t client, struct rl_steward_path out[RL_STEWARD_PATHS])
{
	(void)ctx;
	must(client >> 40 == 0);
	out[0] = (struct rl_steward_path){rl_inet4((uint32_t)client, 9993), rig.now};
	return client < 2 * PEERS;
}

static int push(void *ctx, uint64_t client, const struct rl_inet *by, const struct rl_inet *at,
		unsigned n)
{
	(void)ctx;
	must(client != 0 && client >> 40 == 0 && by->family == 4 && n > 0 && n <= RL_ACTION_TO_MAX);
	for (unsigned i = 0; i < n; i++)
		must(at[i].family == 4);
	return 0;
}

static int word(void *ctx, uint64_t client, const struct rl_inet *by)
{
	(void)ctx;
	must(client != 0 && client >> 40 == 0 && by->family == 4);
	return 0;
}

static int rendezvous(void *ctx, uint64_t client, const struct rl_inet *by, uint64_t other,
		      const struct rl_inet *at)
{
	must(other >> 40 == 0 && (at->family == 4 || at->family == 6));
	return word(ctx, client, by);
}

static void withhold(void *ctx, uint64_t client, bool withheld)
{
	(void)ctx;
	(void)withheld;
	must(client >> 40 == 0);
}

static struct rl_geo where(void *ctx, const struct rl_inet *addr)
{
	(void)ctx;
	return rl_geo_at(addr->ip[3] % 90, addr->ip[3]);
}

static bool send(void *ctx, uint8_t to, const uint8_t *batch, size_t len)
{
	struct rl_batch_head h;
	(void)ctx;
	must(len > RL_BATCH_SEAL && to != SELF);
	must(rl_batch_head_parse(batch, len - RL_BATCH_SEAL, &h) == RL_REFUSAL_NONE);
	must(h.from == SELF && h.to == to);
	return true;
}

static bool identity(void *ctx, uint64_t client, struct rl_identity *out)
{
	(void)ctx;
	*out = (struct rl_identity){.address = client};
	return client <= OWN;
}

static int whois(void *ctx, uint64_t client, const struct rl_inet *by, uint64_t id,
		 const uint64_t *asked, unsigned n, const struct rl_identity *given, unsigned count)
{
	(void)id;
	(void)asked;
	must(n > 0 && count <= n);
	for (unsigned i = 0; i < count; i++)
		must(given[i].address != 0);
	return word(ctx, client, by);
}

static void start(void)
{
	static const struct rl_steward_host host = {.paths = paths,
						    .push = push,
						    .nop = word,
						    .echo = word,
						    .rendezvous = rendezvous,
						    .withhold = withhold,
						    .where = where,
						    .send = send,
						    .identity = identity,
						    .whois = whois};
	static const uint64_t dice[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	uint8_t public[RL_SEAL_PUBLIC], secret[RL_SEAL_SECRET], seed[32] = {0};
	struct rl_steward_config o = rl_steward_config_default;
	o.sync = rl_sync_config_default;
	o.sync.dirty_max = o.sync.history_max = o.sync.history_batches = 8;
	o.own = (struct rl_member_news){.id = SELF, .run = 1, .place = rl_geo_at(52, 5)};
	o.own.front[RL_FAMILY_4] = rl_inet4(0xc0000201, 9993);
	o.root = 0xaaaaaaaaaa;
	o.cluster = 7;
	o.directory_max = PEERS;
	o.warm_max = o.rtt_max = o.timers_max = o.drain_max = SMALL;

	o.whois.questions_max = o.whois.client_max = 4;
	o.whois.nodes_max = SMALL;
	o.audience_max = o.gather.questions = o.gather.askers = SMALL;
	o.epoch = START;
	crypto_sign_seed_keypair(public, o.secret, seed);
	size_t size = (rl_steward_size(&o) + 63) / 64 * 64;
	rig.memory = rig.memory ? rig.memory : aligned_alloc(64, size);
	memset(rig.memory, 0, size);
	rig.now = START;
	rl_steward_init(&rig.s, &o, &host, rig.memory, dice, rig.now);
	for (uint8_t i = 0; i < OTHERS; i++) {
		seed[0] = (uint8_t)(i + 1);
		crypto_sign_seed_keypair(public, secret, seed);
		rl_steward_member(&rig.s, (uint8_t)(2 + i), public);
		rl_seal_init(&rig.theirs[i], o.key, 7, (uint8_t)(2 + i), secret, START, i);
	}
}

// Clients of ours, to be taken over; and one asks for those of others.
static void speak(void)
{
	struct rl_ask a = {.client = 1, .verb = ZT_VERB_WHOIS};
	a.path.addr = rl_inet4(1, 9993);
	for (unsigned i = 0; i < RL_ASK_WHOIS_MAX; i++)
		a.whois.address[a.whois.count++] = OWN + 1 + i;
	rl_steward_whois(&rig.s, &a, rig.now);
	for (uint64_t c = 1; c <= OWN; c++) {
		struct rl_steward_sight e = {c, rl_inet4((uint32_t)c, 9993), RL_SIGHT_SPOKE, -1};
		rl_steward_sight(&rig.s, &e, rig.now);
	}
}

static void check(void)
{
	const struct rl_steward *s = &rig.s;
	uint64_t n = 0, live = 0, by_home = 0;
	for (struct rl_directory_cursor c = rl_directory_walk_all(&s->directory); !c.done;) {
		struct rl_location l[RL_GROUP_ENTRIES];
		unsigned found = rl_directory_step(&s->directory, &c, l);
		for (unsigned i = 0; i < found; i++)
			live += rl_location_live(&l[i]);
		n += found;
	}
	for (unsigned m = 0; m < RL_MEMBER_IDS; m++)
		by_home += s->directory.live[m];
	must(n == s->directory.count && n <= PEERS && live == by_home);
	must(s->warm.count <= SMALL && s->timers <= SMALL && s->drain.count <= SMALL);
	for (unsigned i = 1; i < s->timers; i++)
		must(s->timer[(i - 1) / 2].due_ms <= s->timer[i].due_ms);
	for (unsigned i = 1; i < s->members.count; i++)
		must(s->members.ids[i - 1] < s->members.ids[i]);
}

// What of its header would seldom be right by chance. batch: with room for the seal.
static void put_right(uint8_t *batch, size_t len, uint8_t how)
{
	uint8_t from = how & BY_THIRD ? 3 : 2;
	const struct rl_sync_peer *p = &rig.s.sync.peer[from];
	struct rl_batch_head h;
	struct rl_batch_writer w;
	uint8_t header[RL_BATCH_HEADER];
	if (rl_batch_head_parse(batch, len, &h) != RL_REFUSAL_NONE)
		return;
	if (how & NOW)
		h.time_ms = h.clock_ms = rig.now;
	if (how & TO_US)
		h.to = SELF;
	if (how & ANSWER && p->asked.kind != 0)
		h.request = p->asked.request;
	rl_batch_open(&w, header, &h);
	w.head.count = h.count;
	rl_batch_close(&w);
	memcpy(batch, header, sizeof(header));
}

static void hear(const uint8_t *data, size_t len, uint8_t how)
{
	if (len < RL_BATCH_HEADER || len > RL_BATCH_MAX - RL_BATCH_SEAL)
		return;
	memcpy(rig.buffer, data, len);
	put_right(rig.buffer, len, how);
	len = rl_seal_close(&rig.theirs[how & BY_THIRD], rig.buffer, len);
	uint8_t *copy = malloc(len); // no byte more, so that reading on is seen
	memcpy(copy, rig.buffer, len);
	rl_steward_batch(&rig.s, copy, len, rig.now);
	free(copy);
}

static void go_on(uint8_t how)
{
	uint64_t wait = (how & WAIT) >> 4, turns = wait < TURNS_MAX ? wait : TURNS_MAX;
	for (uint64_t i = 0; i < turns; i++) {
		rig.now += wait * RL_STEWARD_TURN_MS * wait;
		rl_steward_tick(&rig.s, rig.now);
	}
	if (turns > 0)
		speak();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	start();
	rig.now += RL_STEWARD_LEARN_MS;
	speak();
	for (size_t at = 0; size - at >= 3;) {
		uint8_t how = data[at];
		size_t len = (size_t)data[at + 1] << 8 | data[at + 2], left = size - at - 3;
		len = len < left ? len : left;
		hear(data + at + 3, len, how);
		go_on(how);
		check();
		at += 3 + len;
	}
	go_on(WAIT);
	check();
	rl_steward_wipe(&rig.s);
	return 0;
}
