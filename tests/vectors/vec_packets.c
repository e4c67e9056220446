// SPDX-License-Identifier: BSD-3-Clause
// Sections 7 to 10 of the vectors: whole packets, plain and sealed; LZ4; fragments.
#include "tests/vectors/vec.h"

#include <sodium.h>

#include <string.h>

struct packet {
	uint8_t data[ZT_PACKET_MAX];
	size_t len;
};

static struct packet load(const char *name)
{
	struct packet p;
	const uint8_t *bytes = vectors_hex(vec, name, &p.len);

	assert_true(p.len <= sizeof(p.data));
	memcpy(p.data, bytes, p.len);
	return p;
}

// Seals `plain` and compares with `wire`, opens `wire` and compares with `plain`.
static void both_ways(const char *plain, const char *wire, char from, char to, unsigned suite,
		      uint8_t flags)
{
	struct rl_key key = vec_key(from, to);
	struct rl_key reverse = vec_key(to, from);
	struct packet want = load(plain);
	struct packet p = want;

	p.data[ZT_AT_FLAGS] |= flags;
	rl_armor_seal(vec_cipher, &key, p.data, p.len, suite);
	vec_assert_bytes(wire, p.data, p.len);

	assert_true(rl_armor_open(vec_cipher, &reverse, p.data, p.len));
	assert_int_equal(p.len, want.len);
	assert_memory_equal(p.data + ZT_AT_VERB, want.data + ZT_AT_VERB, p.len - ZT_AT_VERB);

	// Any bit of what is covered, changed, is noticed. The hops are not covered.
	for (size_t at = 0; at<p.len; at += p.len> 200 ? 37 : 1) {
		struct packet bad = load(wire);

		bad.data[at] ^= at == ZT_AT_FLAGS ? ZT_FLAG_FRAGMENTED : 0x10;
		assert_false(rl_armor_open(vec_cipher, &reverse, bad.data, bad.len));
	}
}

static void check_hello(const char *stem)
{
	struct rl_key key = vec_key('A', 'R');
	size_t at = vectors_dec(vec, vec_name(stem, "seal_offset_dec"));
	struct packet plain = load(vec_name(stem, "plain"));
	struct packet p = plain;

	rl_armor_hello_seal(&key, p.data, at, p.len);
	vec_assert_bytes(vec_name(stem, "after_seal"), p.data, p.len);
	rl_armor_seal(vec_cipher, &key, p.data, p.len, ZT_SUITE_POLY1305);
	vec_assert_bytes(vec_name(stem, "wire"), p.data, p.len);

	assert_true(rl_armor_open(vec_cipher, &key, p.data, p.len));
	rl_armor_hello_seal(&key, p.data, at, p.len);
	assert_memory_equal(p.data + ZT_AT_VERB, plain.data + ZT_AT_VERB, p.len - ZT_AT_VERB);
}

void vec_hello(void **state)
{
	struct rl_key key = vec_key('R', 'A');
	struct packet p = load("hello0.wire_hops2");

	(void)state;
	check_hello("hello0");
	check_hello("hello1");
	assert_int_equal(p.data[ZT_AT_FLAGS] & ZT_HOPS_MASK, 2);
	assert_true(rl_armor_open(vec_cipher, &key, p.data, p.len));
	p = load("hello0.wire");
	p.data[ZT_AT_FLAGS] = 2;
	vec_assert_bytes("hello0.wire_hops2", p.data, p.len);
}

// 2.3, once more by hand: the vector shows a value that the interface does not.
static void check_mangled_key(const struct rl_key *key, const uint8_t *p, size_t len)
{
	uint8_t mangled[32];

	memcpy(mangled, key->salsa, 32);
	for (unsigned i = 0; i < 19; i++)
		mangled[i] ^= p[i];
	mangled[19] ^= (uint8_t)len;
	mangled[20] ^= (uint8_t)(len >> 8);
	vec_assert_bytes("xhello.mangled_key", mangled, 32);
}

void vec_xhello(void **state)
{
	struct vec_node root = vec_node('R');
	struct rl_key key = vec_key('A', 'R');
	const uint8_t *ephemeral = vectors_bytes(vec, "xhello.ephemeral_secret", 32);
	struct packet plain = load("xhello.plain");
	struct packet p = plain;
	uint8_t out[64];
	size_t at = p.len - 2; // the moon count alone is sealed

	(void)state;
	rl_armor_hello_seal(&key, p.data, at, p.len);
	p.data[ZT_AT_FLAGS] |= ZT_FLAG_ENCRYPTED;
	check_mangled_key(&key, p.data, p.len);
	rl_armor_seal(vec_cipher, &key, p.data, p.len, ZT_SUITE_POLY1305);
	vec_assert_bytes("xhello.inner", p.data, p.len);
	p.len = rl_armor_xhello_seal(vec_cipher, root.id.public_key, ephemeral, p.data, p.len);
	vec_assert_bytes("xhello.wire", p.data, p.len);
	vec_assert_bytes("xhello.ephemeral_public", p.data + p.len - 32, 32);

	assert_int_equal(crypto_scalarmult(out, root.secret.key, p.data + p.len - 32), 0);
	crypto_hash_sha512(out, out, 32);
	vec_assert_bytes("xhello.aes_key", out, 32);

	p.len = rl_armor_xhello_open(vec_cipher, &root.secret, p.data, p.len);
	vec_assert_bytes("xhello.inner", p.data, p.len);
	assert_true(rl_armor_open(vec_cipher, &key, p.data, p.len));
	rl_armor_hello_seal(&key, p.data, at, p.len);
	assert_memory_equal(p.data + ZT_AT_VERB, plain.data + ZT_AT_VERB, p.len - ZT_AT_VERB);
}

void vec_single_packets(void **state)
{
	static const struct {
		const char *plain, *wire;
		char from, to;
		unsigned suite;
	} rows[] = {
		{"okhello_salsa.plain", "okhello_salsa.wire", 'R', 'A', 1},
		{"okhello_aes.plain", "okhello_aes.wire", 'R', 'A', 3},
		{"okhello_worlds.plain", "okhello_worlds.wire", 'R', 'A', 1},
		{"whois.plain", "whois.wire_salsa", 'A', 'R', 1},
		{"whois.plain", "whois.wire_aes", 'A', 'R', 3},
		{"okwhois.plain", "okwhois.wire_salsa", 'R', 'A', 1},
		{"rendezvous4.plain", "rendezvous4.wire_salsa", 'R', 'A', 1},
		{"rendezvous6.plain", "rendezvous6.wire_aes", 'R', 'B', 3},
		{"echo.plain", "echo.wire_aes", 'A', 'R', 3},
		{"okecho.plain", "okecho.wire_aes", 'R', 'A', 3},
		{"echo_empty.plain", "echo_empty.wire_salsa", 'A', 'R', 1},
		{"echo_empty.plain", "echo_empty.wire_aes", 'A', 'R', 3},
		{"error_collision.plain", "error_collision.wire_salsa", 'R', 'A', 1},
		{"error_unsupported.plain", "error_unsupported.wire_salsa", 'R', 'A', 1},
		{"gather.plain", "gather.wire_salsa", 'A', 'R', 1},
		{"okgather.plain", "okgather.wire_salsa", 'R', 'A', 1},
	};
	struct rl_key key = vec_key('A', 'R');
	struct packet p;

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		both_ways(rows[i].plain, rows[i].wire, rows[i].from, rows[i].to, rows[i].suite, 0);

	p = load("okecho.wire_aes_hops1");
	assert_int_equal(p.data[ZT_AT_FLAGS] & ZT_HOPS_MASK, 1);
	assert_true(rl_armor_open(vec_cipher, &key, p.data, p.len));
	assert_memory_equal(p.data + ZT_AT_VERB, load("okecho.plain").data + ZT_AT_VERB,
			    p.len - ZT_AT_VERB);

	p = load("echo_cipher0.wire");
	assert_true(rl_armor_open(vec_cipher, &key, p.data, p.len));
	assert_int_equal(p.data[ZT_AT_VERB], ZT_VERB_ECHO);
	assert_memory_equal(p.data + ZT_HDR_LEN, "abc", 3);
}

// Suite 2 is never opened, whatever the keys.
void vec_refused(void **state)
{
	struct rl_key key = vec_key('A', 'R');
	struct packet p = load("trusted.wire");

	(void)state;
	assert_int_equal(p.data[ZT_AT_FLAGS] >> ZT_SUITE_SHIFT, ZT_SUITE_TRUSTED);
	assert_false(rl_armor_open(vec_cipher, &key, p.data, p.len));
	vec_assert_bytes("trusted.wire", p.data, p.len);
}

void vec_like(void **state)
{
	struct rl_key key = vec_key('A', 'R');
	struct packet plain = load("like.plain");
	struct packet packed = load("like.compressed");
	struct packet p = packed;
	struct packet out;

	(void)state;
	both_ways("like.compressed", "like.wire_salsa", 'A', 'R', ZT_SUITE_SALSA_POLY1305, 0);
	p = load("like.wire_salsa");
	assert_true(rl_armor_open(vec_cipher, &key, p.data, p.len));
	out.len = rl_armor_expand(p.data, p.len, out.data);
	assert_int_equal(out.len, plain.len);
	assert_memory_equal(out.data + ZT_AT_VERB, plain.data + ZT_AT_VERB, out.len - ZT_AT_VERB);

	// Our own encoder need not give these bytes, only what expands to the same.
	p = plain;
	p.len = rl_armor_compress(p.data, p.len);
	assert_true(p.len < plain.len);
	out.len = rl_armor_expand(p.data, p.len, out.data);
	assert_int_equal(out.len, plain.len);
	assert_memory_equal(out.data, plain.data, out.len);
}

// Bodies without a sealed form among the vectors: they must pass through every suite unchanged.
void vec_plain_only(void **state)
{
	static const char *const names[] = {"gather_com.plain", "pushpaths.plain"};
	struct rl_key key = vec_key('A', 'R');

	(void)state;
	assert_int_equal(load(names[0]).len, ZT_HDR_LEN + 23 + 272); // 4.9, 5.6
	assert_int_equal(load(names[1]).data[ZT_AT_VERB], ZT_VERB_PUSH_DIRECT_PATHS);
	for (unsigned i = 0; i < 2 * 3; i++) {
		static const unsigned suites[] = {0, 1, 3};
		struct packet plain = load(names[i / 3]);
		struct packet p = plain;

		rl_armor_seal(vec_cipher, &key, p.data, p.len, suites[i % 3]);
		assert_true(rl_armor_open(vec_cipher, &key, p.data, p.len));
		assert_memory_equal(p.data + ZT_AT_VERB, plain.data + ZT_AT_VERB,
				    p.len - ZT_AT_VERB);
	}
}

struct cut {
	size_t mtu;
	unsigned pieces;
};

// 3.2: piece number `n` of a sealed packet.
static struct packet piece(const struct packet *whole, const struct cut *cut, unsigned n)
{
	const size_t chunk = cut->mtu - ZT_FRAG_HDR_LEN;
	struct packet p = {.len = cut->mtu};
	size_t at = cut->mtu + (n - 1) * chunk;
	size_t text;

	if (n == 0) {
		memcpy(p.data, whole->data, cut->mtu);
		return p;
	}
	text = whole->len - at < chunk ? whole->len - at : chunk;
	memcpy(p.data, whole->data, ZT_AT_FROM);
	p.data[ZT_FRAG_AT_MARK] = ZT_ADDRESS_RESERVED;
	p.data[ZT_FRAG_AT_COUNT] = (uint8_t)(cut->pieces << 4 | n);
	memcpy(p.data + ZT_FRAG_HDR_LEN, whole->data + at, text);
	p.len = ZT_FRAG_HDR_LEN + text;
	return p;
}

static struct packet join(const struct packet *pieces, unsigned count)
{
	struct packet p = pieces[0];

	for (unsigned i = 1; i < count; i++) {
		size_t text = pieces[i].len - ZT_FRAG_HDR_LEN;

		memcpy(p.data + p.len, pieces[i].data + ZT_FRAG_HDR_LEN, text);
		p.len += text;
	}
	return p;
}

static void check_tiny(const char *stem, unsigned suite)
{
	static const char *const names[] = {"head", "frag1", "frag2"};
	const struct cut cut = {96, 3};
	struct rl_key key = vec_key('A', 'B');
	struct packet plain = load("fragtiny.plain");
	struct packet whole = plain;
	struct packet pieces[3];

	whole.data[ZT_AT_FLAGS] |= ZT_FLAG_FRAGMENTED;
	rl_armor_seal(vec_cipher, &key, whole.data, whole.len, suite);
	vec_assert_bytes(vec_name(stem, "whole"), whole.data, whole.len);
	for (unsigned i = 0; i < 3; i++) {
		struct packet p = piece(&whole, &cut, i);

		vec_assert_bytes(vec_name(stem, names[i]), p.data, p.len);
		pieces[i] = load(vec_name(stem, names[i]));
	}
	whole = join(pieces, 3);
	assert_true(rl_armor_open(vec_cipher, &key, whole.data, whole.len));
	assert_memory_equal(whole.data + ZT_AT_VERB, plain.data + ZT_AT_VERB,
			    whole.len - ZT_AT_VERB);
}

void vec_fragments_tiny(void **state)
{
	(void)state;
	check_tiny("fragtiny", ZT_SUITE_SALSA_POLY1305);
	check_tiny("fragtiny_aes", ZT_SUITE_AES_GMAC_SIV);
}

static struct packet user_message(void)
{
	struct packet tiny = load("fragtiny.plain");
	struct packet p = {.len = ZT_HDR_LEN + 8 + 4000};

	memcpy(p.data, tiny.data, ZT_HDR_LEN + 8); // header and type are the same
	memset(p.data, 0x81, 8);
	for (unsigned i = 0; i < 4000; i++)
		p.data[ZT_HDR_LEN + 8 + i] = (uint8_t)(i % 251);
	return p;
}

void vec_fragments_real(void **state)
{
	static const char *const names[] = {"fragreal.head", "fragreal.frag1", "fragreal.frag2"};
	const struct cut cut = {ZT_MTU, 3};
	struct rl_key key = vec_key('A', 'B');
	struct packet whole = user_message();

	(void)state;
	assert_int_equal(whole.len, vectors_dec(vec, "fragreal.total_len_dec"));
	whole.data[ZT_AT_FLAGS] |= ZT_FLAG_FRAGMENTED;
	rl_armor_seal(vec_cipher, &key, whole.data, whole.len, ZT_SUITE_SALSA_POLY1305);
	for (unsigned i = 0; i < 3; i++) {
		struct packet p = piece(&whole, &cut, i);
		uint8_t digest[64];

		assert_int_equal(p.len, vectors_dec(vec, vec_name(names[i], "len_dec")));
		if (i)
			vec_assert_bytes(vec_name(names[i], "header"), p.data, ZT_FRAG_HDR_LEN);
		crypto_hash_sha512(digest, p.data, p.len);
		vec_assert_bytes(vec_name(names[i], "sha512_first16"), digest, 16);
	}
}
