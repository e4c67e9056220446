// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/location.h"

#include <sodium.h>

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int content_compare(const struct rl_location *a, const struct rl_location *b)
{
	int c = compare(a->gone, b->gone);
	if (c == 0)
		c = memcmp(&a->v4, &b->v4, sizeof(a->v4));
	if (c == 0)
		c = memcmp(&a->v6, &b->v6, sizeof(a->v6));
	return c != 0 ? c : compare(a->backup, b->backup);
}

bool rl_location_beats(const struct rl_location *a, const struct rl_location *b)
{
	int c = compare(a->stamp_ms, b->stamp_ms);
	if (c == 0)
		c = compare(a->home, b->home);
	return (c != 0 ? c : content_compare(a, b)) > 0;
}

static unsigned merge_claim(struct rl_location *into, const struct rl_location *from)
{
	if (from->home == RL_NOBODY || !rl_location_beats(from, into))
		return RL_CHANGE_NONE;
	unsigned change = RL_CHANGE_CLAIM;
	if (into->home != from->home)
		change |= RL_CHANGE_HOME;
	if (content_compare(into, from) != 0)
		change |= RL_CHANGE_PLACE;
	into->stamp_ms = from->stamp_ms;
	into->v4 = from->v4;
	into->v6 = from->v6;
	into->home = from->home;
	into->backup = from->backup;
	into->gone = from->gone;
	return change;
}

// The ports go with the newest PUSH, both of them: who sends one notes it in what it knows already.
static void merge_ports(struct rl_location *into, const struct rl_location *from)
{
	int32_t newer = into->pushes.count == 0
				? 1
				: rl_push_tick_diff(from->pushes.last, into->pushes.last);
	if (newer > 0 || (newer == 0 && from->push_port4 > into->push_port4))
		into->push_port4 = from->push_port4;
	if (newer > 0 || (newer == 0 && from->push_port6 > into->push_port6))
		into->push_port6 = from->push_port6;
}

static unsigned merge_pushes(struct rl_location *into, const struct rl_location *from)
{
	if (from->pushes.count == 0)
		return RL_CHANGE_NONE;
	uint16_t port4 = into->push_port4, port6 = into->push_port6;
	merge_ports(into, from);
	bool changed = port4 != into->push_port4 || port6 != into->push_port6;
	changed |= rl_pushes_merge(&into->pushes, &from->pushes);
	return changed ? RL_CHANGE_PUSHES : RL_CHANGE_NONE;
}

static unsigned merge_identity(struct rl_location *into, const struct rl_location *from)
{
	if (from->fingerprint == 0 || from->fingerprint == into->fingerprint)
		return RL_CHANGE_NONE;
	if (into->fingerprint != 0 && into->fingerprint < from->fingerprint)
		return RL_CHANGE_NONE;
	into->fingerprint = from->fingerprint;
	return RL_CHANGE_IDENTITY;
}

unsigned rl_location_merge(struct rl_location *into, const struct rl_location *from)
{
	return merge_claim(into, from) | merge_pushes(into, from) | merge_identity(into, from);
}

bool rl_location_equal(const struct rl_location *a, const struct rl_location *b)
{
	return a->address == b->address && a->stamp_ms == b->stamp_ms && a->home == b->home &&
	       content_compare(a, b) == 0 && a->fingerprint == b->fingerprint &&
	       rl_pushes_equal(&a->pushes, &b->pushes) && a->push_port4 == b->push_port4 &&
	       a->push_port6 == b->push_port6;
}

uint64_t rl_location_fingerprint(const uint64_t key[static 2], const uint8_t public_key[static 64])
{
	uint8_t digest[16];
	crypto_generichash(digest, sizeof(digest), public_key, 64, (const uint8_t *)key, 16);
	uint64_t f = rl_load64(digest);
	return f ? f : 1;
}
