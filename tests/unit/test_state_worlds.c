// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/state_worlds.h"
#include "root/tools/file.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64], planet[96], moons[96];
static struct state_worlds w;

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/rootline-worlds-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(planet, sizeof(planet), "%s/planet", dir);
	snprintf(moons, sizeof(moons), "%s/moons.d", dir);
	return mkdir(moons, 0755);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static int teardown(void **state)
{
	(void)state;
	state_worlds_free(&w);
	return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

// One root with two endpoints, 10.0.0.1/9993 and 10.0.0.2/443.
static struct rl_world make(uint8_t type, uint64_t id, uint64_t root)
{
	struct rl_world x = {.type = type, .id = id, .timestamp = 1, .root_count = 1};
	x.root[0].id.address = root;
	memset(x.root[0].id.public_key, 7, ZT_PUBLIC_LEN);
	x.root[0].endpoint_count = 2;
	x.root[0].endpoint[0] = rl_inet4(0x0a000001, 9993);
	x.root[0].endpoint[1] = rl_inet4(0x0a000002, 443);
	return x;
}

static void put(const char *path, const struct rl_world *x, size_t cut)
{
	uint8_t data[ZT_WORLD_MAX];
	size_t len = rl_world_write(x, data);
	assert_true(len > cut);
	assert_int_equal(file_create(path, data, len - cut, 0644), 0);
}

static void put_moon(const char *name, uint64_t id, size_t cut)
{
	struct rl_world x = make(ZT_WORLD_MOON, id, 0x2222222222);
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", moons, name);
	put(path, &x, cut);
}

static void nothing_is_a_set_too(void **state)
{
	(void)state;
	rmdir(moons);
	assert_int_equal(state_worlds_load(&w, planet, moons), 0);
	assert_int_equal(w.count, 0);
	assert_false(w.has_planet);
}

static void a_planet_and_its_moons_are_read(void **state)
{
	struct rl_world x = make(ZT_WORLD_PLANET, 5, 0x1111111111);
	(void)state;
	put(planet, &x, 0);
	put_moon("000000000000000b.moon", 11, 0);
	put_moon("000000000000000a.moon", 10, 0);
	put_moon("000000000000000a.moon.bak", 12, 0);
	put_moon(".hidden.moon", 13, 0);
	assert_int_equal(state_worlds_load(&w, planet, moons), 0);
	assert_true(w.has_planet);
	assert_int_equal(w.count, 3);
	assert_int_equal(w.world[0].id, 5);
	assert_int_equal(w.world[1].id, 10);
	assert_int_equal(w.world[2].id, 11);
	assert_string_equal(state_worlds_role(&w, 0x1111111111), "PLANET");
	assert_string_equal(state_worlds_role(&w, 0x2222222222), "MOON");
	assert_string_equal(state_worlds_role(&w, 0x3333333333), "LEAF");
}

static void a_broken_planet_is_refused(void **state)
{
	(void)state;
	const struct {
		const char *what;
		struct rl_world x;
		size_t cut;
	} rows[] = {
		{"cut", make(ZT_WORLD_PLANET, 5, 0x1111111111), 1},
		{"a moon", make(ZT_WORLD_MOON, 5, 0x1111111111), 0},
	};
	for (unsigned i = 0; i < 2; i++) {
		unlink(planet);
		put(planet, &rows[i].x, rows[i].cut);
		if (state_worlds_load(&w, planet, moons) != -EINVAL)
			fail_msg("%s: taken", rows[i].what);
		assert_null(w.world);
	}
	unlink(planet);
	assert_int_equal(file_create(planet, "", 0, 0644), 0);
	assert_int_equal(state_worlds_load(&w, planet, moons), -EINVAL);
	unlink(planet);
	static uint8_t large[2 * ZT_WORLD_MAX];
	assert_int_equal(file_create(planet, large, sizeof(large), 0644), 0);
	assert_int_equal(state_worlds_load(&w, planet, moons), -EINVAL);
}

static void broken_moons_do_not_keep_the_others_out(void **state)
{
	struct rl_world x = make(ZT_WORLD_PLANET, 5, 0x1111111111);
	char path[256];
	(void)state;
	put_moon("1.moon", 1, 3);
	put_moon("2.moon", 2, 0);
	put_moon("3.moon", 2, 0); // the same once more
	snprintf(path, sizeof(path), "%s/4.moon", moons);
	put(path, &x, 0);
	snprintf(path, sizeof(path), "%s/5.moon", moons);
	assert_int_equal(mkdir(path, 0755), 0);
	put_moon("6.moon", 6, 0);
	assert_int_equal(state_worlds_load(&w, planet, moons), 0);
	assert_int_equal(w.count, 2);
	assert_int_equal(w.world[0].id, 2);
	assert_int_equal(w.world[1].id, 6);
}

static void moons_beyond_the_limit_are_left_out(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= RL_WORLDS_MAX + 2; i++) {
		char name[16];
		snprintf(name, sizeof(name), "%02u.moon", i);
		put_moon(name, i, 0);
	}
	assert_int_equal(state_worlds_load(&w, planet, moons), 0);
	assert_int_equal(w.count, RL_WORLDS_MAX);
	assert_int_equal(w.world[RL_WORLDS_MAX - 1].id, RL_WORLDS_MAX);
}

static void what_clients_would_stumble_over_is_said(void **state)
{
	struct rl_world x = make(ZT_WORLD_PLANET, 5, 0x1111111111);
	struct rl_identity me = x.root[0].id, other = me, forged = me;
	const struct rl_inet both[] = {rl_inet4(0x0a000001, 9993), rl_inet4(0x0a000002, 443)};
	const struct rl_inet more[] = {rl_inet4(0x0a000001, 443), rl_inet4(0x0a000001, 9993),
				       rl_inet4(0x0a000002, 443), rl_inet4(0x0a000002, 9993)};
	const struct rl_inet none[] = {rl_inet4(0xc0a80001, 9993)};
	static const struct config_members members = {
		.count = 2,
		.v = {{.front_ipv4 = "10.0.0.1/9993"}, {.front_ipv4 = "10.0.0.2/443"}},
	};
	static const struct config_members three = {
		.count = 2,
		.v = {{.front_ipv4 = "10.0.0.1/9993", .front_ipv6 = "2001:db8::1/9993"},
		      {.front_ipv4 = "10.0.0.2/443"}},
	};
	static const struct config_members strangers = {.count = 1,
							.v = {{.front_ipv4 = "10.0.0.2/9993"}}};
	other.address = 0x3333333333;
	forged.public_key[0]++;
	(void)state;
	put(planet, &x, 0);
	assert_int_equal(state_worlds_load(&w, planet, moons), 0);
	const struct {
		const char *what;
		struct state_self self;
		unsigned warnings;
	} rows[] = {
		{"all as it should be", {&me, both, 2, NULL}, 0},
		{"more addresses than the planet names", {&me, more, 4, NULL}, 0},
		{"one endpoint is not served", {&me, both, 1, NULL}, 1},
		{"another member serves it", {&me, both, 1, &members}, 0},
		{"of a cluster behind NAT", {&me, none, 1, &members}, 0},
		{"a front that the planet does not name", {&me, both, 1, &three}, 1},
		{"no member serves it, and one is not named", {&me, both, 1, &strangers}, 2},
		{"none is", {&me, none, 1, NULL}, 1},
		{"no address known yet", {&me, NULL, 0, NULL}, 0},
		{"another root's planet", {&other, both, 2, NULL}, 1},
		{"our address with another key", {&forged, both, 2, NULL}, 1},
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (state_worlds_check(&w, planet, &rows[i].self) != rows[i].warnings)
			fail_msg("%s", rows[i].what);
	state_worlds_free(&w);
	assert_int_equal(state_worlds_check(&w, planet, &rows[0].self), 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nothing_is_a_set_too),
		CASE(a_planet_and_its_moons_are_read),
		CASE(a_broken_planet_is_refused),
		CASE(broken_moons_do_not_keep_the_others_out),
		CASE(moons_beyond_the_limit_are_left_out),
		CASE(what_clients_would_stumble_over_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
