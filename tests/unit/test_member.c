// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/member.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SELF = 3, OTHER = 7, BEAT = RL_MEMBER_BEAT_MS, DEAD = RL_MEMBER_DEAD_MS };

static const uint64_t T = 5000000;
static struct rl_member_table table;

static struct rl_member_news news(uint8_t id, uint32_t run, uint32_t beat)
{
	struct rl_member_news n = {
		.id = id,
		.run = run,
		.beat = beat,
		.load = 1000,
		.capacity = 2000000,
		.version = 0x000102,
		.place = rl_geo_at(1.35, 103.82),
		.front = {rl_inet4(0xc6336401, 9993)},
		.name = "singapore-1",
	};
	assert_int_equal(rl_inet_parse(&n.front[RL_FAMILY_6], "2001:db8::7/9993"), 0);
	return n;
}

static enum rl_member_event hear(uint8_t id, uint32_t run, uint32_t beat, uint64_t now)
{
	struct rl_member_news n = news(id, run, beat);
	return rl_member_heard(&table, &n, now);
}

static int fresh(void **state)
{
	struct rl_member_news own = news(SELF, 1, 1);

	(void)state;
	rl_member_init(&table, &own, T);
	return 0;
}

static void a_life(void **state)
{
	// In order; a member that dies is asked for at the row's time.
	static const struct {
		const char *what;
		uint32_t run, beat;
		uint64_t at;
		enum rl_member_event event;
		enum rl_member_state after;
	} rows[] = {
		{"the first heartbeat is not enough", 10, 1, 0, RL_MEMBER_SAME, RL_MEMBER_FRESH},
		{"the same again is not a second", 10, 1, 100, RL_MEMBER_STALE, RL_MEMBER_FRESH},
		{"the second makes it a target", 10, 2, 1500, RL_MEMBER_CAME, RL_MEMBER_LIVE},
		{"one that overtook", 10, 4, 4500, RL_MEMBER_SAME, RL_MEMBER_LIVE},
		{"and the overtaken", 10, 3, 4501, RL_MEMBER_STALE, RL_MEMBER_LIVE},
		{"three lost", 10, 8, 9499, RL_MEMBER_SAME, RL_MEMBER_LIVE},
		{"a restart begins anew", 11, 1, 10000, RL_MEMBER_SAME, RL_MEMBER_FRESH},
		{"an old run's last words", 10, 9, 10001, RL_MEMBER_STALE, RL_MEMBER_FRESH},
		{"live again", 11, 2, 11500, RL_MEMBER_CAME, RL_MEMBER_LIVE},
		{"five seconds of silence nobody saw", 11, 5, 16500, RL_MEMBER_SAME,
		 RL_MEMBER_FRESH},
		{"and good again", 11, 6, 18000, RL_MEMBER_CAME, RL_MEMBER_LIVE},
	};

	(void)state;
	assert_false(rl_member_alive(&table, OTHER));
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (hear(OTHER, rows[i].run, rows[i].beat, T + rows[i].at) != rows[i].event ||
		    table.at[OTHER].state != rows[i].after)
			fail_msg("%s: %s", rows[i].what,
				 rl_member_state_name(table.at[OTHER].state));
	assert_int_equal(table.count, 2);
}

static void silence_is_death_once(void **state)
{
	(void)state;
	hear(OTHER, 1, 1, T);
	hear(OTHER, 1, 2, T + BEAT);
	assert_true(rl_member_target(&table, OTHER));
	assert_int_equal(rl_member_next_dead(&table, T + BEAT + DEAD - 1), 0);
	assert_int_equal(rl_member_next_dead(&table, T + BEAT + DEAD), OTHER);
	assert_int_equal(rl_member_next_dead(&table, T + BEAT + DEAD), 0);
	assert_false(rl_member_alive(&table, OTHER));
	// It takes two heartbeats to come back, and itself it never dies.
	assert_int_equal(hear(OTHER, 1, 9, T + 20000), RL_MEMBER_SAME);
	assert_false(rl_member_target(&table, OTHER));
	assert_int_equal(hear(OTHER, 1, 10, T + 20000 + BEAT), RL_MEMBER_CAME);
	assert_true(rl_member_target(&table, SELF));
	assert_int_equal(rl_member_next_dead(&table, T + 20000 + BEAT), 0);
}

static void who_answers_by_its_front_is_not_lost(void **state)
{
	(void)state;
	hear(OTHER, 1, 1, T);
	hear(OTHER, 1, 2, T + BEAT);
	rl_member_front(&table, OTHER, T + 6000);
	assert_false(rl_member_lost(&table, OTHER, T + 6000)); // not even dead
	assert_int_equal(rl_member_next_dead(&table, T + 8000), OTHER);
	assert_false(rl_member_lost(&table, OTHER, T + 8000));
	assert_false(rl_member_lost(&table, OTHER, T + 6000 + DEAD - 1));
	assert_true(rl_member_lost(&table, OTHER, T + 6000 + DEAD));
}

static void who_leaves_is_gone_at_once(void **state)
{
	struct rl_member_news bye = news(OTHER, 1, 3);

	(void)state;
	bye.leaving = true;
	hear(OTHER, 1, 1, T);
	hear(OTHER, 1, 2, T + BEAT);
	assert_int_equal(rl_member_heard(&table, &bye, T + 2000), RL_MEMBER_GONE);
	assert_int_equal(rl_member_heard(&table, &bye, T + 2100), RL_MEMBER_STALE);
	assert_false(rl_member_alive(&table, OTHER));
	assert_int_equal(rl_member_next_dead(&table, T + 90000), 0);
	assert_int_equal(hear(OTHER, 1, 2, T + 2200), RL_MEMBER_STALE);
	assert_int_equal(hear(OTHER, 2, 1, T + 60000), RL_MEMBER_SAME);
	assert_int_equal(hear(OTHER, 2, 2, T + 61500), RL_MEMBER_CAME);
}

static void who_drains_is_alive_and_no_target(void **state)
{
	struct rl_member_news n = news(OTHER, 1, 3);

	(void)state;
	n.draining = true;
	hear(OTHER, 1, 1, T);
	hear(OTHER, 1, 2, T + BEAT);
	assert_int_equal(rl_member_heard(&table, &n, T + 2 * BEAT), RL_MEMBER_SAME);
	assert_true(rl_member_alive(&table, OTHER));
	assert_false(rl_member_target(&table, OTHER));
}

static void strange_senders(void **state)
{
	(void)state;
	assert_int_equal(hear(0, 1, 1, T), RL_MEMBER_REFUSED);
	assert_int_equal(hear(SELF, 1, 9, T), RL_MEMBER_STALE);   // our own echo
	assert_int_equal(hear(SELF, 2, 9, T), RL_MEMBER_REFUSED); // another with our number
	assert_int_equal(table.at[SELF].news.beat, 1);
	for (unsigned id = 255; id > 0; id--)
		hear((uint8_t)id, 1, 1, T);
	assert_int_equal(table.count, 255);
	for (unsigned i = 0; i < 255; i++)
		assert_int_equal(table.ids[i], i + 1);
}

static size_t wire(const struct rl_member_news *n, uint8_t out[RL_MEMBER_NEWS_MAX])
{
	struct rl_writer w = rl_writer(out, RL_MEMBER_NEWS_MAX);
	rl_member_put(&w, n);
	assert_false(w.bad);
	return rl_writer_len(&w);
}

static int parse(const uint8_t *in, size_t len, struct rl_member_news *n)
{
	struct rl_reader r = rl_reader(in, len);
	return rl_member_get(&r, n);
}

static void a_heartbeat_comes_out_as_it_went_in(void **state)
{
	struct rl_member_news in = news(OTHER, 77, 8), out;
	uint8_t bytes[RL_MEMBER_NEWS_MAX];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		in.draining = i & 1;
		in.leaving = i & 2;
		if (i == 3) {
			in.place = (struct rl_geo){0};
			memset(&in.front[RL_FAMILY_4], 0, sizeof(in.front[0]));
			memset(in.name, 'x', RL_MEMBER_NAME - 1);
		}
		assert_int_equal(parse(bytes, wire(&in, bytes), &out), 0);
		if (rl_geo_known(in.place))
			assert_true(rl_geo_km(in.place, out.place) < 1);
		else
			assert_false(rl_geo_known(out.place));
		out.place = in.place;
		assert_memory_equal(&in.front, &out.front, sizeof(in.front));
		assert_string_equal(in.name, out.name);
		assert_true(in.id == out.id && in.run == out.run && in.beat == out.beat &&
			    in.load == out.load && in.capacity == out.capacity &&
			    in.version == out.version && in.draining == out.draining &&
			    in.leaving == out.leaving);
	}
}

static void hostile_heartbeats(void **state)
{
	static const struct {
		const char *what;
		unsigned at;
		uint8_t value;
	} rows[] = {
		{"no member has number 0", 0, 0},
		{"a flag that means nothing", 1, 4},
		{"a place off the globe", 22, 0x10},
		{"a component that is no number", 22, 0x80},
		{"IPv6 where IPv4 stands", 28, 6},
		{"port 0 (its other byte is 0 below)", 33, 0},
		{"a name with a blank", 55, ' '},
		{"a name with an escape", 55, 0x1b},
		{"a name with a high byte", 55, 0x80},
		{"a name longer than there is room", 54, 32},
	};
	struct rl_member_news in = news(OTHER, 1, 1), out;
	uint8_t bytes[RL_MEMBER_NEWS_MAX];

	(void)state;
	in.front[RL_FAMILY_4].port = 0x2700; // so that one byte makes it 0
	size_t len = wire(&in, bytes);
	assert_int_equal(bytes[54], strlen(in.name));
	assert_int_equal(parse(bytes, len, &out), 0);
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(parse(bytes, cut, &out), -EINVAL);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t was = bytes[rows[i].at];

		bytes[rows[i].at] = rows[i].value;
		if (parse(bytes, len, &out) != -EINVAL)
			fail_msg("%s", rows[i].what);
		bytes[rows[i].at] = was;
	}
}

static void distances(void **state)
{
	static const struct {
		const char *what;
		double lat1, lon1, lat2, lon2, km;
	} rows[] = {
		{"nothing", 52.37, 4.90, 52.37, 4.90, 0},
		{"Amsterdam to Frankfurt", 52.37, 4.90, 50.11, 8.68, 364},
		{"London to New York", 51.51, -0.13, 40.71, -74.01, 5570},
		{"across the date line", 0, 179.5, 0, -179.5, 111},
		{"pole to pole", 90, 0, -90, 100, 20015},
		{"the other side of the equator", 0, 0, 0, 180, 20015},
	};
	static const double nowhere[][2] = {{90.1, 0}, {-91, 0}, {0, 180.5},
					    {0, -181}, {NAN, 0}, {0, NAN}};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double km = rl_geo_km(rl_geo_at(rows[i].lat1, rows[i].lon1),
				      rl_geo_at(rows[i].lat2, rows[i].lon2));
		if (fabs(km - rows[i].km) > 2)
			fail_msg("%s: %f km", rows[i].what, km);
	}
	for (unsigned i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++)
		assert_false(rl_geo_known(rl_geo_at(nowhere[i][0], nowhere[i][1])));
	assert_true(rl_geo_known(rl_geo_at(0, 0))); // a place in the sea, not "unknown"
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_life, fresh),
		cmocka_unit_test_setup(silence_is_death_once, fresh),
		cmocka_unit_test_setup(who_answers_by_its_front_is_not_lost, fresh),
		cmocka_unit_test_setup(who_leaves_is_gone_at_once, fresh),
		cmocka_unit_test_setup(who_drains_is_alive_and_no_target, fresh),
		cmocka_unit_test_setup(strange_senders, fresh),
		cmocka_unit_test(a_heartbeat_comes_out_as_it_went_in),
		cmocka_unit_test(hostile_heartbeats),
		cmocka_unit_test(distances),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
