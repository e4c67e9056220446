// SPDX-License-Identifier: BSD-3-Clause
#include "root/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

// Keys that a careless mix would stumble over, and one as they are.
static const uint64_t keys[][2] = {
	{0, 0},
	{UINT64_MAX, UINT64_MAX},
	{0, 0x9e3779b97f4a7c15}, // makes the first multiplier one
	{0xd6e8feb86659fd93, 1}, // and the second
	{0x123456789abcdef0, 0xfedcba9876543210},
};
enum { KEYS = sizeof(keys) / sizeof(keys[0]), VALUES = 1 << 16, BUCKETS = 256 };

static uint64_t sequence(uint64_t i)
{
	return i;
}

static uint64_t upper(uint64_t i)
{
	return i << 48;
}

static uint64_t addresses(uint64_t i)
{
	return 0x89e9000000 + i * 256;
}

static uint64_t ipv4(uint64_t i)
{
	return 0xff04ULL << 48 | (0x0a000000 + i);
}

static uint64_t strides(uint64_t i)
{
	return i * 0x9e3779b97f4a7c15;
}

// 256 to a bucket on average; by chance none of a thousand buckets is off by more than 5 sigma
// (80).
static void check(const char *what, unsigned k, const unsigned *count)
{
	for (unsigned b = 0; b < BUCKETS; b++)
		if (count[b] < 176 || count[b] > 336)
			fail_msg("%s, key %u: %u in bucket %u", what, k, count[b], b);
}

static void both_ends_are_spread(void **state)
{
	static const struct {
		const char *what;
		uint64_t (*value)(uint64_t);
	} rows[] = {
		{"sequence", sequence},  {"upper bits only", upper}, {"addresses", addresses},
		{"IPv4 prefixes", ipv4}, {"long strides", strides},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (unsigned k = 0; k < KEYS; k++) {
			unsigned low[BUCKETS] = {0}, high[BUCKETS] = {0}, mid[BUCKETS] = {0};

			for (uint64_t v = 0; v < VALUES; v++) {
				uint64_t h = rl_hash64(keys[k], rows[i].value(v));
				low[h % BUCKETS]++;
				mid[h >> 32 & (BUCKETS - 1)]++;
				high[h >> 56]++;
			}
			check(rows[i].what, k, low);
			check(rows[i].what, k, mid);
			check(rows[i].what, k, high);
		}
}

static void pairs_are_spread(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KEYS; k++) {
		unsigned low[BUCKETS] = {0}, high[BUCKETS] = {0};

		for (uint64_t a = 0; a < 256; a++)
			for (uint64_t b = 0; b < 256; b++) {
				uint64_t h = rl_hash128(keys[k], a << 40, b);
				low[h % BUCKETS]++;
				high[h >> 56]++;
			}
		check("pairs", k, low);
		check("pairs", k, high);
	}
}

// One word of three counts up, the others are the same; and two of them at a time.
static void threes_are_spread(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KEYS; k++)
		for (unsigned word = 0; word < 3; word++) {
			unsigned low[BUCKETS] = {0}, mid[BUCKETS] = {0};
			unsigned low2[BUCKETS] = {0}, mid2[BUCKETS] = {0};

			for (uint64_t v = 0; v < VALUES; v++) {
				uint64_t w[3] = {0x8056c2e21c000001, 0xffffffffffff, 0x0a000001};

				w[word] += v;
				uint64_t h = rl_hash192(keys[k], w[0], w[1], w[2]);
				low[h % BUCKETS]++;
				mid[h >> 32 & (BUCKETS - 1)]++;
				w[word] += (v & 0xff) - v;
				w[(word + 1) % 3] ^= v >> 8;
				h = rl_hash192(keys[k], w[0], w[1], w[2]);
				low2[h % BUCKETS]++;
				mid2[h >> 32 & (BUCKETS - 1)]++;
			}
			check("one of three", k, low);
			check("one of three", k, mid);
			check("two of three", k, low2);
			check("two of three", k, mid2);
		}
}

static void each_bit_in_turns_half_the_bits_out(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		unsigned turned = 0;

		for (uint64_t v = 0; v < 1000; v++)
			turned += (unsigned)__builtin_popcountll(
				rl_hash64(keys[4], v * 0x10001) ^
				rl_hash64(keys[4], v * 0x10001 ^ 1ULL << bit));
		if (turned < 31000 || turned > 33000)
			fail_msg("bit %u turns %u of 64000", bit, turned);
	}
}

static void key_and_order_matter(void **state)
{
	const uint64_t other[2] = {keys[4][0], keys[4][1] ^ 2};

	(void)state;
	for (uint64_t v = 1; v < 1000; v++) {
		assert_true(rl_hash64(keys[4], v) != rl_hash64(other, v));
		assert_true(rl_hash64(keys[4], v) == rl_hash64(keys[4], v));
		assert_true(rl_hash128(keys[4], v, 0) != rl_hash128(keys[4], 0, v));
		assert_true(rl_hash192(keys[4], v, 0, 0) != rl_hash192(keys[4], 0, v, 0));
		assert_true(rl_hash192(keys[4], 0, v, 0) != rl_hash192(keys[4], 0, 0, v));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_are_spread),
		cmocka_unit_test(pairs_are_spread),
		cmocka_unit_test(threes_are_spread),
		cmocka_unit_test(each_bit_in_turns_half_the_bits_out),
		cmocka_unit_test(key_and_order_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
