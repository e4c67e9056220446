// SPDX-License-Identifier: BSD-3-Clause
#include "root/armor.h"

#include "root/aes_gmac_siv.h"
#include "root/salsa.h"

#include <sodium.h>

#include <stdlib.h>

enum {
	AAD_LEN = ZT_AT_MAC - ZT_AT_TO, // destination, source, byte 18
	XHELLO_MIN = ZT_HDR_LEN + ZT_XHELLO_KEY_LEN,
	NOT_HOPS = 0xff & ~ZT_HOPS_MASK,
	SIV_BATCH = 16,
	SALSA_BATCH = 16,
	SHORT_BLOCKS = 2, // of text: up to so many are made side by side with other packets'
	SALSA_LANES = SALSA_BATCH * (1 + SHORT_BLOCKS),
};

struct rl_cipher {
	struct rl_siv siv;
	// Key stream of suite 1: block 0 makes the key of the MAC, the text starts at block 1.
	uint8_t stream[RL_SALSA_BLOCK + ZT_PACKET_MAX];
	uint8_t blocks[SALSA_LANES][RL_SALSA_BLOCK]; // the first ones of several packets
};

struct rl_cipher *rl_cipher_new(void)
{
	struct rl_cipher *c = sodium_init() < 0 ? NULL : calloc(1, sizeof(*c));

	if (c && rl_siv_init(&c->siv)) {
		rl_cipher_free(c);
		return NULL;
	}
	return c;
}

void rl_cipher_free(struct rl_cipher *c)
{
	if (!c)
		return;
	rl_siv_free(&c->siv);
	sodium_memzero(c, sizeof(*c));
	free(c);
}

static unsigned suite_of(const uint8_t *p)
{
	return (p[ZT_AT_FLAGS] & ZT_SUITE_MASK) >> ZT_SUITE_SHIFT;
}

// 2.3: the key of one packet. Hops are left out, so that relays may raise them.
static void mangle(uint8_t key[static 32], const uint8_t salsa[static 32], const uint8_t *p,
		   size_t len)
{
	memcpy(key, salsa, 32);
	for (unsigned i = 0; i < ZT_AT_FLAGS; i++)
		key[i] ^= p[i];
	key[ZT_AT_FLAGS] ^= p[ZT_AT_FLAGS] & NOT_HOPS;
	key[19] ^= (uint8_t)len;
	key[20] ^= (uint8_t)(len >> 8);
}

static void poly1305(uint8_t tag[static 16], const uint8_t *p, size_t len, const uint8_t *key)
{
	crypto_onetimeauth_poly1305(tag, p + ZT_AT_VERB, len - ZT_AT_VERB, key);
}

static void xor_text(uint8_t *p, size_t len, const uint8_t *stream)
{
	for (size_t i = ZT_AT_VERB; i < len; i++)
		p[i] ^= stream[RL_SALSA_BLOCK + i - ZT_AT_VERB];
}

// A packet of suite 0 or 1 among others. stream: block 0, and the text's if it is short.
struct salsa_packet {
	struct rl_armor_job *job;
	bool text; // is enciphered
	uint8_t key[32];
	const uint8_t *stream;
};

// Blocks of the text that are made with those of the other packets.
static unsigned text_blocks(const struct salsa_packet *s)
{
	size_t blocks = (s->job->len - (size_t)ZT_AT_VERB + RL_SALSA_BLOCK - 1) / RL_SALSA_BLOCK;

	return s->text && blocks <= SHORT_BLOCKS ? (unsigned)blocks : 0;
}

static void salsa_streams(struct rl_cipher *c, struct salsa_packet s[], unsigned n)
{
	struct rl_salsa_lane lane[SALSA_LANES];
	unsigned lanes = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct rl_armor_job *j = s[i].job;
		unsigned blocks = 1 + text_blocks(&s[i]);

		mangle(s[i].key, j->key->salsa, j->p, j->len);
		s[i].stream = c->blocks[lanes];
		for (unsigned b = 0; b < blocks; b++)
			lane[lanes++] = (struct rl_salsa_lane){j->p, s[i].key, b};
	}
	rl_salsa12_blocks(c->blocks, lane, lanes);
}

static void cipher_text(struct rl_cipher *c, const struct salsa_packet *s)
{
	const struct rl_armor_job *j = s->job;
	const uint8_t *stream = s->stream;

	if (!s->text)
		return;
	if (text_blocks(s) == 0) {
		rl_salsa12_stream(c->stream, RL_SALSA_BLOCK + j->len - (size_t)ZT_AT_VERB, j->p,
				  s->key);
		stream = c->stream;
	}
	xor_text(j->p, j->len, stream);
}

static void seal_salsa(struct rl_cipher *c, struct salsa_packet s[], unsigned n)
{
	salsa_streams(c, s, n);
	for (unsigned i = 0; i < n; i++) {
		const struct rl_armor_job *j = s[i].job;
		uint8_t tag[16];

		cipher_text(c, &s[i]);
		poly1305(tag, j->p, j->len, s[i].stream);
		memcpy(j->p + ZT_AT_MAC, tag, ZT_MAC_LEN);
	}
	sodium_memzero(s, n * sizeof(*s));
}

static void open_salsa(struct rl_cipher *c, struct salsa_packet s[], unsigned n)
{
	salsa_streams(c, s, n);
	for (unsigned i = 0; i < n; i++) {
		struct rl_armor_job *j = s[i].job;
		uint8_t tag[16];

		poly1305(tag, j->p, j->len, s[i].stream);
		j->ok = sodium_memcmp(tag, j->p + ZT_AT_MAC, ZT_MAC_LEN) == 0;
		if (j->ok)
			cipher_text(c, &s[i]);
	}
	sodium_memzero(s, n * sizeof(*s));
}

static void siv_packet(struct rl_siv_packet *s, const struct rl_armor_job *j)
{
	*s = (struct rl_siv_packet){.k0 = j->key->aes0,
				    .k1 = j->key->aes1,
				    .text = j->p + ZT_AT_VERB,
				    .len = j->len - (size_t)ZT_AT_VERB};
	memcpy(s->aad, j->p + ZT_AT_TO, AAD_LEN);
	s->aad[AAD_LEN - 1] &= NOT_HOPS;
	memcpy(s->tag, j->p + ZT_AT_ID, 8);
	memcpy(s->tag + 8, j->p + ZT_AT_MAC, ZT_MAC_LEN);
}

static void seal_siv(struct rl_cipher *c, struct rl_armor_job *const job[], unsigned n)
{
	struct rl_siv_packet s[SIV_BATCH];

	for (unsigned i = 0; i < n; i++)
		siv_packet(&s[i], job[i]);
	rl_siv_seal_many(&c->siv, s, n);
	for (unsigned i = 0; i < n; i++) {
		uint8_t *p = job[i]->p;

		memcpy(p + ZT_AT_ID, s[i].tag, 8);
		memcpy(p + ZT_AT_MAC, s[i].tag + 8, ZT_MAC_LEN);
		// libcrypto failed half way: nothing readable may leave.
		if (!s[i].ok)
			sodium_memzero(p + ZT_AT_MAC, job[i]->len - (size_t)ZT_AT_MAC);
	}
}

static void open_siv(struct rl_cipher *c, struct rl_armor_job *const job[], unsigned n)
{
	struct rl_siv_packet s[SIV_BATCH];

	for (unsigned i = 0; i < n; i++)
		siv_packet(&s[i], job[i]);
	rl_siv_open_many(&c->siv, s, n);
	for (unsigned i = 0; i < n; i++)
		job[i]->ok = s[i].ok;
}

// Jobs that wait until enough of their kind are there.
struct batches {
	struct rl_armor_job *siv[SIV_BATCH];
	struct salsa_packet salsa[SALSA_BATCH];
	unsigned sivs, salsas;
};

static void add_salsa(struct batches *b, struct rl_armor_job *j, bool text)
{
	b->salsa[b->salsas++] = (struct salsa_packet){.job = j, .text = text};
}

static void add_seal(struct batches *b, struct rl_armor_job *j)
{
	uint8_t *flags = &j->p[ZT_AT_FLAGS];

	if (j->len < ZT_HDR_LEN || j->len > ZT_PACKET_MAX)
		abort(); // the caller's buffer is already overrun, or holds no packet
	*flags = (uint8_t)((*flags & ~ZT_SUITE_MASK) | j->suite << ZT_SUITE_SHIFT);
	switch (j->suite) {
	case ZT_SUITE_POLY1305:
		add_salsa(b, j, false);
		break;
	case ZT_SUITE_SALSA_POLY1305:
		*flags |= ZT_FLAG_ENCRYPTED;
		add_salsa(b, j, true);
		break;
	case ZT_SUITE_AES_GMAC_SIV:
		b->siv[b->sivs++] = j;
		break;
	default:
		abort(); // no such suite: a mistake in the caller, never a matter of input
	}
}

static void add_open(struct batches *b, struct rl_armor_job *j)
{
	bool whole = j->len >= ZT_HDR_LEN && j->len <= ZT_PACKET_MAX;
	unsigned suite = whole ? suite_of(j->p) : ZT_SUITE_TRUSTED;

	j->ok = false;
	if (suite == ZT_SUITE_POLY1305 || suite == ZT_SUITE_SALSA_POLY1305)
		add_salsa(b, j, suite == ZT_SUITE_SALSA_POLY1305);
	else if (suite == ZT_SUITE_AES_GMAC_SIV)
		b->siv[b->sivs++] = j;
}

void rl_armor_seal_many(struct rl_cipher *c, struct rl_armor_job *job, unsigned n)
{
	struct batches b;

	b.sivs = b.salsas = 0;
	for (unsigned i = 0; i < n; i++) {
		add_seal(&b, &job[i]);
		if (b.sivs == SIV_BATCH || i + 1 == n) {
			seal_siv(c, b.siv, b.sivs);
			b.sivs = 0;
		}
		if (b.salsas == SALSA_BATCH || i + 1 == n) {
			seal_salsa(c, b.salsa, b.salsas);
			b.salsas = 0;
		}
	}
}

void rl_armor_open_many(struct rl_cipher *c, struct rl_armor_job *job, unsigned n)
{
	struct batches b;

	b.sivs = b.salsas = 0;
	for (unsigned i = 0; i < n; i++) {
		add_open(&b, &job[i]);
		if (b.sivs == SIV_BATCH || i + 1 == n) {
			open_siv(c, b.siv, b.sivs);
			b.sivs = 0;
		}
		if (b.salsas == SALSA_BATCH || i + 1 == n) {
			open_salsa(c, b.salsa, b.salsas);
			b.salsas = 0;
		}
	}
}

void rl_armor_seal(struct rl_cipher *c, const struct rl_key *key, uint8_t *p, size_t len,
		   unsigned suite)
{
	struct rl_armor_job job = {key, p, len > ZT_PACKET_MAX ? UINT16_MAX : (uint16_t)len,
				   (uint8_t)suite, false};

	rl_armor_seal_many(c, &job, 1);
}

bool rl_armor_open(struct rl_cipher *c, const struct rl_key *key, uint8_t *p, size_t len)
{
	struct rl_armor_job job = {key, p, (uint16_t)len, 0, false};

	if (len > ZT_PACKET_MAX)
		return false;
	rl_armor_open_many(c, &job, 1);
	return job.ok;
}

void rl_armor_hello_seal(const struct rl_key *key, uint8_t *p, size_t at, size_t len)
{
	uint8_t nonce[8];

	if (at < ZT_HDR_LEN || at >= len)
		return;
	memcpy(nonce, p, sizeof(nonce));
	nonce[7] &= 0xf8;
	rl_salsa12_xor(p + at, len - at, nonce, key->salsa);
}

// 4.3.4: the outer layer over MAC, verb and payload; its own inverse. False: low-order point.
static bool xhello_layer(struct rl_cipher *c, const uint8_t secret[static 32],
			 const uint8_t point[static 32], uint8_t *p, size_t inner_len)
{
	uint8_t shared[crypto_scalarmult_BYTES];
	uint8_t hash[crypto_hash_sha512_BYTES];
	uint8_t counter[16] = {0};
	bool ok = crypto_scalarmult(shared, secret, point) == 0;

	if (ok) {
		crypto_hash_sha512(hash, shared, sizeof(shared));
		memcpy(counter, p, 12); // packet ID, first 4 bytes of the destination
		ok = rl_aes_ctr(&c->siv, hash, counter, p + ZT_AT_MAC, inner_len - ZT_AT_MAC);
	}
	sodium_memzero(shared, sizeof(shared));
	sodium_memzero(hash, sizeof(hash));
	return ok;
}

size_t rl_armor_xhello_open(struct rl_cipher *c, const struct rl_secret *mine, uint8_t *p,
			    size_t len)
{
	size_t inner = len - ZT_XHELLO_KEY_LEN;

	if (len < XHELLO_MIN || len > ZT_PACKET_MAX)
		return 0;
	return xhello_layer(c, mine->key, p + inner, p, inner) ? inner : 0;
}

size_t rl_armor_xhello_seal(struct rl_cipher *c, const uint8_t root_public[static ZT_PUBLIC_LEN],
			    const uint8_t ephemeral_secret[static 32], uint8_t *p, size_t len)
{
	if (len < ZT_HDR_LEN || len > ZT_PACKET_MAX - ZT_XHELLO_KEY_LEN)
		return 0;
	if (crypto_scalarmult_base(p + len, ephemeral_secret) ||
	    !xhello_layer(c, ephemeral_secret, root_public, p, len))
		return 0;
	return len + ZT_XHELLO_KEY_LEN;
}
