// SPDX-License-Identifier: BSD-3-Clause
#include "root/armor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

enum { ROOM = ZT_PACKET_MAX - ZT_HDR_LEN };

// A packet with the compressed bit and this block, in a buffer of exactly its size.
static uint8_t *packed(const void *block, size_t len)
{
	uint8_t *p = calloc(1, ZT_HDR_LEN + len);

	for (unsigned i = 0; i < ZT_AT_VERB; i++)
		p[i] = (uint8_t)i;
	p[ZT_AT_VERB] = ZT_VERB_COMPRESSED | ZT_VERB_MULTICAST_LIKE;
	memcpy(p + ZT_HDR_LEN, block, len);
	return p;
}

static size_t expand(const void *block, size_t len, uint8_t *out)
{
	uint8_t *p = packed(block, len);
	size_t n = rl_armor_expand(p, ZT_HDR_LEN + len, out);

	if (n) {
		assert_memory_equal(out, p, ZT_AT_VERB);
		assert_int_equal(out[ZT_AT_VERB], ZT_VERB_MULTICAST_LIKE);
	}
	free(p);
	return n ? n - ZT_HDR_LEN : SIZE_MAX;
}

static void blocks(void **state)
{
	static const struct {
		const char *what;
		uint8_t block[24];
		size_t len;
		size_t want; // SIZE_MAX: refused
	} rows[] = {
		{"empty payload stays empty", {0}, 0, 0},
		{"one literal", {0x10, 'a'}, 2, 1},
		{"expands to nothing", {0x00}, 1, SIZE_MAX},
		{"literals promised, none there", {0x50}, 1, SIZE_MAX},
		{"one literal short", {0x50, 1, 2, 3, 4}, 5, SIZE_MAX},
		{"length extension missing", {0xf0}, 1, SIZE_MAX},
		{"length extension unfinished", {0xf0, 255}, 2, SIZE_MAX},
		{"ends within a match", {0x10, 'a', 1}, 3, SIZE_MAX},
		{"ends with a match", {0x10, 'a', 1, 0}, 4, SIZE_MAX},
		{"distance beyond the start", {0x10, 'a', 2, 0, 0x50, 1, 2, 3, 4, 5}, 10, SIZE_MAX},
		{"match that overlaps itself",
		 {0x14, 'a', 1, 0, 0x50, 1, 2, 3, 4, 5},
		 10,
		 1 + 8 + 5},
		{"distance is little-endian", {0x14, 'a', 0, 1, 0x50, 1, 2, 3, 4, 5}, 10, SIZE_MAX},
	};
	uint8_t out[ZT_PACKET_MAX];

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (expand(rows[i].block, rows[i].len, out) != rows[i].want)
			fail_msg("%s", rows[i].what);
	}
	assert_int_equal(expand(rows[10].block, rows[10].len, out), 14);
	assert_memory_equal(out + ZT_HDR_LEN, "aaaaaaaaa\1\2\3\4\5", 14);
}

// Such a match copies bytes not written yet, and some libraries take it: what the buffer held
// before must not show, wherever in the block it stands and whatever lengths lie on the way.
static void distance_zero_is_refused(void **state)
{
	static const struct {
		const char *what;
		uint8_t before[24]; // whole sequences with good distances
		size_t len;
	} rows[] = {
		{"the first", {0}, 0},
		{"after a match", {0x10, 'a', 1, 0}, 4},
		{"after a long match", {0x1f, 'a', 1, 0, 0}, 5},
		{"after a longer match", {0x1f, 'a', 1, 0, 255, 3}, 6},
		{"after a match and no literal", {0x10, 'a', 1, 0, 0x00, 1, 0}, 7},
		{"after 15 literals",
		 {0xf0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 1, 0},
		 19},
		{"after 16 literals",
		 {0xf0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1, 0},
		 20},
	};
	static const uint8_t tail[] = {0x50, 1, 2, 3, 4, 5};
	uint8_t out[ZT_PACKET_MAX];

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned good = 0; good < 2; good++) {
			uint8_t block[40];
			size_t len = rows[i].len;

			memcpy(block, rows[i].before, len);
			block[len++] = 0x10;
			block[len++] = 'z';
			block[len++] = (uint8_t)good; // the distance
			block[len++] = 0;
			memcpy(block + len, tail, sizeof(tail));
			if ((expand(block, len + sizeof(tail), out) != SIZE_MAX) != good)
				fail_msg("%s, distance %u", rows[i].what, good);
		}
	}
}

// One literal, a match of total - 6, five literals: expands to `total` bytes.
static size_t bomb(uint8_t *block, size_t total)
{
	size_t rest = total - 6 - 4 - 15;
	size_t n = 0;

	block[n++] = 0x1f;
	block[n++] = 'a';
	block[n++] = 1;
	block[n++] = 0;
	for (; rest >= 255; rest -= 255)
		block[n++] = 255;
	block[n++] = (uint8_t)rest;
	block[n++] = 0x50;
	memset(block + n, 'b', 5);
	return n + 5;
}

static void bombs_are_refused(void **state)
{
	static const struct {
		size_t total;
		bool ok;
	} rows[] = {
		{1000, true},        {ROOM - 1, true}, {ROOM, true},     {ROOM + 1, false},
		{ROOM + 255, false}, {100000, false},  {2000000, false},
	};
	uint8_t out[ZT_PACKET_MAX];

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t block[ZT_PACKET_MAX];
		size_t len = bomb(block, rows[i].total);

		assert_true(len < ROOM);
		assert_true(expand(block, len, out) == (rows[i].ok ? rows[i].total : SIZE_MAX));
	}
}

static void bounds_of_the_packet(void **state)
{
	uint8_t out[ZT_PACKET_MAX];
	uint8_t *big = calloc(1, ZT_PACKET_MAX + 1);

	(void)state;
	for (size_t len = 0; len < ZT_HDR_LEN; len++)
		assert_int_equal(rl_armor_expand(big, len, out), 0);
	assert_int_equal(rl_armor_expand(big, ZT_PACKET_MAX + 1, out), 0);
	assert_int_equal(rl_armor_expand(big, SIZE_MAX, out), 0);
	free(big);
}

static void compressed_packets_expand(void **state)
{
	static const size_t lengths[] = {65, 66, 100, 1404, ROOM};
	uint8_t out[ZT_PACKET_MAX];

	(void)state;
	for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t len = ZT_HDR_LEN + lengths[i];
		uint8_t *plain = calloc(1, len);
		uint8_t *p = calloc(1, len);
		size_t n;

		for (size_t at = ZT_HDR_LEN; at < len; at++)
			plain[at] = p[at] = (uint8_t)(at / 18 % 5);
		plain[ZT_AT_VERB] = p[ZT_AT_VERB] = ZT_VERB_MULTICAST_LIKE;
		n = rl_armor_compress(p, len);
		assert_true(n < len);
		assert_int_equal(p[ZT_AT_VERB], ZT_VERB_COMPRESSED | ZT_VERB_MULTICAST_LIKE);
		assert_int_equal(rl_armor_expand(p, n, out), len);
		assert_memory_equal(out, plain, len);

		// Cut anywhere, it never gives the whole again, nor reads beyond its end.
		for (size_t cut = ZT_HDR_LEN + 1; cut < n; cut++) {
			uint8_t *exact = malloc(cut);

			memcpy(exact, p, cut);
			assert_true(rl_armor_expand(exact, cut, out) < len);
			free(exact);
		}
		free(plain);
		free(p);
	}
}

static void not_worth_compressing(void **state)
{
	uint8_t p[ZT_PACKET_MAX] = {0};
	uint32_t noise = 1;

	(void)state;
	assert_int_equal(rl_armor_compress(p, ZT_HDR_LEN), ZT_HDR_LEN);
	assert_int_equal(rl_armor_compress(p, ZT_HDR_LEN + 64), ZT_HDR_LEN + 64);
	assert_int_equal(p[ZT_AT_VERB], 0);
	for (unsigned i = 0; i < sizeof(p); i++) {
		noise = noise * 1664525 + 1013904223;
		p[i] = (uint8_t)(noise >> 24);
	}
	p[ZT_AT_VERB] = 1;
	assert_int_equal(rl_armor_compress(p, 1000), 1000);
	assert_int_equal(rl_armor_compress(p, sizeof(p)), sizeof(p));
	assert_int_equal(p[ZT_AT_VERB], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks),
		cmocka_unit_test(distance_zero_is_refused),
		cmocka_unit_test(bombs_are_refused),
		cmocka_unit_test(bounds_of_the_packet),
		cmocka_unit_test(compressed_packets_expand),
		cmocka_unit_test(not_worth_compressing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
