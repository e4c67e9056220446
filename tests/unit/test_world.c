// SPDX-License-Identifier: BSD-3-Clause
#include "root/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

enum {
	AT_ROOTS = 177,
	AT_IDENTITY = 178,
	AT_ENDPOINTS = AT_IDENTITY + ZT_IDENTITY_LEN,
};

static uint8_t public_blob[64];
static uint8_t private_blob[64];

static struct rl_world make(uint8_t type, unsigned roots, unsigned endpoints)
{
	struct rl_world w = {.type = type, .id = 0x1122334455667788, .timestamp = 1000};

	memcpy(w.next_key, public_blob, sizeof(w.next_key));
	w.root_count = (uint8_t)roots;
	for (unsigned i = 0; i < roots; i++) {
		w.root[i].id.address = 0x100 + i;
		w.root[i].endpoint_count = (uint8_t)endpoints;
		for (unsigned j = 0; j < endpoints; j++) {
			w.root[i].endpoint[j] = rl_inet4(0x0a000000 + j, (uint16_t)(i + 1));
			if (j % 2)
				w.root[i].endpoint[j].family = 6;
		}
	}
	assert_int_equal(rl_world_sign(&w, private_blob), 0);
	return w;
}

static int parse_exact(struct rl_world *w, const uint8_t *data, size_t len)
{
	uint8_t *exact = malloc(len + !len);
	int ret;

	memcpy(exact, data, len);
	ret = rl_world_parse(w, exact, len);
	free(exact);
	return ret;
}

static void limits(void **state)
{
	static const struct {
		uint8_t type;
		unsigned roots, endpoints;
	} rows[] = {
		{ZT_WORLD_PLANET, 0, 0}, {ZT_WORLD_PLANET, 1, 0}, {ZT_WORLD_PLANET, 4, 32},
		{ZT_WORLD_MOON, 0, 0},   {ZT_WORLD_MOON, 1, 1},   {ZT_WORLD_MOON, 4, 32},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rl_world w = make(rows[i].type, rows[i].roots, rows[i].endpoints);
		struct rl_world again;
		uint8_t out[ZT_WORLD_MAX], second[ZT_WORLD_MAX];
		size_t len = rl_world_write(&w, out);

		assert_true(len > 0 && len <= ZT_WORLD_MAX);
		assert_int_equal(parse_exact(&again, out, len), 0);
		assert_int_equal(rl_world_write(&again, second), len);
		assert_memory_equal(out, second, len);
		assert_true(rl_world_verify(&again, public_blob));
		for (size_t cut = 0; cut<len; cut += len - cut> 300 ? 7 : 1)
			assert_int_equal(parse_exact(&again, out, cut), -EINVAL);
	}
}

static void over_the_limits(void **state)
{
	struct rl_world w = make(ZT_WORLD_PLANET, 4, 32);
	uint8_t out[ZT_WORLD_MAX + 16];
	uint8_t big[2 * ZT_WORLD_MAX] = {0};
	size_t len = rl_world_write(&w, out);
	struct rl_world again;

	(void)state;
	memcpy(big, out, len);
	big[AT_ROOTS] = 5;
	// A fifth root that would fit, were it allowed.
	memcpy(big + len, out + AT_IDENTITY, len - AT_IDENTITY);
	assert_int_equal(rl_world_parse(&again, big, sizeof(big)), -EINVAL);
	big[AT_ROOTS] = 255;
	assert_int_equal(rl_world_parse(&again, big, sizeof(big)), -EINVAL);
	memcpy(big, out, len);
	big[AT_ENDPOINTS] = 33;
	assert_int_equal(rl_world_parse(&again, big, len), -EINVAL);
	big[AT_ENDPOINTS] = 255;
	assert_int_equal(rl_world_parse(&again, big, sizeof(big)), -EINVAL);

	w.root_count = 5;
	assert_int_equal(rl_world_write(&w, out), 0);
	assert_int_equal(rl_world_signed_bytes(&w, out), 0);
	assert_int_equal(rl_world_sign(&w, private_blob), -EINVAL);
	assert_false(rl_world_verify(&w, public_blob));
	w.root_count = 4;
	w.root[3].endpoint_count = 33;
	assert_int_equal(rl_world_write(&w, out), 0);
	w.root[3].endpoint_count = 32;
	w.root[3].endpoint[31].family = 0;
	assert_int_equal(rl_world_write(&w, out), 0);
	w.root[3].endpoint[31].family = 4;
	w.root[0].id.address = 0xff00000000;
	assert_int_equal(rl_world_write(&w, out), 0);
	w.root[0].id.address = 1;
	w.type = 2;
	assert_int_equal(rl_world_write(&w, out), 0);
	w.type = ZT_WORLD_MOON;
	assert_true(rl_world_write(&w, out) > 0);
}

static void bad_fields(void **state)
{
	static const struct {
		const char *what;
		unsigned at;
		uint8_t value;
	} rows[] = {
		{"type 0", 0, 0},
		{"type 2", 0, 2},
		{"type 126", 0, 126},
		{"type 255", 0, 255},
		{"moon without dictionary length", 0, ZT_WORLD_MOON},
		{"no root, its bytes left over", AT_ROOTS, 0},
		{"two roots promised", AT_ROOTS, 2},
		{"reserved root address", AT_IDENTITY, 0xff},
		{"identity type 1", AT_IDENTITY + 5, 1},
		{"private length 1", AT_IDENTITY + 70, 1},
		{"private length 64, none there", AT_IDENTITY + 70, 64},
		{"no endpoint, its bytes left over", AT_ENDPOINTS, 0},
		{"two endpoints promised", AT_ENDPOINTS, 2},
		{"nil endpoint", AT_ENDPOINTS + 1, 0},
		{"Ethernet endpoint", AT_ENDPOINTS + 1, 1},
		{"Bluetooth endpoint", AT_ENDPOINTS + 1, 2},
		{"opaque endpoint", AT_ENDPOINTS + 1, 3},
		{"unknown endpoint", AT_ENDPOINTS + 1, 5},
		{"IPv6 endpoint cut short", AT_ENDPOINTS + 1, 6},
	};
	struct rl_world w = make(ZT_WORLD_PLANET, 1, 1);
	uint8_t good[ZT_WORLD_MAX];
	size_t len = rl_world_write(&w, good);

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bad[ZT_WORLD_MAX];
		struct rl_world again;

		memcpy(bad, good, len);
		bad[rows[i].at] = rows[i].value;
		if (parse_exact(&again, bad, len) != -EINVAL)
			fail_msg("taken: %s", rows[i].what);
		assert_true(again.root_count <= ZT_WORLD_ROOTS_MAX);
		assert_true(again.root[0].endpoint_count <= ZT_WORLD_ENDPOINTS_MAX);
	}
}

static void what_follows_is_left_to_the_reader(void **state)
{
	struct rl_world planet = make(ZT_WORLD_PLANET, 1, 2);
	struct rl_world moon = make(ZT_WORLD_MOON, 2, 1);
	struct rl_world a, b;
	uint8_t data[ZT_WORLD_MAX], spare[ZT_WORLD_MAX];
	size_t len = rl_world_write(&planet, data);
	struct rl_reader r;

	(void)state;
	len += rl_world_write(&moon, spare);
	memcpy(data + rl_world_write(&planet, data), spare, rl_world_write(&moon, spare));
	data[len++] = 0xaa;
	r = rl_reader(data, len);
	rl_world_get(&r, &a);
	rl_world_get(&r, &b);
	assert_false(r.bad);
	assert_int_equal(a.type, ZT_WORLD_PLANET);
	assert_int_equal(b.type, ZT_WORLD_MOON);
	assert_int_equal(b.root_count, 2);
	assert_int_equal(rl_reader_left(&r), 1);
	assert_int_equal(rl_world_parse(&a, data, len), -EINVAL);
}

// Whatever a moon's dictionary holds, its signature was made over an empty one.
static void dictionary_is_skipped(void **state)
{
	struct rl_world moon = make(ZT_WORLD_MOON, 1, 1);
	struct rl_world again;
	uint8_t data[ZT_WORLD_MAX], out[ZT_WORLD_MAX];
	size_t len = rl_world_write(&moon, data);

	(void)state;
	data[len - 1] = 3;
	memcpy(data + len, "a=b", 3);
	assert_int_equal(parse_exact(&again, data, len + 3), 0);
	assert_true(rl_world_verify(&again, public_blob));
	assert_int_equal(rl_world_write(&again, out), len);
	assert_int_equal(out[len - 1], 0);
	assert_int_equal(parse_exact(&again, data, len + 2), -EINVAL);
	assert_int_equal(parse_exact(&again, data, len + 4), -EINVAL);
	data[len - 2] = 0xff;
	assert_int_equal(parse_exact(&again, data, len + 3), -EINVAL);
}

static void private_part_is_skipped(void **state)
{
	struct rl_world w = make(ZT_WORLD_PLANET, 1, 1);
	struct rl_world again;
	uint8_t data[ZT_WORLD_MAX], out[ZT_WORLD_MAX];
	size_t len = rl_world_write(&w, data);

	(void)state;
	memmove(data + AT_ENDPOINTS + 64, data + AT_ENDPOINTS, len - AT_ENDPOINTS);
	data[AT_ENDPOINTS - 1] = 64;
	assert_int_equal(parse_exact(&again, data, len + 64), 0);
	assert_int_equal(rl_world_write(&again, out), len);
	assert_true(rl_world_verify(&again, public_blob));
}

static void every_byte_is_signed(void **state)
{
	struct rl_world w = make(ZT_WORLD_PLANET, 1, 1);
	uint8_t data[ZT_WORLD_MAX];
	size_t len = rl_world_write(&w, data);

	(void)state;
	for (size_t at = 0; at < len; at++) {
		struct rl_world bad;

		data[at] ^= 1;
		if (rl_world_parse(&bad, data, len) == 0)
			assert_false(rl_world_verify(&bad, public_blob));
		data[at] ^= 1;
	}
}

static void replacement(void **state)
{
	const struct rl_world held = make(ZT_WORLD_PLANET, 1, 1);
	struct rl_world old = held;
	struct rl_world new = held;

	(void)state;
	assert_int_equal(rl_world_replaces(&old, &new), RL_WORLD_NOT_NEWER);
	new.timestamp = old.timestamp - 1;
	assert_int_equal(rl_world_sign(&new, private_blob), 0);
	assert_int_equal(rl_world_replaces(&old, &new), RL_WORLD_NOT_NEWER);
	new.timestamp = old.timestamp + 1;
	assert_int_equal(rl_world_replaces(&old, &new), RL_WORLD_BAD_SIGNATURE);
	assert_int_equal(rl_world_sign(&new, private_blob), 0);
	assert_int_equal(rl_world_replaces(&old, &new), RL_WORLD_TAKEN);
	// The top bit of the time is no sign.
	new.timestamp = UINT64_MAX;
	assert_int_equal(rl_world_sign(&new, private_blob), 0);
	assert_int_equal(rl_world_replaces(&old, &new), RL_WORLD_TAKEN);

	new.id++;
	assert_int_equal(rl_world_sign(&new, private_blob), 0);
	assert_int_equal(rl_world_replaces(&old, &new), RL_WORLD_OTHER_ID);
	new.type = ZT_WORLD_MOON;
	assert_int_equal(rl_world_replaces(&old, &new), RL_WORLD_OTHER_TYPE);
	assert_int_equal(rl_world_replaces(NULL, &new), RL_WORLD_TAKEN_FIRST);
	old.id = 0;
	assert_int_equal(rl_world_replaces(&old, &new), RL_WORLD_TAKEN_FIRST);
	old = held;
	old.type = 0;
	assert_int_equal(rl_world_replaces(&old, &new), RL_WORLD_TAKEN_FIRST);
}

// The new world's own key says nothing about the new world.
static void signed_by_the_key_held(void **state)
{
	struct rl_world old = make(ZT_WORLD_PLANET, 1, 1);
	struct rl_world new = old;
	uint8_t next_public[64], next_private[64];

	(void)state;
	assert_int_equal(rl_keypair_generate(next_public, next_private), 0);
	memcpy(new.next_key, next_public, sizeof(new.next_key));
	new.timestamp++;
	assert_int_equal(rl_world_sign(&new, next_private), 0);
	assert_int_equal(rl_world_replaces(&old, &new), RL_WORLD_BAD_SIGNATURE);
	assert_int_equal(rl_world_sign(&new, private_blob), 0);
	assert_int_equal(rl_world_replaces(&old, &new), RL_WORLD_TAKEN);
}

static void verdicts_have_texts(void **state)
{
	(void)state;
	for (unsigned v = RL_WORLD_TAKEN; v <= RL_WORLD_BAD_SIGNATURE; v++) {
		assert_true(strlen(rl_world_verdict_text(v)) > 10);
		for (unsigned other = 0; other < v; other++)
			assert_string_not_equal(rl_world_verdict_text(v),
						rl_world_verdict_text(other));
	}
	assert_string_equal(rl_world_verdict_text(99), "?");
}

static void sorting(void **state)
{
	struct rl_world w = make(ZT_WORLD_MOON, 3, 4);
	char buf[RL_INET_TEXT];

	(void)state;
	w.root[0].id.address = 0xfe00000000;
	w.root[1].id.address = 5;
	w.root[1].id.public_key[0] = 0x90;
	w.root[2].id.address = 5;
	w.root[2].id.public_key[0] = 0x10;
	assert_int_equal(rl_inet_parse(&w.root[2].endpoint[0], "2001:db8::1/1"), 0);
	assert_int_equal(rl_inet_parse(&w.root[2].endpoint[1], "1.2.3.5/1"), 0);
	assert_int_equal(rl_inet_parse(&w.root[2].endpoint[2], "9.2.3.4/1"), 0);
	assert_int_equal(rl_inet_parse(&w.root[2].endpoint[3], "1.1.1.1/256"), 0);
	rl_world_sort(&w);
	assert_int_equal(w.root[0].id.public_key[0], 0x10);
	assert_int_equal(w.root[1].id.public_key[0], 0x90);
	assert_true(w.root[2].id.address == 0xfe00000000);
	// Port 256 is 0100 on the wire, read from the other end: 1; port 1 becomes 256. Likewise
	// the last byte of an IPv4 address weighs most.
	assert_string_equal(rl_inet_text(&w.root[0].endpoint[0], buf), "1.1.1.1/256");
	assert_string_equal(rl_inet_text(&w.root[0].endpoint[1], buf), "9.2.3.4/1");
	assert_string_equal(rl_inet_text(&w.root[0].endpoint[2], buf), "1.2.3.5/1");
	assert_string_equal(rl_inet_text(&w.root[0].endpoint[3], buf), "2001:db8::1/1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits),
		cmocka_unit_test(over_the_limits),
		cmocka_unit_test(bad_fields),
		cmocka_unit_test(what_follows_is_left_to_the_reader),
		cmocka_unit_test(dictionary_is_skipped),
		cmocka_unit_test(private_part_is_skipped),
		cmocka_unit_test(every_byte_is_signed),
		cmocka_unit_test(replacement),
		cmocka_unit_test(signed_by_the_key_held),
		cmocka_unit_test(verdicts_have_texts),
		cmocka_unit_test(sorting),
	};

	if (rl_keypair_generate(public_blob, private_blob))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
