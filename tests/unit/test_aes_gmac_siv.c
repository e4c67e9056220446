// SPDX-License-Identifier: BSD-3-Clause
// The CPU's AES against libcrypto's, over all lengths that cross a boundary; several packets side
// by side against one by one. Known answers: tests/vectors.
#include "root/aes_gmac_siv.h"
#include "root/aes_ni.h"
#include "root/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LONGEST = 10000 };

static struct rl_siv ni, lib;
static struct rl_random dice;

static int setup(void **state)
{
	static const uint8_t seed[32] = {9};
	(void)state;
	rl_random_init(&dice, seed);
	if (rl_siv_init(&ni) || rl_siv_init(&lib))
		return -1;
	lib.ni = false;
	lib.many = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rl_siv_free(&ni);
	rl_siv_free(&lib);
	return 0;
}

static void fill(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)rl_random64(&dice);
}

static void compare(size_t aad_len, size_t len)
{
	static uint8_t plain[LONGEST], a[LONGEST], b[LONGEST], aad[64];
	uint8_t k0[32], k1[32], iv[8], tag_a[16], tag_b[16];
	fill(k0, 32);
	fill(k1, 32);
	fill(iv, 8);
	fill(aad, aad_len);
	fill(plain, len);
	memcpy(a, plain, len);
	memcpy(b, plain, len);
	assert_true(rl_siv_seal(&ni, k0, k1, iv, aad, aad_len, a, len, tag_a));
	assert_true(rl_siv_seal(&lib, k0, k1, iv, aad, aad_len, b, len, tag_b));
	assert_memory_equal(tag_a, tag_b, 16);
	assert_memory_equal(a, b, len);
	assert_true(rl_siv_open(&lib, k0, k1, tag_a, aad, aad_len, a, len));
	assert_true(rl_siv_open(&ni, k0, k1, tag_b, aad, aad_len, b, len));
	assert_memory_equal(a, plain, len);
	assert_memory_equal(b, plain, len);
	if (len == 0)
		return;
	rl_siv_seal(&ni, k0, k1, iv, aad, aad_len, a, len, tag_a);
	a[rl_random_below(&dice, (uint32_t)len)] ^= 1;
	assert_false(rl_siv_open(&ni, k0, k1, tag_a, aad, aad_len, a, len));
}

static void need_ni(void)
{
	if (!ni.ni) {
		print_message("this CPU has no AES instructions\n");
		skip();
	}
}

static void both_agree_at_all_lengths(void **state)
{
	(void)state;
	need_ni();
	for (size_t len = 0; len < 300; len++)
		compare(11, len);
	for (size_t len = 1380; len < 1440; len++)
		compare(11, len);
	compare(11, LONGEST - 1);
	for (size_t aad = 0; aad < 40; aad++)
		compare(aad, 77);
}

static void the_plain_counter_mode_agrees(void **state)
{
	(void)state;
	need_ni();
	for (size_t len = 0; len < 300; len++) {
		uint8_t key[32], counter[16], a[300], b[300];
		fill(key, 32);
		fill(counter, 12);
		memset(counter + 12, 0, 4);
		fill(a, len);
		memcpy(b, a, len);
		assert_true(rl_aes_ctr(&ni, key, counter, a, len));
		assert_true(rl_aes_ctr(&lib, key, counter, b, len));
		assert_memory_equal(a, b, len);
	}
}

enum { GROUP_MAX = 19, TEXT_MAX = 1500 };

struct group {
	unsigned n;
	uint8_t key[GROUP_MAX][64];
	uint8_t text[2][GROUP_MAX][TEXT_MAX];
	struct rl_siv_packet packet[2][GROUP_MAX]; // two sets of the same ones
};

static void group_fill(struct group *g, unsigned n, const size_t len[])
{
	g->n = n;
	for (unsigned i = 0; i < n; i++) {
		struct rl_siv_packet *p = &g->packet[0][i];
		*p = (struct rl_siv_packet){.k0 = g->key[i],
					    .k1 = g->key[i] + 32,
					    .text = g->text[0][i],
					    .len = len[i]};
		fill(g->key[i], sizeof(g->key[i]));
		fill(p->tag, 8);
		fill(p->aad, 11);
		fill(p->text, TEXT_MAX);
		memcpy(g->text[1][i], p->text, TEXT_MAX);
		g->packet[1][i] = *p;
		g->packet[1][i].text = g->text[1][i];
	}
}

// Nothing beyond the text may have changed either.
static void group_same(const struct group *g)
{
	for (unsigned i = 0; i < g->n; i++) {
		assert_int_equal(g->packet[0][i].ok, g->packet[1][i].ok);
		assert_memory_equal(g->packet[0][i].tag, g->packet[1][i].tag, 16);
		assert_memory_equal(g->text[0][i], g->text[1][i], TEXT_MAX);
	}
}

// Seals by `many` and by libcrypto; opens, with a third of the tags, texts or headers damaged.
static void group_compare(struct rl_siv *many, unsigned n, const size_t len[])
{
	static struct group g;
	group_fill(&g, n, len);
	rl_siv_seal_many(many, g.packet[0], n);
	rl_siv_seal_many(&lib, g.packet[1], n);
	group_same(&g);
	bool bad[GROUP_MAX] = {false};
	for (unsigned i = 0; i < n; i++) {
		uint32_t what = rl_random_below(&dice, 9), at = rl_random_below(&dice, 11);
		size_t in_text = len[i] == 0 ? 0 : rl_random_below(&dice, (uint32_t)len[i]);
		assert_true(g.packet[0][i].ok);
		bad[i] = what < 2 || (what == 2 && len[i] != 0);
		for (unsigned set = 0; set < 2 && bad[i]; set++) {
			uint8_t *damaged[] = {&g.packet[set][i].tag[at], &g.packet[set][i].aad[at],
					      &g.packet[set][i].text[in_text]};
			*damaged[what] ^= 0x10;
		}
	}
	rl_siv_open_many(many, g.packet[0], n);
	rl_siv_open_many(&lib, g.packet[1], n);
	group_same(&g);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(g.packet[0][i].ok, !bad[i]);
}

static void side_by_side(unsigned kind)
{
	size_t len[GROUP_MAX];
	struct rl_siv many = {.gcm = lib.gcm, .ctr = lib.ctr, .ecb = lib.ecb};
	const struct aes_many *how = aes_many[0] ? aes_many[kind] : NULL;
	if (!how || !how->found()) {
		print_message("this CPU lacks %s\n", how ? how->name : "them");
		skip();
	}
	many.many = how;
	assert_true(how->worth >= 1 && how->worth <= how->lanes);
	for (unsigned n = 0; n <= GROUP_MAX; n++) { // all alike: every boundary
		for (size_t all = 0; all < 300; all += 1 + all / 150 * 12) {
			for (unsigned i = 0; i < n; i++)
				len[i] = all;
			group_compare(&many, n, len);
		}
	}
	for (unsigned round = 0; round < 2000; round++) { // mixed
		unsigned n = 1 + rl_random_below(&dice, GROUP_MAX);
		for (unsigned i = 0; i < n; i++) {
			static const uint32_t below[] = {2, 20, 150, TEXT_MAX};
			len[i] = rl_random_below(&dice, below[rl_random_below(&dice, 4)]);
		}
		group_compare(&many, n, len);
	}
}

static void eight_side_by_side_are_as_one_by_one(void **state)
{
	(void)state;
	side_by_side(0);
}

static void four_side_by_side_are_as_one_by_one(void **state)
{
	(void)state;
	side_by_side(1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_agree_at_all_lengths),
		cmocka_unit_test(the_plain_counter_mode_agrees),
		cmocka_unit_test(eight_side_by_side_are_as_one_by_one),
		cmocka_unit_test(four_side_by_side_are_as_one_by_one),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
