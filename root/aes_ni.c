// SPDX-License-Identifier: BSD-3-Clause
#include "root/aes_ni.h"

#include <immintrin.h>
#include <sodium.h>
#include <string.h>

#define NI __attribute__((target("aes,pclmul,sse4.1,ssse3")))

enum { ROUNDS = 14, LANES = 8 };

struct schedule {
	__m128i k[ROUNDS + 1];
};

extern const struct aes_many aes_vaes, aes_ni4;
const struct aes_many *const aes_many[] = {&aes_vaes, &aes_ni4, NULL};

bool aes_ni_found(void)
{
	return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul") &&
	       __builtin_cpu_supports("sse4.1");
}

// Each word of a round key is the xor of the words before it in the round key two earlier.
NI static inline __m128i spread(__m128i k)
{
	k = _mm_xor_si128(k, _mm_slli_si128(k, 4));
	return _mm_xor_si128(k, _mm_slli_si128(k, 8));
}

// FIPS 197 key expansion. SubWord of one word in all four places is an AES last round of them: the
// rows that it would shift are alike. That is half the latency of the instruction made for it.
NI static inline __m128i sub_word(__m128i k, int rotate, uint32_t rcon)
{
	const __m128i rot = _mm_set1_epi32(0x0c0f0e0d), keep = _mm_set1_epi32(0x0f0e0d0c);
	return _mm_aesenclast_si128(_mm_shuffle_epi8(k, rotate ? rot : keep),
				    _mm_set1_epi32((int)rcon));
}

NI static inline void expand(struct schedule *s, const uint8_t key[static 32])
{
	__m128i a = _mm_loadu_si128((const void *)key);
	__m128i b = _mm_loadu_si128((const void *)(key + 16));
	uint32_t rcon = 1;
	s->k[0] = a;
	s->k[1] = b;
	for (unsigned i = 2; i < ROUNDS; i += 2, rcon *= 2) {
		a = _mm_xor_si128(spread(a), sub_word(b, 1, rcon));
		b = _mm_xor_si128(spread(b), sub_word(a, 0, 0));
		s->k[i] = a;
		s->k[i + 1] = b;
	}
	s->k[ROUNDS] = _mm_xor_si128(spread(a), sub_word(b, 1, rcon));
}

NI static inline __m128i encrypt(const struct schedule *s, __m128i x)
{
	x = _mm_xor_si128(x, s->k[0]);
	for (unsigned i = 1; i < ROUNDS; i++)
		x = _mm_aesenc_si128(x, s->k[i]);
	return _mm_aesenclast_si128(x, s->k[ROUNDS]);
}

NI static inline __m128i decrypt(const struct schedule *s, __m128i x)
{
	x = _mm_xor_si128(x, s->k[ROUNDS]);
	for (unsigned i = ROUNDS - 1; i > 0; i--)
		x = _mm_aesdec_si128(x, _mm_aesimc_si128(s->k[i]));
	return _mm_aesdeclast_si128(x, s->k[0]);
}

NI static inline __m128i reversed(__m128i x)
{
	return _mm_shuffle_epi8(x,
				_mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

// A 256-bit product of the field of GHASH, not yet reduced.
struct product {
	__m128i lo, mid, hi;
};

NI static inline void multiply_add(struct product *p, __m128i a, __m128i b)
{
	p->lo = _mm_xor_si128(p->lo, _mm_clmulepi64_si128(a, b, 0x00));
	p->hi = _mm_xor_si128(p->hi, _mm_clmulepi64_si128(a, b, 0x11));
	p->mid = _mm_xor_si128(p->mid, _mm_clmulepi64_si128(a, b, 0x01));
	p->mid = _mm_xor_si128(p->mid, _mm_clmulepi64_si128(a, b, 0x10));
}

// GHASH numbers its bits backwards (NIST SP 800-38D, 6.3): with the bytes reversed a product comes
// out one bit too low, so shift all 256 bits by one, then reduce by x^128 + x^7 + x^2 + x + 1.
NI static inline __m128i reduce(const struct product *p)
{
	__m128i lo = _mm_xor_si128(p->lo, _mm_slli_si128(p->mid, 8));
	__m128i hi = _mm_xor_si128(p->hi, _mm_srli_si128(p->mid, 8));
	__m128i lo_out = _mm_srli_epi32(lo, 31), hi_out = _mm_srli_epi32(hi, 31);
	lo = _mm_or_si128(_mm_slli_epi32(lo, 1), _mm_slli_si128(lo_out, 4));
	hi = _mm_or_si128(_mm_slli_epi32(hi, 1), _mm_slli_si128(hi_out, 4));
	hi = _mm_or_si128(hi, _mm_srli_si128(lo_out, 12));

	__m128i fold = _mm_xor_si128(_mm_slli_epi32(lo, 31), _mm_slli_epi32(lo, 30));
	fold = _mm_xor_si128(fold, _mm_slli_epi32(lo, 25));
	__m128i carry = _mm_srli_si128(fold, 4);
	lo = _mm_xor_si128(lo, _mm_slli_si128(fold, 12));
	__m128i down = _mm_xor_si128(_mm_srli_epi32(lo, 1), _mm_srli_epi32(lo, 2));
	down = _mm_xor_si128(down, _mm_srli_epi32(lo, 7));
	down = _mm_xor_si128(down, carry);
	return _mm_xor_si128(hi, _mm_xor_si128(lo, down));
}

NI static inline __m128i multiply(__m128i a, __m128i b)
{
	struct product p = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
	multiply_add(&p, a, b);
	return reduce(&p);
}

struct ghash {
	__m128i h[4]; // H, H^2, H^3, H^4; the powers only if `wide`
	__m128i y;
	bool wide;
};

NI static inline __m128i load_block(const uint8_t *p, size_t n)
{
	uint8_t block[16] = {0};
	memcpy(block, p, n);
	return reversed(_mm_loadu_si128((const void *)block));
}

// Whole blocks, then one padded with zeros.
NI static inline void ghash_add(struct ghash *g, const uint8_t *p, size_t len)
{
	for (; g->wide && len >= 64; p += 64, len -= 64) {
		struct product sum = {_mm_setzero_si128(), _mm_setzero_si128(),
				      _mm_setzero_si128()};
		for (unsigned i = 0; i < 4; i++) {
			__m128i x = reversed(_mm_loadu_si128((const void *)(p + 16 * i)));
			multiply_add(&sum, i ? x : _mm_xor_si128(x, g->y), g->h[3 - i]);
		}
		g->y = reduce(&sum);
	}
	for (; len >= 16; p += 16, len -= 16) {
		__m128i x = reversed(_mm_loadu_si128((const void *)p));
		g->y = multiply(_mm_xor_si128(g->y, x), g->h[0]);
	}
	if (len)
		g->y = multiply(_mm_xor_si128(g->y, load_block(p, len)), g->h[0]);
}

// GMAC over the AAD padded to whole blocks and the text, folded to 8 bytes.
NI static inline void gmac(const uint8_t k0[static 32], const uint8_t iv[static 8],
			   const uint8_t *aad, size_t aad_len, const uint8_t *text, size_t len,
			   uint8_t folded[static 8])
{
	struct schedule s;
	struct ghash g;
	uint64_t start, bits = ((uint64_t)((aad_len + 15) & ~(size_t)15) + len) * 8;
	expand(&s, k0);
	g.h[0] = reversed(encrypt(&s, _mm_setzero_si128()));
	g.y = _mm_setzero_si128();
	g.wide = len >= 128;
	for (unsigned i = 1; g.wide && i < 4; i++)
		g.h[i] = multiply(g.h[i - 1], g.h[0]);
	ghash_add(&g, aad, aad_len);
	ghash_add(&g, text, len);
	g.y = multiply(_mm_xor_si128(g.y, _mm_set_epi64x((int64_t)bits, 0)), g.h[0]);

	memcpy(&start, iv, 8);
	__m128i j0 = _mm_set_epi32(1 << 24, 0, (int)(start >> 32), (int)start);
	__m128i tag = _mm_xor_si128(reversed(g.y), encrypt(&s, j0));
	tag = _mm_xor_si128(tag, _mm_srli_si128(tag, 8));
	_mm_storel_epi64((void *)folded, tag);
}

// The counter is the last 32 bits, big-endian; it does not overflow (first_counter() clears its top
// bit, and packets are short).
NI static inline void ctr(const struct schedule *s, __m128i counter, uint8_t *p, size_t len)
{
	__m128i next = reversed(counter);
	while (len > 0) {
		__m128i x[LANES];
		unsigned n = len >= LANES * 16 ? LANES : (unsigned)((len + 15) / 16);
		for (unsigned i = 0; i < n; i++) {
			x[i] = _mm_xor_si128(reversed(next), s->k[0]);
			next = _mm_add_epi32(next, _mm_set_epi32(0, 0, 0, 1));
		}
		for (unsigned r = 1; r < ROUNDS; r++)
			for (unsigned i = 0; i < n; i++)
				x[i] = _mm_aesenc_si128(x[i], s->k[r]);
		for (unsigned i = 0; i < n; i++) {
			uint8_t stream[16];
			size_t part = len < 16 ? len : 16;
			x[i] = _mm_aesenclast_si128(x[i], s->k[ROUNDS]);
			if (part == 16) {
				__m128i t = _mm_loadu_si128((const void *)p);
				_mm_storeu_si128((void *)p, _mm_xor_si128(t, x[i]));
			} else {
				_mm_storeu_si128((void *)stream, x[i]);
				for (size_t k = 0; k < part; k++)
					p[k] ^= stream[k];
			}
			p += part;
			len -= part;
		}
	}
}

NI static inline __m128i first_counter(__m128i tag)
{
	return _mm_and_si128(tag, _mm_set_epi32((int)0xffffff7f, -1, -1, -1));
}

NI void aes_ni_siv_seal(const uint8_t k0[static 32], const uint8_t k1[static 32],
			const uint8_t iv[static 8], const uint8_t *aad, size_t aad_len,
			uint8_t *text, size_t len, uint8_t tag[static 16])
{
	struct schedule s;
	uint8_t block[16];
	memcpy(block, iv, 8);
	expand(&s, k1);
	gmac(k0, iv, aad, aad_len, text, len, block + 8);
	__m128i t = encrypt(&s, _mm_loadu_si128((const void *)block));
	_mm_storeu_si128((void *)tag, t);
	ctr(&s, first_counter(t), text, len);
}

NI bool aes_ni_siv_open(const uint8_t k0[static 32], const uint8_t k1[static 32],
			const uint8_t tag[static 16], const uint8_t *aad, size_t aad_len,
			uint8_t *text, size_t len)
{
	struct schedule s;
	uint8_t block[16], folded[8];
	__m128i t = _mm_loadu_si128((const void *)tag);
	expand(&s, k1);
	ctr(&s, first_counter(t), text, len);
	_mm_storeu_si128((void *)block, decrypt(&s, t));
	gmac(k0, block, aad, aad_len, text, len, folded);
	return sodium_memcmp(folded, block + 8, 8) == 0;
}

NI void aes_ni_ctr(const uint8_t key[static 32], const uint8_t counter[static 16], uint8_t *p,
		   size_t len)
{
	struct schedule s;
	expand(&s, key);
	ctr(&s, _mm_loadu_si128((const void *)counter), p, len);
}
