// SPDX-License-Identifier: BSD-3-Clause
// The generator's arithmetic: who is picked, how long things took, where nodes seem to be, what
// waits for its answer.
#include "bench/gun/histogram.h"
#include "bench/gun/ledger.h"
#include "bench/gun/sources.h"
#include "bench/gun/zipf.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// Shares of the first ranks against the law itself: k^-s over the sum of all.
static void zipf_follows_its_law(void **state)
{
	static const struct {
		uint32_t n;
		double s;
	} row[] = {{10, 1}, {1000, 0.8}, {1000, 1}, {1000, 1.2}, {1000000, 1}, {2, 3}};
	enum { DRAWS = 200000, RANKS = 5 };

	(void)state;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		unsigned seen[RANKS] = {0};
		struct rng r = {i};
		double sum = 0;
		struct zipf z;

		zipf_init(&z, row[i].n, row[i].s);
		for (unsigned k = 0; k < DRAWS; k++) {
			uint32_t rank = zipf_rank(&z, &r);

			assert_true(rank < row[i].n);
			if (rank < RANKS)
				seen[rank]++;
		}
		for (uint32_t k = 1; k <= row[i].n; k++)
			sum += pow(k, -row[i].s);
		for (uint32_t k = 0; k < RANKS && k < row[i].n; k++) {
			double want = DRAWS * pow(k + 1, -row[i].s) / sum;

			// Five standard deviations of a count.
			assert_true(fabs(seen[k] - want) < 5 * sqrt(want) + 1);
		}
	}
}

static void evenly_is_even(void **state)
{
	unsigned seen[7] = {0};
	struct rng r = {1};
	struct zipf z;

	(void)state;
	zipf_init(&z, 7, 0);
	for (unsigned i = 0; i < 70000; i++)
		seen[zipf_next(&z, &r)]++;
	for (unsigned i = 0; i < 7; i++)
		assert_in_range(seen[i], 9500, 10500);
}

// The shuffle of ranks leaves nobody out.
static void every_node_has_a_rank(void **state)
{
	static const uint32_t sizes[] = {1, 2, 3, 10, 64, 97, 1000};

	(void)state;
	for (unsigned k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		uint8_t seen[1000] = {0};
		struct zipf z;
		unsigned n = 0;

		zipf_init(&z, sizes[k], 1);
		for (uint64_t rank = 0; rank < sizes[k]; rank++) {
			uint32_t node = (uint32_t)(rank * z.step % z.n);

			n += !seen[node];
			seen[node] = 1;
		}
		assert_int_equal(n, sizes[k]);
	}
}

static void the_other_is_another(void **state)
{
	struct rng r = {3};
	struct zipf z;

	(void)state;
	zipf_init(&z, 2, 10);
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(zipf_other(&z, &r, 0), 1);
		assert_int_equal(zipf_other(&z, &r, 1), 0);
	}
	zipf_init(&z, 1, 0);
	assert_int_equal(zipf_other(&z, &r, 0), 0); // there is no other
}

static void percentiles_are_close(void **state)
{
	struct histogram *h = calloc(1, sizeof(*h));

	(void)state;
	assert_int_equal(histogram_at(h, 0.5), 0);
	for (uint64_t v = 1; v <= 100000; v++)
		histogram_add(h, v * 1000);
	static const double shares[] = {0.001, 0.1, 0.5, 0.9, 0.99, 0.999};
	for (unsigned i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		double want = shares[i] * 100000 * 1000, got = (double)histogram_at(h, shares[i]);

		assert_true(got >= want && got <= want * (1 + 1.0 / HISTOGRAM_SUB));
	}
	assert_int_equal(histogram_at(h, 1), 100000000);
	assert_int_equal(h->most, 100000000);
	assert_int_equal(h->least, 1000);
	assert_true(fabs(histogram_mean(h) - 50000500) < 1);
	free(h);
}

// Each value alone: reported not below itself, and at most one part in 64 above; exact as maximum.
static void every_size_of_time_has_a_bucket(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < HISTOGRAM_TOP_BIT; bit++) {
		for (int d = -1; d <= 1; d++) {
			uint64_t v = ((uint64_t)1 << bit) + (uint64_t)d;
			struct histogram *h = calloc(1, sizeof(*h));

			histogram_add(h, v);
			histogram_add(h, UINT64_MAX >> 8);
			uint64_t got = histogram_at(h, 0.5);
			assert_true(got >= v && (double)got <= (double)v * (1 + 1.0 / 64) + 1);
			free(h);
		}
	}
}

static void histograms_add_up(void **state)
{
	struct histogram *a = calloc(1, sizeof(*a)), *b = calloc(1, sizeof(*b));

	(void)state;
	histogram_add(b, 10);
	histogram_add(b, 30);
	histogram_merge(a, b);
	histogram_add(a, 20);
	histogram_merge(a, b);
	assert_int_equal(a->count, 5);
	assert_int_equal(a->sum, 100);
	assert_int_equal(a->least, 10);
	assert_int_equal(a->most, 30);
	assert_int_equal(histogram_at(a, 0.5), 20);
	free(a);
	free(b);
}

static void sources_go_there_and_back(void **state)
{
	static const struct {
		const char *prefix;
		uint16_t port;
		const char *first, *second;
	} row[] = {
		{"10.0.0.0/8", 20000, "10.0.0.1/20000", "10.0.1.1/20000"},
		{"10.1.0.0/16", 20000, "10.1.0.1/20000", "10.1.1.1/20000"},
		{"192.0.2.0/24", 1024, "192.0.2.1/1024", "192.0.2.2/1024"},
		{"192.0.2.8/30", 20000, "192.0.2.9/20000", "192.0.2.10/20000"},
		{"192.0.2.8/31", 20000, "192.0.2.8/20000", "192.0.2.9/20000"},
		{"192.0.2.8/32", 20000, "192.0.2.8/20000", "192.0.2.8/20004"},
		{"fd00::/32", 20000, "fd00::1/20000", "fd00:0:1::1/20000"},
		{"fd00::/16", 20000, "fd00::1/20000", "fd00:0:1::1/20000"},
		{"fd00:1:2:3::/64", 20000, "fd00:1:2:3::1/20000", "fd00:1:2:3::2/20000"},
		{"fd00::ff00/112", 20000, NULL, NULL}, // bits behind the prefix
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char text[RL_INET_TEXT];
		struct sources s;
		struct rl_inet a;
		int ret = sources_init(&s, row[i].prefix, row[i].port);

		assert_int_equal(ret == 0, row[i].first != NULL);
		if (ret)
			continue;
		assert_string_equal(sources_text(&s, text), row[i].prefix);
		a = sources_at(&s, 0, 0);
		assert_string_equal(rl_inet_text(&a, text), row[i].first);
		a = sources_at(&s, 1, 0);
		assert_string_equal(rl_inet_text(&a, text), row[i].second);
		uint64_t room = sources_room(&s);
		if (room > 100000000)
			room = 100000000;
		for (uint64_t node = 0; node < room; node += 1 + room / 3001) {
			for (unsigned socket = 0; socket < SOURCES_SOCKETS; socket++) {
				unsigned back = 99;

				a = sources_at(&s, (uint32_t)node, socket);
				assert_true(sources_has(&s, &a));
				assert_int_equal(sources_node(&s, &a, &back), node);
				assert_int_equal(back, socket);
			}
		}
	}
}

static void nobody_is_elsewhere(void **state)
{
	static const char *const at[] = {
		"10.0.0.0/20000", "10.0.0.255/20000", "10.0.0.1/19999",
		"11.0.0.1/20000", "fd00::1/20000",    "9.255.255.255/20000",
	};
	struct sources s;
	struct rl_inet a;

	(void)state;
	assert_int_equal(sources_init(&s, "10.0.0.0/8", 20000), 0);
	for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		assert_int_equal(rl_inet_parse(&a, at[i]), 0);
		assert_int_equal(sources_node(&s, &a, NULL), SOURCES_NONE);
	}
}

static void bad_prefixes_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"10.0.0.0",
		"10.0.0.0/",
		"10.0.0.0/33",
		"10.0.0.0/0",
		"10.0.0.1/8",
		"10.0.0.0/8x",
		"fd00::/113",
		"fd00::1/64",
		"x/8",
		"10.0.0.0/-8",
		"10.0.0.0/ 8",
		"300.0.0.0/8",
	};
	struct sources s;

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(sources_init(&s, bad[i], 20000) < 0);
	assert_true(sources_init(&s, "10.0.0.0/8", 0) < 0);
}

static void answers_find_their_question(void **state)
{
	struct ledger *l = ledger_new(4);
	enum shot_class kind;
	struct tally t;

	(void)state;
	ledger_sent(l, CLASS_WHOIS, true, ledger_key(5, 100), 1000);
	ledger_sent(l, CLASS_WHOIS, true, ledger_key(5, 101), 2000); // the same ID, another socket
	ledger_sent(l, CLASS_LIKE, false, ledger_key(6, 100), 2000);
	assert_false(ledger_answer(l, ledger_key(6, 100), 3000, &kind));
	assert_false(ledger_answer(l, ledger_key(5, 102), 3000, &kind));
	assert_true(ledger_answer(l, ledger_key(5, 101), 3000, &kind));
	assert_int_equal(kind, CLASS_WHOIS);
	assert_false(ledger_answer(l, ledger_key(5, 101), 3000, &kind)); // only once
	assert_int_equal(ledger_strays(l), 3);
	assert_int_equal(ledger_tally(l, CLASS_WHOIS)->expected, 2);
	assert_int_equal(ledger_tally(l, CLASS_WHOIS)->answered, 1);
	assert_int_equal(ledger_tally(l, CLASS_WHOIS)->latency.most, 1000);
	ledger_total(l, &t);
	assert_int_equal(t.sent, 3);
	assert_int_equal(t.expected, 2);
	assert_int_equal(t.answered, 1);
	ledger_free(l);
}

static void the_oldest_gives_way(void **state)
{
	struct ledger *l = ledger_new(3);
	enum shot_class kind;

	(void)state;
	for (uint64_t i = 0; i < 9; i++)
		ledger_sent(l, CLASS_ECHO, true, (i + 1) << 3, 1000 + i);
	assert_int_equal(ledger_forgotten(l), 1);
	assert_false(ledger_answer(l, 1 << 3, 5000, &kind));
	for (uint64_t i = 1; i < 9; i++)
		assert_true(ledger_answer(l, (i + 1) << 3, 5000, &kind));
	ledger_free(l);
}

// Also after as many rounds as their number has values.
static void a_new_round_knows_nothing_of_the_old(void **state)
{
	struct ledger *l = ledger_new(4);
	enum shot_class kind;

	(void)state;
	ledger_sent(l, CLASS_ECHO, true, 77, 1000);
	for (unsigned i = 0; i < 256; i++) {
		ledger_reset(l);
		assert_false(ledger_answer(l, 77, 2000, &kind));
	}
	assert_int_equal(ledger_tally(l, CLASS_ECHO)->sent, 0);
	ledger_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zipf_follows_its_law),
		cmocka_unit_test(evenly_is_even),
		cmocka_unit_test(every_node_has_a_rank),
		cmocka_unit_test(the_other_is_another),
		cmocka_unit_test(percentiles_are_close),
		cmocka_unit_test(every_size_of_time_has_a_bucket),
		cmocka_unit_test(histograms_add_up),
		cmocka_unit_test(sources_go_there_and_back),
		cmocka_unit_test(nobody_is_elsewhere),
		cmocka_unit_test(bad_prefixes_are_refused),
		cmocka_unit_test(answers_find_their_question),
		cmocka_unit_test(the_oldest_gives_way),
		cmocka_unit_test(a_new_round_knows_nothing_of_the_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
