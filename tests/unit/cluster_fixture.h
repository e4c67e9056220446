// SPDX-License-Identifier: BSD-3-Clause
// Six members around the world, seen by the first of them, and a client to decide about.
#pragma once

#include "cluster/redirect.h"

#include <stdlib.h>
#include <string.h>

// Numbers of members. Ways from Amsterdam in kilometres: Johannesburg 9000, New York 5900, Sao
// Paulo 9800, San Francisco 8800, Singapore 10500.
enum { AMS = 1, JNB, NYC, SAO, SFO, SIN, SITES = SIN };

#define FIXTURE_NOW 1800000000000ULL

static struct rl_member_table fixture_members;
static struct rl_rtt fixture_rtt;
static struct rl_room fixture_room;
static struct rl_location fixture_location;
static void *fixture_memory;
static uint32_t fixture_beat;

static const double fixture_places[SITES + 1][2] = {
	{0, 0},           {52.37, 4.90},    {-26.20, 28.05}, {40.71, -74.01},
	{-23.55, -46.63}, {37.77, -122.42}, {1.35, 103.82}};

static inline struct rl_member_news fixture_news(uint8_t id)
{
	struct rl_member_news n = {
		.id = id,
		.run = 1,
		.beat = ++fixture_beat,
		.place = rl_geo_at(fixture_places[id][0], fixture_places[id][1]),
		.front = {rl_inet4(0xc6336400 + id, 9993), {.family = 6, .port = 9993}},
	};
	n.front[RL_FAMILY_6].ip[15] = id;
	return n;
}

static inline void fixture_hear(const struct rl_member_news *n)
{
	rl_member_heard(&fixture_members, n, FIXTURE_NOW);
}

// The member's news changes: heard twice, so that it is a target if it may be one.
static inline void fixture_change(uint8_t id, uint32_t load, uint32_t capacity, bool draining)
{
	for (unsigned i = 0; i < 2; i++) {
		struct rl_member_news n = fixture_news(id);
		n.load = load;
		n.capacity = capacity;
		n.draining = draining;
		if (id == fixture_members.self)
			rl_member_own(&fixture_members, &n, FIXTURE_NOW);
		else
			fixture_hear(&n);
	}
}

static inline void fixture_leave(uint8_t id)
{
	struct rl_member_news n = fixture_news(id);
	n.leaving = true;
	fixture_hear(&n);
}

static inline struct rl_score_view fixture_view(void)
{
	return (struct rl_score_view){&fixture_members, &fixture_rtt, &fixture_room, FIXTURE_NOW};
}

static inline uint64_t fixture_prefix(void)
{
	return rl_prefix(&fixture_location.v4, RL_PREFIX_SITE);
}

// Setup of a cmocka test: self is `self`, the others live, the client is at home here, by IPv4.
static inline void fixture_new(uint8_t self)
{
	static const uint8_t key[16] = "a key of sixteen";
	struct rl_member_news own = fixture_news(self);

	free(fixture_memory);
	fixture_memory = aligned_alloc(64, rl_rtt_size(4096));
	memset(fixture_memory, 0, rl_rtt_size(4096));
	rl_rtt_init(&fixture_rtt, fixture_memory, 4096, 3600000, key);
	memset(&fixture_room, 0, sizeof(fixture_room));
	rl_member_init(&fixture_members, &own, FIXTURE_NOW);
	for (uint8_t id = 1; id <= SITES; id++)
		if (id != self)
			fixture_change(id, 0, 0, false);
	fixture_location = (struct rl_location){
		.address = 0x1122334455,
		.stamp_ms = FIXTURE_NOW - 1000,
		.v4 = rl_inet4(0xcb007109, 9993),
		.home = self,
	};
}

static inline int fixture_done(void **state)
{
	(void)state;
	free(fixture_memory);
	fixture_memory = NULL;
	return 0;
}
