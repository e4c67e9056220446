// SPDX-License-Identifier: BSD-3-Clause
// A batch from another member. As it comes over the link: its seal is never good, and nothing is
// read beyond it. Then as a member with good keys would send it: taken apart within its bounds, put
// together again to the same bytes, and taken by a small directory that stays in order; identities
// by questions that wait for some of them, each of which is answered once; what it says of groups
// is known afterwards, and whoever asked for listeners is answered within its limit.
#include "cluster/gather.h"
#include "cluster/seal.h"
#include "cluster/sync.h"
#include "cluster/whois.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SELF = 1, OTHER = 2, PEERS = 40, GROUPS = 50 };
#define NOW UINT64_C(1700000000000)

static struct {
	struct rl_directory directory;
	struct rl_sync sync;
	struct rl_seal ours, theirs;
	struct rl_audience audience;
	struct rl_gather gather;
	unsigned answers;
	void *memory[4];
	struct rl_sync_config config;
	uint8_t buffer[RL_BATCH_MAX], again[RL_BATCH_MAX];
} rig;

static void *zeroed(size_t size)
{
	size = (size + 63) & ~(size_t)63;
	void *mem = aligned_alloc(64, size);
	return mem ? memset(mem, 0, size) : NULL;
}

// Two listeners here; the second may be among those that come.
static unsigned local(void *ctx, const struct rl_group_key *group, uint64_t but, unsigned max,
		      uint64_t *out, uint32_t *total)
{
	unsigned n = 0;
	(void)ctx;
	(void)group;
	*total = 2;
	for (uint64_t a = 1; a < 3 && n < max; a++)
		if (a != but)
			out[n++] = a;
	return n;
}

static void answered(void *ctx, const struct rl_gather_asker *who, const struct rl_group_key *group,
		     uint32_t total, const uint64_t *address, unsigned n)
{
	(void)ctx;
	(void)group;
	rig.answers++;
	if (n > who->limit || n > total)
		abort();
	for (unsigned i = 0; i < n; i++)
		if (address[i] == 0 || address[i] == who->client)
			abort();
}

static void start_groups(void)
{
	static const struct rl_gather_config c = {
		.questions = 8, .askers = 8, .wait_ms = 500, .keep_ms = 5000, .each = 8};
	static const struct rl_gather_host host = {NULL, local, answered};
	static const uint64_t key[2] = {8, 9};
	static const uint8_t seed[32] = {10};
	rig.memory[2] = rig.memory[2] ? rig.memory[2] : zeroed(rl_audience_size(GROUPS));
	rig.memory[3] = rig.memory[3] ? rig.memory[3] : zeroed(rl_gather_size(&c));
	memset(rig.memory[2], 0, rl_audience_size(GROUPS));
	memset(rig.memory[3], 0, rl_gather_size(&c));
	rl_audience_init(&rig.audience, rig.memory[2], GROUPS, key, NOW);
	rl_gather_init(&rig.gather, &c, &host, rig.memory[3], seed);
	rig.answers = 0;
}

static void start(void)
{
	static const uint8_t key[RL_SEAL_KEY] = {1}, seed[32] = {2}, dkey[16] = {3};
	static const uint64_t dice[3] = {4, 5, 6};
	uint8_t public_key[RL_SEAL_PUBLIC], secret[RL_SEAL_SECRET];
	crypto_sign_seed_keypair(public_key, secret, seed);
	rl_seal_init(&rig.ours, key, 7, SELF, secret, NOW, 1);
	rl_seal_init(&rig.theirs, key, 7, OTHER, secret, NOW, 1);
	rl_seal_member(&rig.ours, OTHER, public_key);
	rig.config = rl_sync_config_default;
	rig.config.self = SELF;
	rig.config.dirty_max = rig.config.history_max = rig.config.history_batches = 8;
	rig.memory[0] = rig.memory[0] ? rig.memory[0] : zeroed(rl_directory_size(PEERS));
	rig.memory[1] = rig.memory[1] ? rig.memory[1] : zeroed(rl_sync_size(&rig.config));
	memset(rig.memory[0], 0, rl_directory_size(PEERS));
	memset(rig.memory[1], 0, rl_sync_size(&rig.config));
	rl_directory_init(&rig.directory, PEERS, rig.memory[0], dkey, SELF,
			  &rl_directory_limits_default);
	rl_sync_init(&rig.sync, &rig.config, &rig.directory, rig.memory[1], dice, NOW);
	start_groups();
	for (uint64_t a = 1; a < 9; a++) // peers of ours, to be taken over
		rl_sync_claim(&rig.sync, &(struct rl_location){.address = a}, NOW - 9);
}

static void as_it_comes(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + !size); // no byte more, so that reading on is seen
	size_t len = size;
	memcpy(copy, data, size);
	if (rl_seal_open(&rig.ours, copy, &len) == RL_REFUSAL_NONE)
		abort();
	free(copy);
}

static void put_again(struct rl_batch_reader b, const uint8_t *data, size_t len)
{
	struct rl_batch_writer w;
	union rl_record r;
	rl_batch_open(&w, rig.again, &b.head);
	while (rl_batch_next(&b, &r))
		if (rl_batch_add(&w, &r) != 0)
			abort();
	size_t again = rl_batch_close(&w);
	rl_batch_sign_head(rig.again, &b.head);
	if (again != len || memcmp(rig.again, data, len) != 0)
		abort();
}

static void check_directory(void)
{
	uint64_t n = 0, live = 0, by_home = 0;
	for (struct rl_directory_cursor c = rl_directory_walk_all(&rig.directory); !c.done;) {
		struct rl_location l[RL_GROUP_ENTRIES];
		unsigned found = rl_directory_step(&rig.directory, &c, l);
		for (unsigned i = 0; i < found; i++)
			live += rl_location_live(&l[i]);
		n += found;
	}
	for (unsigned m = 0; m < RL_MEMBER_IDS; m++)
		by_home += rig.directory.live[m];
	if (n != rig.directory.count || n > PEERS || live != by_home)
		abort();
}

// What this member says next must be well formed, whatever it was told.
static void answer(void)
{
	struct rl_batch_head h;
	struct rl_batch_reader b;
	size_t len;
	rl_sync_tick(&rig.sync, NOW + 2000);
	for (unsigned n = 0; (len = rl_sync_next(&rig.sync, NOW + 2000, rig.again, &h)) != 0; n++) {
		len = rl_seal_close(&rig.ours, rig.again, len) - RL_BATCH_SEAL;
		if (n > 100 || rl_batch_head_parse(rig.again, len, &b.head) != RL_REFUSAL_NONE)
			abort();
	}
}

enum { QUESTIONS = 4, NODES = 16 };

static struct {
	struct rl_whois w;
	uint64_t memory[4096];
	unsigned questions, answers;
	uint32_t request;
} who;

static bool who_here(void *ctx, uint64_t address)
{
	(void)ctx;
	return address % 5 == 0;
}

static uint8_t who_next(void *ctx, uint64_t address, const uint8_t *asked, unsigned n)
{
	(void)ctx;
	(void)asked;
	return n < address % 4 ? OTHER : RL_NOBODY;
}

static bool who_fits(void *ctx, const struct rl_identity *id)
{
	(void)ctx;
	return id->public_key[0] != 0xff;
}

static void who_ask(void *ctx, uint8_t member, uint32_t request, const uint64_t *address,
		    unsigned n)
{
	(void)ctx;
	if (member != OTHER || request == 0 || n == 0 || n > RL_WHOIS_BATCH || address[0] == 0)
		abort();
	who.request = request;
}

static bool who_answer(void *ctx, const struct rl_whois_question *q,
		       const struct rl_identity *given, unsigned n)
{
	(void)ctx;
	who.answers++;
	for (unsigned i = 0; i < n; i++) {
		bool asked = false;
		for (unsigned k = 0; k < q->count; k++)
			asked |= q->address[k] == given[i].address;
		if (!asked || !who_fits(NULL, &given[i]) || who_here(NULL, given[i].address))
			abort();
	}
	return n > 0;
}

// Questions about some of the nodes that the reply will name.
static void ask_some(struct rl_batch_reader b)
{
	struct rl_ask a = {.client = 1, .verb = ZT_VERB_WHOIS};
	union rl_record r;
	for (unsigned i = 0; rl_batch_next(&b, &r); i++) {
		if (i % 3 < 2 && a.whois.count < RL_ASK_WHOIS_MAX)
			a.whois.address[a.whois.count++] = r.identity.address;
		if (i % 8 != 7 || who.questions == 2 * QUESTIONS)
			continue;
		who.questions++;
		rl_whois_ask(&who.w, &a, NOW);
		a.whois.count /= 2;
		a.client++;
	}
	who.questions++;
	rl_whois_ask(&who.w, &a, NOW);
	rl_whois_flush(&who.w);
}

static void take_identities(struct rl_batch_reader b)
{
	static const struct rl_whois_config config = {QUESTIONS, 2, NODES, 1000, 400, 9000, 9};
	static const struct rl_whois_host host = {NULL,     who_here, who_next,
						  who_fits, who_ask,  who_answer};
	static const uint64_t dice[2] = {1, 2};
	union rl_record r;
	if (rl_whois_size(&config) > sizeof(who.memory))
		abort();
	memset(&who, 0, sizeof(who));
	rl_whois_init(&who.w, &config, &host, who.memory, dice);
	ask_some(b);
	uint32_t request = b.head.part & 1 ? b.head.request : who.request;
	bool last = b.head.flags & RL_BATCH_LAST;
	while (rl_batch_next(&b, &r))
		rl_whois_learn(&who.w, OTHER, request, &r.identity, NOW);
	rl_whois_replied(&who.w, OTHER, request, last, NOW);
	for (unsigned ms = 0; ms < 2500; ms += 100) {
		rl_whois_flush(&who.w);
		rl_whois_tick(&who.w, NOW + ms);
	}
	if (who.answers != who.questions || who.w.count != 0 || who.w.first != 0)
		abort();
	for (unsigned i = 0; i < NODES; i++)
		if (who.w.node[i].refs != 0)
			abort();
}

static struct rl_member_set other(void)
{
	struct rl_member_set s = {0};
	rl_member_set_add(&s, OTHER);
	return s;
}

// Each group that is told is found at once.
static void take_groups(struct rl_batch_reader b)
{
	struct rl_member_set alive = other();
	union rl_record r;
	rl_audience_batch(&rig.audience, OTHER, b.head.request, b.head.part == 0,
			  b.head.flags & RL_BATCH_LAST, NOW);
	while (rl_batch_next(&b, &r)) {
		rl_audience_put(&rig.audience, r.group_hash, OTHER, NOW);
		rl_audience_turn(&rig.audience, &alive, NOW);
		struct rl_member_set found = rl_audience_find(&rig.audience, r.group_hash);
		if (!rl_member_set_has(&found, OTHER) ||
		    !rl_audience_elsewhere(&rig.audience, r.group_hash))
			abort();
	}
}

// Whoever asks before a reply is answered by it, or for lack of room before.
static void take_replies(struct rl_batch_reader b)
{
	const struct rl_gather_asker asker = {.client = 2, .id = 3, .limit = 7};
	struct rl_member_set have = other();
	union rl_record r;
	unsigned asked = 0;
	while (rl_batch_next(&b, &r)) {
		const struct rl_group_key *group = &r.gather_reply.group;
		uint64_t hash = rl_audience_hash(&rig.audience, group);
		rl_gather_ask(&rig.gather, hash, group, &asker, &have, NOW);
		rl_gather_reply(&rig.gather, hash, OTHER, &r.gather_reply, NOW);
		if (rig.answers != ++asked)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < RL_BATCH_HEADER || size > RL_BATCH_MAX - RL_BATCH_SEAL)
		return 0;
	start();
	as_it_comes(data, size);
	memcpy(rig.buffer, data, size);
	size_t len = rl_seal_close(&rig.theirs, rig.buffer, size);
	if (rl_seal_open(&rig.ours, rig.buffer, &len) != RL_REFUSAL_NONE)
		return 0; // a header that no member makes
	struct rl_batch_reader b;
	if (len != size)
		abort();
	uint8_t *copy = malloc(len);
	memcpy(copy, rig.buffer, len);
	if (rl_batch_parse(&b, copy, len) == RL_REFUSAL_NONE) {
		put_again(b, copy, len);
		if (b.head.kind == RL_BATCH_WHOIS_REPLY)
			take_identities(b);
		rl_sync_take(&rig.sync, &b, NOW);
		check_directory();
		answer();
		if (b.head.kind == RL_BATCH_SUBSCRIBE)
			take_groups(b);
		if (b.head.kind == RL_BATCH_GATHER_REPLY)
			take_replies(b);
	}
	free(copy);
	return 0;
}
