// SPDX-License-Identifier: BSD-3-Clause
// Planets and moons made by the stock tools: read, verify, write, sign and sort them to the same
// bytes, and judge which replaces which. planet-A to -D follow each other: A and B and C are signed
// by key1, C names key2, D is signed by key2; X is signed by key3, which nobody names.
#include "root/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

struct key_file {
	uint8_t public_blob[64];
	uint8_t private_blob[64];
};

static size_t read_file(const char *name, void *out, size_t room)
{
	char path[512];
	FILE *f;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", VECTORS_DIR, name);
	f = fopen(path, "rb");
	if (!f)
		fail_msg("%s: cannot be opened", path);
	len = fread(out, 1, room, f);
	assert_int_equal(fclose(f), 0);
	assert_true(len > 0 && len < room);
	return len;
}

static struct key_file key(unsigned number)
{
	uint8_t data[129];
	uint8_t public_blob[64];
	struct key_file k;
	char name[64];

	snprintf(name, sizeof(name), "planet/key%u.c25519", number);
	assert_int_equal(read_file(name, data, sizeof(data)), sizeof(k));
	memcpy(&k, data, sizeof(k));
	assert_int_equal(rl_keypair_public(k.private_blob, public_blob), 0);
	assert_memory_equal(public_blob, k.public_blob, 64);
	return k;
}

static struct rl_world world(const char *name)
{
	uint8_t data[ZT_WORLD_MAX + 1];
	uint8_t out[ZT_WORLD_MAX];
	size_t len = read_file(name, data, sizeof(data));
	struct rl_world w;

	assert_int_equal(rl_world_parse(&w, data, len), 0);
	assert_int_equal(rl_world_write(&w, out), len);
	assert_memory_equal(out, data, len);
	return w;
}

static void planets_are_read_and_signed_again(void **state)
{
	static const struct {
		const char *name;
		uint64_t timestamp;
		unsigned signer, next, endpoints;
	} rows[] = {
		{"planet/planet-A", 1700000000000, 1, 1, 2},
		{"planet/planet-B", 1700000001000, 1, 1, 3},
		{"planet/planet-C", 1700000002000, 1, 2, 2},
		{"planet/planet-D", 1700000003000, 2, 2, 2},
		{"planet/planet-X", 1700000009000, 3, 3, 2},
		{"planet/planet-v6only", 1700000000000, 1, 1, 1},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rl_world w = world(rows[i].name);
		uint8_t signature[ZT_SIGNATURE_LEN];

		assert_int_equal(w.type, ZT_WORLD_PLANET);
		assert_int_equal(w.id, ZT_WORLD_ID_EARTH);
		assert_int_equal(w.timestamp, rows[i].timestamp);
		assert_int_equal(w.root_count, 1);
		assert_int_equal(w.root[0].endpoint_count, rows[i].endpoints);
		assert_memory_equal(w.next_key, key(rows[i].next).public_blob, 64);
		for (unsigned k = 1; k <= 3; k++)
			assert_int_equal(rl_world_verify(&w, key(k).public_blob),
					 k == rows[i].signer);
		memcpy(signature, w.signature, sizeof(signature));
		memset(w.signature, 0, sizeof(w.signature));
		assert_int_equal(rl_world_sign(&w, key(rows[i].signer).private_blob), 0);
		assert_memory_equal(w.signature, signature, sizeof(signature));
	}
}

static void replacement_as_clients_did_it(void **state)
{
	static const struct {
		const char *old, *new;
		enum rl_world_verdict verdict;
	} rows[] = {
		{"planet/planet-A", "planet/planet-B", RL_WORLD_TAKEN},
		{"planet/planet-A", "planet/planet-C", RL_WORLD_TAKEN},
		{"planet/planet-B", "planet/planet-C", RL_WORLD_TAKEN},
		{"planet/planet-C", "planet/planet-D", RL_WORLD_TAKEN},
		{"planet/planet-D", "planet/planet-X", RL_WORLD_BAD_SIGNATURE},
		{"planet/planet-A", "planet/planet-X", RL_WORLD_BAD_SIGNATURE},
		{"planet/planet-A", "planet/planet-D", RL_WORLD_BAD_SIGNATURE},
		{"planet/planet-B", "planet/planet-A", RL_WORLD_NOT_NEWER},
		{"planet/planet-D", "planet/planet-C", RL_WORLD_NOT_NEWER},
		{"planet/planet-A", "planet/planet-A", RL_WORLD_NOT_NEWER},
		{"planet/planet-A", "planet/planet-v6only", RL_WORLD_NOT_NEWER},
		{"planet/planet-A", "moon/sorted.moon", RL_WORLD_OTHER_TYPE},
		{"moon/00000082baeaf349.moon", "moon/0000007b7c49b0b4.moon", RL_WORLD_OTHER_ID},
		{"moon/0000007b7c49b0b4.moon", "moon/sorted.moon", RL_WORLD_TAKEN},
		{"moon/sorted.moon", "moon/0000007b7c49b0b4.moon", RL_WORLD_NOT_NEWER},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rl_world old = world(rows[i].old);
		struct rl_world new = world(rows[i].new);
		enum rl_world_verdict got = rl_world_replaces(&old, &new);

		if (got != rows[i].verdict)
			fail_msg("%s, then %s: %s", rows[i].old, rows[i].new,
				 rl_world_verdict_text(got));
		assert_int_equal(rl_world_replaces(NULL, &new), RL_WORLD_TAKEN_FIRST);
	}
}

// The value of "signingKey" or "signingKey_SECRET" in a moon's JSON.
static void json_key(const char *json, const char *name, uint8_t out[64])
{
	const char *at = strstr(json, name);

	assert_non_null(at);
	at += strlen(name);
	for (unsigned i = 0; i < 64; i++) {
		unsigned byte;

		assert_int_equal(sscanf(at + 2 * i, "%2x", &byte), 1);
		out[i] = (uint8_t)byte;
	}
}

static void moons_are_read_and_signed_again(void **state)
{
	static const char *const names[] = {"0000007b7c49b0b4", "00000082baeaf349"};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		char json[2048] = {0};
		char name[64];
		uint8_t public_blob[64], private_blob[64], signature[ZT_SIGNATURE_LEN];
		struct rl_world w;

		snprintf(name, sizeof(name), "moon/%s.json", names[i]);
		read_file(name, json, sizeof(json) - 1);
		snprintf(name, sizeof(name), "moon/%s.moon", names[i]);
		w = world(name);
		snprintf(name, sizeof(name), "%016llx", (unsigned long long)w.id);
		assert_string_equal(name, names[i]);
		assert_int_equal(w.type, ZT_WORLD_MOON);
		assert_int_equal(w.root[0].id.address, w.id);
		json_key(json, "\"signingKey\": \"", public_blob);
		json_key(json, "\"signingKey_SECRET\": \"", private_blob);
		assert_memory_equal(w.next_key, public_blob, 64);
		assert_true(rl_world_verify(&w, public_blob));
		memcpy(signature, w.signature, sizeof(signature));
		assert_int_equal(rl_world_sign(&w, private_blob), 0);
		assert_memory_equal(w.signature, signature, sizeof(signature));
	}
}

// Input of the moon that the stock genmoon sorted into sorted.moon: roots and endpoints as they
// were listed.
static const struct {
	const char *identity;
	const char *endpoint[10];
} unsorted[] = {
	{"9c4ae2548a:0:d75125f6907829e587ace94cb58f394ca3bd6cdfdaa036f191ba860c54f3084e"
	 "9f7d797c82b017aaf7892055d7de392c771ee7da9d1714038c46c22b864801f2",
	 {"198.51.100.9/9993", "198.51.100.10/9993", "2001:db8::1/9993", "10.0.0.1/256",
	  "10.0.0.1/1", "203.0.113.5/443", "2001:db8::1/443", "9.255.0.200/443", "255.1.1.1/2"}},
	{"4d07140b1a:0:a4c25a184c7fc6758a3aff14edf09cf1c5dfbde7a85952f058b505555d52881c"
	 "1258bc0ee1cb0615f0ad3e3622a4f499588188a452d8c74357fe08bf1cb6c9d3",
	 {"2001:db8:1::2/1", "2001:db8::ffff/1", "1.2.3.4/5", "4.3.2.1/5"}},
	{"0c007546bd:0:870dacf411196c8dc271a9de928ae8bc30074c23c2891d8ddfcf4384d52c6359"
	 "7967030f74d17c375b3fe13442672b086b3b50bc1f53dbfb18599cefe020b9af",
	 {"192.0.2.1/9993"}},
	{"61f0d9173c:0:3884f7e2f4fe7410eb56d2e759cb94ff5224f7d151fd2998ed0c6ac03c65132f"
	 "f96e42600dda6726bff72dce224f129c46b3d8e2087af8de879d2c4f95689a20",
	 {NULL}},
};

static void sorted_as_genmoon_sorts(void **state)
{
	struct rl_world want = world("moon/sorted.moon");
	struct rl_world w = want;
	uint8_t out[ZT_WORLD_MAX], want_out[ZT_WORLD_MAX];
	char json[2048] = {0};
	uint8_t private_blob[64];
	size_t len;

	(void)state;
	memset(w.root, 0, sizeof(w.root));
	for (unsigned i = 0; i < 4; i++) {
		struct rl_world_root *root = &w.root[i];

		assert_int_equal(rl_identity_parse(&root->id, NULL, unsorted[i].identity), 0);
		for (unsigned j = 0; unsorted[i].endpoint[j]; j++)
			assert_int_equal(rl_inet_parse(&root->endpoint[root->endpoint_count++],
						       unsorted[i].endpoint[j]),
					 0);
	}
	rl_world_sort(&w);
	read_file("moon/0000007b7c49b0b4.json", json, sizeof(json) - 1);
	json_key(json, "\"signingKey_SECRET\": \"", private_blob);
	memset(w.signature, 0, sizeof(w.signature));
	assert_int_equal(rl_world_sign(&w, private_blob), 0);
	len = rl_world_write(&w, out);
	assert_int_equal(len, rl_world_write(&want, want_out));
	assert_memory_equal(out, want_out, len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(planets_are_read_and_signed_again),
		cmocka_unit_test(replacement_as_clients_did_it),
		cmocka_unit_test(moons_are_read_and_signed_again),
		cmocka_unit_test(sorted_as_genmoon_sorts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
