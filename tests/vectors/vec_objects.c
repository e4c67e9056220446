// SPDX-License-Identifier: BSD-3-Clause
// Sections 2, 5 and 6 of the vectors: identities, address derivation, addresses, worlds.
#include "root/identity_derive.h"
#include "root/inet.h"
#include "root/salsa.h"
#include "root/world.h"
#include "tests/vectors/vec.h"

#include <sodium.h>

#include <string.h>

void vec_identities(void **state)
{
	struct rl_scratch *s = rl_scratch_new();
	const uint8_t *with_secret = vectors_bytes(vec, "id.A.binary_with_secret", 135);
	struct rl_reader r = rl_reader(with_secret, 135);
	struct vec_node a = vec_node('A');
	struct rl_identity id;

	(void)state;
	for (const char *name = "RSABC"; *name; name++) {
		char stem[] = "id.X";
		char text_name[] = "id.X_text";
		char text[RL_IDENTITY_SECRET_TEXT];
		uint8_t binary[ZT_IDENTITY_LEN];
		struct rl_writer w = rl_writer(binary, sizeof(binary));
		struct vec_node node = vec_node(*name);
		struct rl_reader again;

		stem[3] = *name;
		rl_identity_put(&w, &node.id);
		assert_false(w.bad);
		vec_assert_bytes(vec_name(stem, "binary"), binary, rl_writer_len(&w));
		again = rl_reader(binary, sizeof(binary));
		rl_identity_get(&again, &id);
		assert_true(!again.bad && rl_identity_equal(&id, &node.id));

		rl_identity_text(&node.id, &node.secret, text);
		text_name[3] = *name;
		assert_string_equal(text, vectors_text(vec, text_name));
		assert_true(rl_identity_validate(s, &node.id));
		assert_true(rl_identity_matches(&node.id, &node.secret));
	}
	rl_identity_get(&r, &id);
	assert_true(!r.bad && rl_reader_left(&r) == 0);
	assert_true(rl_identity_equal(&id, &a.id));
	assert_memory_equal(with_secret + 71, a.secret.key, sizeof(a.secret.key));
	rl_scratch_free(s);
}

static void check_block(const char *name, const struct rl_scratch *s, size_t block)
{
	vec_assert_bytes(name, rl_derive_memory(s) + 64 * block, 64);
}

static void derive_step_by_step(void)
{
	struct rl_scratch *s = rl_scratch_new();
	struct vec_node a = vec_node('A');
	uint8_t digest[64];
	const uint8_t *m;

	rl_derive_fill(s, a.id.public_key);
	m = rl_derive_memory(s);
	vec_assert_bytes("derive.A.sha512_of_public", rl_derive_digest(s), 64);
	check_block("derive.A.mem_block0", s, 0);
	check_block("derive.A.mem_block1", s, 1);
	check_block("derive.A.mem_block32767", s, 32767);
	crypto_hash_sha512(digest, m, ZT_WORK_MEMORY);
	vec_assert_bytes("derive.A.mem_sha512", digest, 64);
	assert_int_equal(rl_load64(m) % 8, vectors_dec(vec, "derive.A.first_i_dec"));
	assert_int_equal(rl_load64(m + 8) % 262144, vectors_dec(vec, "derive.A.first_j_dec"));
	rl_derive_lookup(s, 1);
	vec_assert_bytes("derive.A.digest_after_first_round", rl_derive_digest(s), 64);
	rl_derive_lookup(s, 0);
	vec_assert_bytes("derive.A.digest_after_first_round", rl_derive_digest(s), 64);
	rl_derive_lookup(s, 5000);
	rl_derive_lookup(s, RL_DERIVE_ROUNDS);
	vec_assert_bytes("derive.A.final_digest", rl_derive_digest(s), 64);
	rl_derive_lookup(s, 1);
	vec_assert_bytes("derive.A.final_digest", rl_derive_digest(s), 64);

	// In one go, and with a scratch that was used before.
	rl_identity_derive(s, a.id.public_key, digest);
	vec_assert_bytes("derive.A.final_digest", digest, 64);
	rl_scratch_free(s);
}

// With each vector width of this CPU.
void vec_derive(void **state)
{
	const unsigned before = rl_salsa_lanes();

	(void)state;
	for (unsigned lanes = 4; lanes <= 16; lanes *= 2) {
		if (rl_salsa_use_lanes(lanes))
			derive_step_by_step();
		else
			print_message("this CPU cannot make %u blocks at once\n", lanes);
	}
	assert_true(rl_salsa_use_lanes(before));
}

void vec_inet(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		char stem[] = "inet.0";
		char text_name[] = "inet.0_text";
		char buf[RL_INET_TEXT];
		uint8_t wire[19];
		struct rl_writer w = rl_writer(wire, sizeof(wire));
		struct rl_reader r;
		struct rl_inet a, b;

		stem[5] = text_name[5] = (char)('0' + i);
		assert_int_equal(rl_inet_parse(&a, vectors_text(vec, text_name)), 0);
		assert_string_equal(rl_inet_text(&a, buf), vectors_text(vec, text_name));
		rl_inet_put(&w, &a);
		vec_assert_bytes(vec_name(stem, "binary"), wire, rl_writer_len(&w));
		assert_int_equal(rl_writer_len(&w), rl_inet_wire_len(&a));
		r = rl_reader(wire, rl_writer_len(&w));
		b = rl_inet_get(&r);
		assert_true(!r.bad && rl_reader_left(&r) == 0 && rl_inet_equal(&a, &b));
		assert_int_equal(rl_inet_scope(&a), vectors_dec(vec, vec_name(stem, "scope_dec")));
		vectors_skip(vec, vec_name(stem, "gate_hash_dec"),
			     "a gate of the stock node (6.6), which this root does not have");
	}
	struct rl_inet nil = {0};
	uint8_t wire[1];
	struct rl_writer w = rl_writer(wire, sizeof(wire));

	rl_inet_put(&w, &nil);
	vec_assert_bytes("inet.nil.binary", wire, rl_writer_len(&w));
}

static struct rl_world load_world(const char *name)
{
	struct rl_world world;
	uint8_t out[ZT_WORLD_MAX];
	size_t len;
	const uint8_t *bytes = vectors_hex(vec, name, &len);

	assert_int_equal(rl_world_parse(&world, bytes, len), 0);
	vec_assert_bytes(name, out, rl_world_write(&world, out));
	return world;
}

static void check_signed(const char *name, const struct rl_world *world)
{
	uint8_t out[ZT_WORLD_MAX + 16];

	vec_assert_bytes(name, out, rl_world_signed_bytes(world, out));
}

static void add_endpoint(struct rl_world_root *root, const char *text)
{
	assert_int_equal(rl_inet_parse(&root->endpoint[root->endpoint_count++], text), 0);
}

// Made from the inputs that the vectors list, not from their bytes.
static struct rl_world make_planet(const uint8_t *next_key, const uint8_t *signing_key)
{
	struct rl_world w = {
		.type = ZT_WORLD_PLANET,
		.id = 0x0102030405060708,
		.timestamp = 1700000000000,
		.root_count = 2,
	};

	memcpy(w.next_key, next_key, ZT_PUBLIC_LEN);
	w.root[0].id = vec_node('R').id;
	add_endpoint(&w.root[0], "198.51.100.10/9993");
	add_endpoint(&w.root[0], "2001:db8:1::10/9993");
	w.root[1].id = vec_node('S').id;
	add_endpoint(&w.root[1], "203.0.113.20/443");
	assert_int_equal(rl_world_sign(&w, signing_key), 0);
	return w;
}

static void check_key(const char *stem, uint8_t public_blob[static 64])
{
	const uint8_t *private_blob = vectors_bytes(vec, vec_name(stem, "private"), 64);

	assert_int_equal(rl_keypair_public(private_blob, public_blob), 0);
	vec_assert_bytes(vec_name(stem, "public"), public_blob, 64);
}

void vec_world(void **state)
{
	struct rl_world planet = load_world("world.planet");
	struct rl_world update = load_world("world.planet_update");
	struct rl_world moon = load_world("world.moon");
	uint8_t key1[64], key2[64];
	uint8_t out[ZT_WORLD_MAX];
	struct rl_world made;
	char file[32];

	(void)state;
	check_key("world.key1", key1);
	check_key("world.key2", key2);
	check_signed("world.planet.signed_bytes", &planet);
	check_signed("world.moon.signed_bytes", &moon);
	made = make_planet(key1, vectors_bytes(vec, "world.key1.private", 64));
	vec_assert_bytes("world.planet", out, rl_world_write(&made, out));

	assert_true(rl_world_verify(&planet, key1));
	assert_false(rl_world_verify(&planet, key2));
	assert_true(rl_world_verify(&update, key1));
	assert_memory_equal(update.next_key, key2, 64);
	assert_int_equal(update.root_count, 1);
	assert_int_equal(update.timestamp, 1700000001000);
	assert_int_equal(rl_world_replaces(&planet, &update), RL_WORLD_TAKEN);
	assert_int_equal(rl_world_replaces(&update, &planet), RL_WORLD_NOT_NEWER);

	assert_int_equal(moon.type, ZT_WORLD_MOON);
	assert_int_equal(moon.id, vec_node('S').id.address);
	assert_true(rl_world_verify(&moon, key2));
	snprintf(file, sizeof(file), "%016llx.moon", (unsigned long long)moon.id);
	assert_string_equal(file, vectors_text(vec, "world.moon.file_text"));
	assert_int_equal(rl_world_replaces(&planet, &moon), RL_WORLD_OTHER_TYPE);
}

void vec_earth(void **state)
{
	(void)state;
	vectors_skip(vec, "earth.sha512_first32",
		     "digest of the public planet, whose bytes are no part of this project");
}
