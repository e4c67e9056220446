// SPDX-License-Identifier: BSD-3-Clause
// The delay switch of the lab: rules, which way a frame takes, when it arrives.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/interop/delay_net.h"

static struct delay_net *net;

static int fresh(void **state)
{
	(void)state;
	net = calloc(1, sizeof(*net));
	assert_non_null(net);
	delay_net_init(net, 1);
	assert_int_equal(delay_net_port(net, "a"), 0);
	assert_int_equal(delay_net_port(net, "b"), 1);
	assert_int_equal(delay_net_port(net, "c"), 2);
	return 0;
}

static int end(void **state)
{
	(void)state;
	delay_net_free(net);
	free(net);
	return 0;
}

// From one station to another, 255: to all.
static void frame(unsigned port, uint8_t from, uint8_t to, size_t len, uint64_t now_us)
{
	uint8_t f[DELAY_FRAME_MAX + 1] = {2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from};
	if (to == 255)
		memset(f, 255, 6);
	f[13] = from;
	delay_net_take(net, port, f, len, now_us);
}

static void arrives(uint64_t now_us, unsigned port, uint8_t from)
{
	struct delay_frame *f = delay_net_next(net, now_us);
	assert_non_null(f);
	assert_int_equal(f->port, port);
	assert_int_equal(f->data[13], from);
	free(f);
}

static void names(void **state)
{
	char name[DELAY_NAME_MAX + 1];
	(void)state;
	memset(name, 'x', sizeof(name));
	name[DELAY_NAME_MAX] = 0;
	assert_true(delay_net_port(net, "") < 0);
	assert_true(delay_net_port(net, "*") < 0);
	assert_true(delay_net_port(net, "a") < 0);
	assert_true(delay_net_port(net, name) < 0);
	for (unsigned i = 3; i < DELAY_PORTS_MAX; i++) {
		char next[] = {(char)('A' + i), 0};
		assert_int_equal(delay_net_port(net, next), i);
	}
	assert_true(delay_net_port(net, "more") < 0);
}

static void rules(void **state)
{
	static const struct {
		const char *line;
		bool fine;
		uint32_t ab_us, ac_us, ab_loss;
	} rows[] = {
		{"", true, 0, 0, 0},
		{"  # nothing", true, 0, 0, 0},
		{"a b 2.5", true, 2500, 0, 0},
		{"b a 40 # the other way round is the same\n", true, 40000, 0, 0},
		{"a\tb 1 0.5%\r\n", true, 1000, 0, 5000},
		{"a b 0 100%", true, 0, 0, DELAY_LOST_ALL},
		{"a * 7", true, 7000, 7000, 0},
		{"* * 10000", true, 10000000, 10000000, 0},
		{"* b 3", true, 3000, 0, 0},
		{"a b", false, 0, 0, 0},
		{"a b 1 1% 1", false, 0, 0, 0},
		{"a d 1", false, 0, 0, 0},
		{"a b -1", false, 0, 0, 0},
		{"a b 10001", false, 0, 0, 0},
		{"a b nan", false, 0, 0, 0},
		{"a b 1ms", false, 0, 0, 0},
		{"a b 1 5", false, 0, 0, 0},
		{"a b 1 101%", false, 0, 0, 0},
	};
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char why[DELAY_WHY_MAX] = "";
		memset(net->way, 0, sizeof(net->way));
		if (delay_net_rule(net, rows[i].line, why) != rows[i].fine ||
		    rows[i].fine != (why[0] == 0))
			fail_msg("\"%s\": %s", rows[i].line, why);
		if (net->way[0][1].us != rows[i].ab_us || net->way[1][0].us != rows[i].ab_us ||
		    net->way[0][2].us != rows[i].ac_us || net->way[0][1].loss != rows[i].ab_loss)
			fail_msg("\"%s\": %u %u %u", rows[i].line, net->way[0][1].us,
				 net->way[0][2].us, net->way[0][1].loss);
	}
	char *line = malloc(5000), why[DELAY_WHY_MAX];
	memset(line, 'a', 4999);
	line[4999] = 0;
	assert_false(delay_net_rule(net, line, why));
	free(line);
}

static void the_way(void **state)
{
	(void)state;
	frame(0, 1, 2, 64, 0); // not known yet where 2 is: to all others
	arrives(0, 1, 1);
	arrives(0, 2, 1);
	assert_null(delay_net_next(net, 0));
	frame(1, 2, 1, 64, 0);
	arrives(0, 0, 2);
	assert_null(delay_net_next(net, 0));
	frame(0, 1, 2, 64, 0);
	arrives(0, 1, 1);
	assert_null(delay_net_next(net, 0));
	frame(2, 2, 1, 64, 0); // 2 has moved
	arrives(0, 0, 2);
	frame(0, 1, 2, 64, 0);
	arrives(0, 2, 1);
	assert_null(delay_net_next(net, 0));
	frame(0, 1, 255, 64, 0);
	arrives(0, 1, 1);
	arrives(0, 2, 1);
	frame(1, 3, 1, 64, 0);
	arrives(0, 0, 3);
	frame(1, 4, 3, 64, 0); // both behind one port: not sent back
	assert_null(delay_net_next(net, 0));
}

static void time_on_the_way(void **state)
{
	char why[DELAY_WHY_MAX];
	(void)state;
	assert_true(delay_net_rule(net, "a b 40", why));
	assert_true(delay_net_rule(net, "a c 2.5", why));
	assert_true(delay_net_due(net) == UINT64_MAX);
	frame(0, 1, 255, 64, 1000);
	assert_true(delay_net_due(net) == 3500);
	assert_null(delay_net_next(net, 3499));
	arrives(3500, 2, 1);
	assert_null(delay_net_next(net, 40999));
	arrives(41000, 1, 1);
	// Many at once keep their order.
	for (unsigned i = 1; i <= 200; i++)
		frame(0, (uint8_t)i, 250, 64, i < 100 ? 50000 : 50001);
	uint8_t next[DELAY_PORTS_MAX] = {0};
	for (unsigned i = 0; i < 400; i++) {
		struct delay_frame *f = delay_net_next(net, 100000);
		assert_non_null(f);
		assert_int_equal(f->data[13], ++next[f->port]);
		free(f);
	}
	assert_null(delay_net_next(net, UINT64_MAX));
}

static void losses(void **state)
{
	char why[DELAY_WHY_MAX];
	(void)state;
	assert_true(delay_net_rule(net, "a b 0 10%", why));
	assert_true(delay_net_rule(net, "a c 0 100%", why));
	for (unsigned i = 0; i < 10000; i++)
		frame(0, 1, 255, 64, 0);
	assert_in_range(net->passed, 8700, 9300);
	assert_int_equal(net->lost, 20000 - net->passed);
	for (struct delay_frame *f; (f = delay_net_next(net, 0));) {
		assert_int_equal(f->port, 1);
		free(f);
	}
}

static void odd_frames(void **state)
{
	static const struct {
		const char *what;
		size_t len;
		uint8_t first; // of the source
		unsigned sent;
	} rows[] = {
		{"nothing", 0, 2, 0},
		{"one byte short of a header", 13, 2, 0},
		{"a header", 14, 2, 2},
		{"as long as can be", DELAY_FRAME_MAX, 2, 2},
		{"cut off", DELAY_FRAME_MAX + 1, 2, 0},
		{"from a group", 64, 3, 0},
	};
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t f[DELAY_FRAME_MAX + 1] = {255, 255, 255, 255, 255, 255, rows[i].first};
		uint64_t odd = net->odd, passed = net->passed;
		delay_net_take(net, 0, f, rows[i].len, 0);
		if (net->passed - passed != rows[i].sent || net->odd - odd != !rows[i].sent)
			fail_msg("%s: %u sent", rows[i].what, (unsigned)(net->passed - passed));
	}
}

static void no_room(void **state)
{
	(void)state;
	for (unsigned i = 0; i < DELAY_QUEUE_MAX / 2 + 10; i++)
		frame(0, 1, 255, 64, 0);
	assert_int_equal(net->frames, DELAY_QUEUE_MAX);
	assert_int_equal(net->full, 20);
	// More stations than it remembers: those replaced are looked for everywhere again.
	delay_net_free(net);
	for (unsigned i = 0; i < DELAY_MACS_MAX + 1; i++) {
		uint8_t f[64] = {255,       255, 255, 255, 255, 255, 2, 0, 0, 0, (uint8_t)(i >> 8),
				 (uint8_t)i};
		delay_net_take(net, 1, f, sizeof(f), 0);
	}
	delay_net_free(net);
	uint8_t known[64] = {2, 0, 0, 0, 0, 9, 2, 1}, forgotten[64] = {2, 0, 0, 0, 0, 0, 2, 1};
	delay_net_take(net, 0, known, sizeof(known), 0);
	assert_int_equal(net->frames, 1);
	delay_net_take(net, 0, forgotten, sizeof(forgotten), 0);
	assert_int_equal(net->frames, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names, fresh, end),
		cmocka_unit_test_setup_teardown(rules, fresh, end),
		cmocka_unit_test_setup_teardown(the_way, fresh, end),
		cmocka_unit_test_setup_teardown(time_on_the_way, fresh, end),
		cmocka_unit_test_setup_teardown(losses, fresh, end),
		cmocka_unit_test_setup_teardown(odd_frames, fresh, end),
		cmocka_unit_test_setup_teardown(no_room, fresh, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
