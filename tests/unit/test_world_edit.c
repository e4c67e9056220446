// SPDX-License-Identifier: BSD-3-Clause
#include "root/tools/world_edit.h"
#include "root/tools/world_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define A                                                                               \
	"9c4ae2548a:0:d75125f6907829e587ace94cb58f394ca3bd6cdfdaa036f191ba860c54f3084e" \
	"9f7d797c82b017aaf7892055d7de392c771ee7da9d1714038c46c22b864801f2"
#define B                                                                               \
	"e981560e25:0:4883a27b03a707433d3500ee2534ce39cdea1ca81630256c069c13bc7f56f144" \
	"270acf49b92feeee6a9dc2de98948fabe6294663cfd555a3180fa355446ee7e1"

typedef int (*change)(struct rl_world *w, const char *spec, struct say_why *why);

// The endpoints of all roots as "NODE=E,E;NODE=..".
static const char *picture(const struct rl_world *w, char text[static 2048])
{
	char endpoint[RL_INET_TEXT];

	text[0] = '\0';
	for (unsigned i = 0; i < w->root_count; i++) {
		sprintf(text + strlen(text), "%s%010llx=", i ? ";" : "",
			(unsigned long long)w->root[i].id.address);
		for (unsigned k = 0; k < w->root[i].endpoint_count; k++)
			sprintf(text + strlen(text), "%s%s", k ? "," : "",
				rl_inet_text(&w->root[i].endpoint[k], endpoint));
	}
	return text;
}

// Steps build on one another; a refused one must leave no trace of its own root.
static const struct {
	change apply;
	const char *spec;
	const char *why;  // part of the reason, or NULL: it works
	const char *then; // the picture behind it
} steps[] = {
	{world_add_endpoints, "1.1.1.1/1", "there are 0 roots", ""},
	{world_add_root, "nonsense", "nonsense", ""},
	{world_add_root, A ",1.1.1.1/1", NULL, "9c4ae2548a=1.1.1.1/1"},
	{world_add_root, A, "is a root already", "9c4ae2548a=1.1.1.1/1"},
	{world_add_endpoints, "2001:db8::1/2,1.1.1.1/3", NULL,
	 "9c4ae2548a=1.1.1.1/1,2001:db8::1/2,1.1.1.1/3"},
	{world_add_endpoints, "1.1.1.1/3", "already",
	 "9c4ae2548a=1.1.1.1/1,2001:db8::1/2,1.1.1.1/3"},
	{world_add_endpoints, "1.1.1.1", "is no endpoint",
	 "9c4ae2548a=1.1.1.1/1,2001:db8::1/2,1.1.1.1/3"},
	{world_remove_endpoints, "9c4ae2548a,2001:db8::1/2", NULL,
	 "9c4ae2548a=1.1.1.1/1,1.1.1.1/3"},
	{world_remove_endpoints, "9.9.9.9/9", "is no endpoint of this root",
	 "9c4ae2548a=1.1.1.1/1,1.1.1.1/3"},
	{world_add_root, B ",2.2.2.2/2", NULL,
	 "9c4ae2548a=1.1.1.1/1,1.1.1.1/3;e981560e25=2.2.2.2/2"},
	{world_add_endpoints, "3.3.3.3/3", "say whose endpoints",
	 "9c4ae2548a=1.1.1.1/1,1.1.1.1/3;e981560e25=2.2.2.2/2"},
	{world_set_endpoints, "e981560e25,3.3.3.3/3,4.4.4.4/4", NULL,
	 "9c4ae2548a=1.1.1.1/1,1.1.1.1/3;e981560e25=3.3.3.3/3,4.4.4.4/4"},
	{world_add_endpoints, "1111111111,3.3.3.3/3", "no root has the address 1111111111",
	 "9c4ae2548a=1.1.1.1/1,1.1.1.1/3;e981560e25=3.3.3.3/3,4.4.4.4/4"},
	{world_replace_root, "9c4ae2548a," B, "another root already",
	 "9c4ae2548a=1.1.1.1/1,1.1.1.1/3;e981560e25=3.3.3.3/3,4.4.4.4/4"},
	{world_remove_root, "9c4ae2548a", NULL, "e981560e25=3.3.3.3/3,4.4.4.4/4"},
	{world_replace_root, "e981560e25", "say what takes its place",
	 "e981560e25=3.3.3.3/3,4.4.4.4/4"},
	{world_replace_root, "e981560e25," A, NULL, "9c4ae2548a=3.3.3.3/3,4.4.4.4/4"},
	{world_replace_root, "9c4ae2548a," B ",5.5.5.5/5", NULL, "e981560e25=5.5.5.5/5"},
	{world_remove_root, "e981560e2", "is no node address", "e981560e25=5.5.5.5/5"},
};

static void changes_step_by_step(void **state)
{
	struct rl_world w = {.type = ZT_WORLD_PLANET};
	char text[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct say_why why = {""};
		int ret = steps[i].apply(&w, steps[i].spec, &why);

		if ((ret < 0) != (steps[i].why != NULL) ||
		    (steps[i].why && !strstr(why.text, steps[i].why)))
			fail_msg("step %zu (%.60s): %d %s", i, steps[i].spec, ret, why.text);
		assert_string_equal(picture(&w, text), steps[i].then);
	}
}

static void limits(void **state)
{
	struct rl_world w = {.type = ZT_WORLD_PLANET};
	char spec[64];

	(void)state;
	assert_int_equal(world_add_root(&w, A, NULL), 0);
	for (int i = 0; i < ZT_WORLD_ENDPOINTS_MAX; i++) {
		snprintf(spec, sizeof(spec), "1.2.3.4/%d", i + 1);
		assert_int_equal(world_add_endpoints(&w, spec, NULL), 0);
	}
	assert_true(world_add_endpoints(&w, "1.2.3.4/100", NULL) < 0);
	w.root_count = ZT_WORLD_ROOTS_MAX;
	assert_true(world_add_root(&w, B, NULL) < 0);
}

static const struct {
	const char *given;
	bool blocks;
	const char *spread;
} orders[] = {
	{"1.1.1.1/1", false, "1.1.1.1/1"},
	{"1.1.1.1/1,::1/1", false, "1.1.1.1/1,::1/1"},
	{"1.1.1.1/1,1.1.1.1/2,::1/1", false, "1.1.1.1/1,::1/1,1.1.1.1/2"},
	{"1.1.1.1/1,1.1.1.1/2,::1/1,::1/2", true, "1.1.1.1/1,::1/1,1.1.1.1/2,::1/2"},
	{"::1/1,::1/2,1.1.1.1/1,1.1.1.1/2", true, "::1/1,1.1.1.1/1,::1/2,1.1.1.1/2"},
	{"1.1.1.1/1,::1/1,1.1.1.1/2,::1/2", false, "1.1.1.1/1,::1/1,1.1.1.1/2,::1/2"},
	{"1.1.1.1/1,1.1.1.1/2,1.1.1.1/3,1.1.1.1/4", false,
	 "1.1.1.1/1,1.1.1.1/2,1.1.1.1/3,1.1.1.1/4"},
	{"1.1.1.1/1,1.1.1.1/2,1.1.1.1/3,::1/1,::1/2", true,
	 "1.1.1.1/1,::1/1,1.1.1.1/2,::1/2,1.1.1.1/3"},
};

static void interleaving(void **state)
{
	char text[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		struct rl_world w = {.type = ZT_WORLD_PLANET};

		assert_int_equal(world_add_root(&w, A, NULL), 0);
		assert_int_equal(world_set_endpoints(&w, orders[i].given, NULL), 0);
		if (world_in_blocks(&w.root[0]) != orders[i].blocks)
			fail_msg("%s", orders[i].given);
		world_interleave(&w);
		assert_false(world_in_blocks(&w.root[0]));
		assert_string_equal(picture(&w, text) + strlen("9c4ae2548a="), orders[i].spread);
	}
}

static void gather(void *ctx, const char *text)
{
	strcat(strcat(ctx, text), "\n");
}

#define NOW 1700000000000ULL

static const struct {
	const char *endpoints; // of a first root; a second one has a public endpoint
	uint64_t timestamp;
	const char *says; // NULL: nothing at all
} warned[] = {
	{"8.8.8.8/9993,2600::1/9993", NOW, NULL},
	{"192.168.1.1/9993", NOW, "192.168.1.1/9993: a private address"},
	{"10.0.0.1/9993", NOW, "private"},
	{"172.16.0.1/9993", NOW, "private"},
	{"100.64.0.1/9993", NOW, "private"},
	{"fd00::1/9993", NOW, "private"},
	{"127.0.0.1/9993", NOW, "never use"},
	{"fe80::2/9993", NOW, "never use"},
	{"8.8.8.8/1,8.8.8.8/1", NOW, "listed twice"},
	{"9.9.9.9/9993", NOW, "listed twice"},
	{"8.8.8.8/1,8.8.8.8/2,2600::1/1,2600::1/2", NOW, "--interleave"},
	{"8.8.8.8/1", NOW / 1000, "were seconds meant"},
	{"8.8.8.8/1", NOW + 90000000, "in the future"},
	{"8.8.8.8/1", NOW + 80000000, NULL},
};

static void warnings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(warned) / sizeof(warned[0]); i++) {
		struct rl_world w = {.type = ZT_WORLD_PLANET, .timestamp = warned[i].timestamp};
		char text[4096] = "", copy[256];

		snprintf(copy, sizeof(copy), "%s", warned[i].endpoints);
		assert_int_equal(world_add_root(&w, A, NULL), 0);
		assert_int_equal(world_add_root(&w, B ",9.9.9.9/9993", NULL), 0);
		for (char *rest = copy, *e; (e = strsep(&rest, ",")) != NULL;)
			assert_int_equal(
				rl_inet_parse(&w.root[0].endpoint[w.root[0].endpoint_count++], e),
				0);
		world_warn(&w, NOW, gather, text);
		if (warned[i].says ? !strstr(text, warned[i].says) : text[0] != '\0')
			fail_msg("%s: %s", warned[i].endpoints, text);
	}
}

static void warns_of_a_lonely_root(void **state)
{
	struct rl_world w = {.type = ZT_WORLD_PLANET, .timestamp = NOW};
	char text[1024] = "";

	(void)state;
	assert_int_equal(world_add_root(&w, A, NULL), 0);
	world_warn(&w, NOW, gather, text);
	assert_non_null(strstr(text, "single root"));
	assert_non_null(strstr(text, "has no endpoint"));

	// One machine with both families is one; members of a cluster are several.
	w.root[0].endpoint_count = 2;
	w.root[0].endpoint[0] = rl_inet4(0x01020304, 9993);
	assert_int_equal(rl_inet_parse(&w.root[0].endpoint[1], "2001:4860::1/9993"), 0);
	text[0] = '\0';
	world_warn(&w, NOW, gather, text);
	assert_non_null(strstr(text, "single root"));
	w.root[0].endpoint[1] = rl_inet4(0x01020304, 443);
	text[0] = '\0';
	world_warn(&w, NOW, gather, text);
	assert_non_null(strstr(text, "single root"));
	w.root[0].endpoint[1] = rl_inet4(0x05060708, 9993);
	text[0] = '\0';
	world_warn(&w, NOW, gather, text);
	assert_null(strstr(text, "single root"));
}

static void refuses_what_is_useless(void **state)
{
	struct rl_world w = {.type = ZT_WORLD_PLANET};
	struct say_why why;

	(void)state;
	assert_true(world_refuse(&w, &why) < 0);
	assert_int_equal(world_add_root(&w, A, NULL), 0);
	assert_int_equal(world_refuse(&w, &why), 0);
	w.root[0].id.public_key[3] ^= 1;
	assert_true(world_refuse(&w, &why) < 0);
	assert_non_null(strstr(why.text, "9c4ae2548a is not valid"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_step_by_step),   cmocka_unit_test(limits),
		cmocka_unit_test(interleaving),           cmocka_unit_test(warnings),
		cmocka_unit_test(warns_of_a_lonely_root), cmocka_unit_test(refuses_what_is_useless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
