// SPDX-License-Identifier: BSD-3-Clause
// Traffic of unmodified nodes with a root, recorded on the root's interface; the keys of all of
// them lie beside it. Every packet must open, fragmented ones after they are joined; each HELLO and
// OK(HELLO) must come out even.
#include "root/armor.h"
#include "root/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 5, PENDING = 8 };

static struct {
	struct rl_identity id;
	struct rl_secret secret;
} node[NODES];
static struct rl_key key[NODES][NODES];
static struct rl_cipher *cipher;

struct count {
	unsigned suite[4]; // opened, by suite
	unsigned joined;   // of fragments
	unsigned outer;    // encrypted HELLO
	unsigned expanded;
	unsigned hello;
	unsigned moons; // listed in HELLO
	unsigned ok_hello;
	unsigned worlds; // in OK(HELLO)
};

// A packet of which pieces are missing. Relayed copies differ in their hops alone.
struct pending {
	uint8_t data[ZT_PACKET_MAX];
	size_t len; // 0: free
	unsigned next;
};
static struct pending pending[PENDING];

static FILE *open_file(const char *name)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/captures/%s", VECTORS_DIR, name);
	f = fopen(path, "rb");
	if (!f)
		fail_msg("%s: cannot be opened", path);
	return f;
}

static int load_nodes(void **state)
{
	static const char *const names[NODES] = {"root", "ctrl", "c1", "c2", "c3"};

	(void)state;
	for (unsigned i = 0; i < NODES; i++) {
		char text[RL_IDENTITY_SECRET_TEXT + 2] = {0};
		char name[32];
		FILE *f;

		snprintf(name, sizeof(name), "%s.secret", names[i]);
		f = open_file(name);
		assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
		fclose(f);
		assert_int_equal(rl_identity_parse(&node[i].id, &node[i].secret, text), 0);
	}
	for (unsigned i = 0; i < NODES * NODES; i++)
		assert_int_equal(rl_key_agree(&key[i / NODES][i % NODES], &node[i / NODES].secret,
					      node[i % NODES].id.public_key),
				 0);
	cipher = rl_cipher_new();
	return cipher ? 0 : -1;
}

static int free_cipher(void **state)
{
	(void)state;
	rl_cipher_free(cipher);
	return 0;
}

static unsigned find(uint64_t address)
{
	for (unsigned i = 0; i < NODES; i++) {
		if (node[i].id.address == address)
			return i;
	}
	fail_msg("%010llx: no key for it", (unsigned long long)address);
	return 0;
}

static void check_hello(uint8_t *p, size_t len, const struct rl_key *k, struct count *n)
{
	struct rl_reader r = rl_reader(p + ZT_HELLO_AT_IDENTITY, len - ZT_HELLO_AT_IDENTITY);
	struct rl_identity id;
	size_t sealed;
	unsigned moons;

	rl_identity_get(&r, &id);
	assert_true(rl_identity_equal(&id, &node[find(rl_load40(p + ZT_AT_FROM))].id));
	rl_inet_get(&r);
	rl_get(&r, 16); // planet's ID and timestamp
	assert_false(r.bad);
	sealed = len - rl_reader_left(&r);
	rl_armor_hello_seal(k, p, sealed, len);
	moons = rl_get16(&r);
	for (unsigned i = 0; i < moons; i++)
		assert_true(rl_get8(&r) == ZT_WORLD_MOON && rl_get(&r, 16));
	assert_true(!r.bad && rl_reader_left(&r) == 0);
	n->hello++;
	n->moons += moons;
}

static void check_ok_hello(const uint8_t *p, size_t len, struct count *n)
{
	struct rl_reader r = rl_reader(p, len);
	size_t worlds_len;

	rl_get(&r, 50);
	assert_int_not_equal(rl_inet_get(&r).family, 0);
	worlds_len = rl_get16(&r);
	assert_int_equal(worlds_len, rl_reader_left(&r));
	while (rl_reader_left(&r)) {
		struct rl_world w;

		rl_world_get(&r, &w);
		assert_false(r.bad);
		assert_true(rl_world_verify(&w, w.next_key));
		n->worlds++;
	}
	assert_false(r.bad);
	n->ok_hello++;
}

static void check_packet(uint8_t *p, size_t len, struct count *n)
{
	const unsigned to = find(rl_load40(p + ZT_AT_TO));
	const unsigned from = find(rl_load40(p + ZT_AT_FROM));
	const unsigned suite = (p[ZT_AT_FLAGS] & ZT_SUITE_MASK) >> ZT_SUITE_SHIFT;
	uint8_t out[ZT_PACKET_MAX];

	if (suite == ZT_SUITE_POLY1305 && (p[ZT_AT_FLAGS] & ZT_FLAG_ENCRYPTED)) {
		len = rl_armor_xhello_open(cipher, &node[to].secret, p, len);
		assert_true(len > 0);
		n->outer++;
	}
	assert_true(rl_armor_open(cipher, &key[to][from], p, len));
	n->suite[suite]++;
	if (p[ZT_AT_VERB] & ZT_VERB_COMPRESSED) {
		assert_true(rl_armor_expand(p, len, out) > len);
		n->expanded++;
	} else if (p[ZT_AT_VERB] == ZT_VERB_HELLO) {
		check_hello(p, len, &key[to][from], n);
	} else if (p[ZT_AT_VERB] == ZT_VERB_OK && p[ZT_AT_PAYLOAD] == ZT_VERB_HELLO) {
		check_ok_hello(p, len, n);
	}
}

static void take_head(const uint8_t *p, size_t len)
{
	for (unsigned i = 0; i < PENDING; i++) {
		if (pending[i].len)
			continue;
		memcpy(pending[i].data, p, len);
		pending[i].len = len;
		pending[i].next = 1;
		return;
	}
	fail_msg("more than %d packets incomplete", PENDING);
}

// Pieces come in order in these recordings.
static void take_piece(const uint8_t *p, size_t len, struct count *n)
{
	for (unsigned i = 0; i < PENDING; i++) {
		struct pending *whole = &pending[i];

		if (!whole->len || memcmp(whole->data, p, ZT_AT_FROM) ||
		    (whole->data[ZT_AT_FLAGS] & ZT_HOPS_MASK) != p[ZT_FRAG_AT_HOPS])
			continue;
		assert_int_equal(p[ZT_FRAG_AT_COUNT] & 0x0f, whole->next);
		whole->next++;
		assert_true(whole->len + len - ZT_FRAG_HDR_LEN <= ZT_PACKET_MAX);
		memcpy(whole->data + whole->len, p + ZT_FRAG_HDR_LEN, len - ZT_FRAG_HDR_LEN);
		whole->len += len - ZT_FRAG_HDR_LEN;
		if (whole->next == p[ZT_FRAG_AT_COUNT] >> 4) {
			check_packet(whole->data, whole->len, n);
			whole->len = 0;
			n->joined++;
		}
		return;
	}
	fail_msg("a piece without its head");
}

static void check_datagram(uint8_t *p, size_t len, struct count *n)
{
	if (len >= ZT_FRAG_HDR_LEN && p[ZT_FRAG_AT_MARK] == ZT_ADDRESS_RESERVED)
		take_piece(p, len, n);
	else if (len < ZT_HDR_LEN)
		return; // junk that opens a NAT
	else if (p[ZT_AT_FLAGS] & ZT_FLAG_FRAGMENTED)
		take_head(p, len);
	else
		check_packet(p, len, n);
}

// UDP over IPv4 or IPv6 without options; the recordings hold nothing else of interest.
static void check_frame(uint8_t *frame, size_t len, struct count *n)
{
	const unsigned type = len > 62 ? rl_load16(frame + 12) : 0;
	const size_t ip_len = type == 0x0800 ? 20 : 40;
	const uint8_t protocol = type == 0x0800 ? frame[23] : type == 0x86dd ? frame[20] : 0;
	uint8_t *udp = frame + 14 + ip_len;

	if (protocol != 17)
		return;
	assert_true(14 + ip_len + rl_load16(udp + 4) <= len);
	check_datagram(udp + 8, rl_load16(udp + 4) - 8, n);
}

static struct count read_capture(const char *name)
{
	FILE *f = open_file(name);
	uint8_t frame[65536];
	uint32_t header[6];
	struct count n = {0};

	assert_int_equal(fread(header, 4, 6, f), 6);
	assert_int_equal(header[0], 0xa1b2c3d4);
	while (fread(header, 4, 4, f) == 4) {
		assert_true(header[2] <= sizeof(frame));
		assert_int_equal(fread(frame, 1, header[2], f), header[2]);
		check_frame(frame, header[2], &n);
	}
	fclose(f);
	for (unsigned i = 0; i < PENDING; i++)
		assert_int_equal(pending[i].len, 0);
	return n;
}

static void recorded_traffic_opens(void **state)
{
	// Counted independently, by the program that recorded them.
	static const struct {
		const char *name;
		struct count want;
	} rows[] = {
		{"relay.pcap",
		 {.suite = {44, 141, 0, 102},
		  .joined = 20,
		  .expanded = 20,
		  .hello = 44,
		  .ok_hello = 38}},
		{"encrypted_hello.pcap",
		 {.suite = {22, 160, 0, 14},
		  .outer = 8,
		  .expanded = 20,
		  .hello = 22,
		  .ok_hello = 8,
		  .worlds = 8}},
		{"moon.pcap",
		 {.suite = {22, 1, 0, 111}, .hello = 22, .moons = 18, .ok_hello = 22, .worlds = 8}},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct count n = read_capture(rows[i].name);

		if (memcmp(&n, &rows[i].want, sizeof(n)))
			fail_msg("%s: suites %u %u %u, joined %u, outer %u, expanded %u, HELLO %u, "
				 "moons %u, OK(HELLO) %u, worlds %u",
				 rows[i].name, n.suite[0], n.suite[1], n.suite[3], n.joined,
				 n.outer, n.expanded, n.hello, n.moons, n.ok_hello, n.worlds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_traffic_opens),
	};
	return cmocka_run_group_tests(tests, load_nodes, free_cipher);
}
