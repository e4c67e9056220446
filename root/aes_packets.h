// SPDX-License-Identifier: BSD-3-Clause
// Suite 3 (docs/protocol.md 2.6) over LANES packets, each in its lane of root/aes_lanes.h. Packets
// of one call may differ in length: those that end early wait for the longest. The .c files that
// include this define, besides what aes_lanes.h wants, DEEP: how many blocks of key stream of one
// packet are under way at once.

#include "root/aes_gmac_siv.h"
#include "root/aes_lanes.h"

enum { WIDE_FROM = 8 }; // blocks, from which on the powers of H pay

struct lanes {
	unsigned used; // the others do as the first one does, but write nothing
	uint8_t *text[LANES];
	size_t len[LANES];
	size_t shortest, longest;
	vec k0[2], k1[2]; // halves of the keys
	vec aad, tag;
};

INLINE void lanes_load(struct lanes *l, struct rl_siv_packet *p, unsigned n)
{
	__m128i k[4][LANES], aad[LANES], tag[LANES];
	l->used = n;
	l->shortest = l->longest = p->len;
	for (unsigned i = 0; i < LANES; i++) {
		const struct rl_siv_packet *from = i < n ? &p[i] : p;
		for (unsigned half = 0; half < 2; half++) {
			k[half][i] = _mm_loadu_si128((const void *)(from->k0 + 16 * half));
			k[2 + half][i] = _mm_loadu_si128((const void *)(from->k1 + 16 * half));
		}
		aad[i] = _mm_loadu_si128((const void *)from->aad);
		tag[i] = _mm_loadu_si128((const void *)from->tag);
		l->text[i] = from->text;
		l->len[i] = from->len;
		l->longest = from->len > l->longest ? from->len : l->longest;
		l->shortest = from->len < l->shortest ? from->len : l->shortest;
	}
	for (unsigned half = 0; half < 2; half++) {
		l->k0[half] = join(k[half]);
		l->k1[half] = join(k[2 + half]);
	}
	l->aad = join(aad);
	l->tag = join(tag);
}

// Up to 16 bytes, zeros behind them; reads no byte beyond.
TARGET static __m128i load_part(const uint8_t *p, size_t n)
{
	uint64_t lo = 0, hi = 0;
	if (n >= 16)
		return _mm_loadu_si128((const void *)p);
	if (n > 8) {
		memcpy(&lo, p, 8);
		memcpy(&hi, p + n - 8, 8);
		hi >>= 8 * (16 - n);
	} else if (n >= 4) {
		uint32_t first, last;
		memcpy(&first, p, 4);
		memcpy(&last, p + n - 4, 4);
		lo = first | (uint64_t)last << 8 * (n - 4);
	} else if (n > 0) {
		lo = (uint64_t)p[n - 1] << 8 * (n - 1) | (uint64_t)p[n / 2] << 8 * (n / 2) | p[0];
	}
	return _mm_set_epi64x((int64_t)hi, (int64_t)lo);
}

TARGET static void store_part(uint8_t *p, size_t n, __m128i x)
{
	if (n >= 16) {
		_mm_storeu_si128((void *)p, x);
		return;
	}
	uint64_t v = (uint64_t)_mm_cvtsi128_si64(x);
	if (n & 8) {
		memcpy(p, &v, 8);
		p += 8;
		v = (uint64_t)_mm_extract_epi64(x, 1);
	}
	if (n & 4) {
		memcpy(p, &v, 4);
		p += 4;
		v >>= 32;
	}
	if (n & 2) {
		memcpy(p, &v, 2);
		p += 2;
		v >>= 16;
	}
	if (n & 1)
		*p = (uint8_t)v;
}

// Text of all lanes from this byte on that all of them have.
INLINE vec text_full(const struct lanes *l, size_t at)
{
	__m128i x[LANES];
	for (unsigned i = 0; i < LANES; i++)
		x[i] = _mm_loadu_si128((const void *)(l->text[i] + at));
	return join(x);
}

TARGET static vec text_part(const struct lanes *l, size_t at)
{
	__m128i x[LANES];
	for (unsigned i = 0; i < LANES; i++)
		x[i] = at < l->len[i] ? load_part(l->text[i] + at, l->len[i] - at)
				      : _mm_setzero_si128();
	return join(x);
}

// a of the lanes that have text at this byte, b of the others.
TARGET static vec where_text(const struct lanes *l, size_t at, vec a, vec b)
{
	__m128i x[LANES], y[LANES];
	split(a, x);
	split(b, y);
	for (unsigned i = 0; i < LANES; i++)
		x[i] = at < l->len[i] ? x[i] : y[i];
	return join(x);
}

INLINE vec ghash(const struct lanes *l, vec h)
{
	vec y = multiply(reversed(l->aad), h);
	size_t at = 0;
	if (l->shortest >= 16 * WIDE_FROM) {
		const vec h2 = multiply(h, h), h3 = multiply(h2, h), h4 = multiply(h2, h2);
		for (; at + 64 <= l->shortest; at += 64) {
			struct product sum = product(xor(y, reversed(text_full(l, at))), h4);
			sum = product_add(sum, product(reversed(text_full(l, at + 16)), h3));
			sum = product_add(sum, product(reversed(text_full(l, at + 32)), h2));
			sum = product_add(sum, product(reversed(text_full(l, at + 48)), h));
			y = reduced(sum);
		}
	}
	for (; at + 16 <= l->shortest; at += 16)
		y = multiply(xor(y, reversed(text_full(l, at))), h);
	for (; at < l->longest; at += 16) {
		vec next = multiply(xor(y, reversed(text_part(l, at))), h);
		y = where_text(l, at, next, y);
	}
	__m128i bits[LANES];
	for (unsigned i = 0; i < LANES; i++)
		bits[i] = _mm_set_epi64x((int64_t)(8 * (sizeof(__m128i) + l->len[i])), 0);
	return multiply(xor(y, join(bits)), h);
}

// GMAC of AAD and text under k0, folded: in the low half of each lane. iv: in the low half.
INLINE vec gmac(const struct lanes *l, vec iv)
{
	struct schedule s;
	expand(&s, l->k0[0], l->k0[1]);
	const vec h = shifted_up(reversed(encrypt(&s, all_zero())));
	const vec j0 = xor(down8(up8(iv)), all(_mm_set_epi32(1 << 24, 0, 0, 0)));
	const vec mask = encrypt(&s, j0);
	const vec tag = xor(reversed(ghash(l, h)), mask);
	return xor(tag, down8(tag));
}

INLINE void xor_full(const struct lanes *l, size_t at, vec stream)
{
	__m128i x[LANES];
	split(stream, x);
	for (unsigned i = 0; i < LANES; i++) {
		uint8_t *p = l->text[i] + at;
		x[i] = _mm_xor_si128(x[i], _mm_loadu_si128((const void *)p));
		if (i < l->used)
			_mm_storeu_si128((void *)p, x[i]);
	}
}

TARGET static void xor_part(const struct lanes *l, size_t at, vec stream)
{
	__m128i x[LANES];
	split(stream, x);
	for (unsigned i = 0; i < l->used; i++) {
		if (at >= l->len[i])
			continue;
		uint8_t *p = l->text[i] + at;
		size_t left = l->len[i] - at;
		store_part(p, left, _mm_xor_si128(x[i], load_part(p, left)));
	}
}

// CTR under k1's schedule. The counter is the tag with the top bit of its last 32 cleared, so it
// does not overflow.
INLINE void ctr(const struct schedule *s, const struct lanes *l, vec tag)
{
	const vec one = all(_mm_set_epi32(0, 0, 0, 1));
	const vec clear = all(_mm_set_epi32((int)0xffffff7f, -1, -1, -1));
	vec next = reversed(both(tag, clear));
	size_t at = 0;
	for (; at + 16 * DEEP <= l->shortest; at += 16 * DEEP) {
		vec x[DEEP];
		for (unsigned d = 0; d < DEEP; d++) {
			x[d] = xor(reversed(next), s->k[0]);
			next = add32(next, one);
		}
		for (unsigned n = 1; n < ROUNDS; n++)
			for (unsigned d = 0; d < DEEP; d++)
				x[d] = aes_enc(x[d], s->k[n]);
		for (unsigned d = 0; d < DEEP; d++)
			xor_full(l, at + 16 * d, aes_enclast(x[d], s->k[ROUNDS]));
	}
	for (; at < l->longest; at += 16) {
		xor_part(l, at, encrypt(s, reversed(next)));
		next = add32(next, one);
	}
}

INLINE void seal_packets(struct rl_siv_packet *p, unsigned n)
{
	struct schedule s;
	struct lanes l;
	__m128i tag[LANES];
	lanes_load(&l, p, n);
	expand(&s, l.k1[0], l.k1[1]);
	const vec iv = down8(up8(l.tag));
	const vec t = encrypt(&s, xor(iv, up8(gmac(&l, iv))));
	split(t, tag);
	for (unsigned i = 0; i < n; i++) {
		_mm_storeu_si128((void *)p[i].tag, tag[i]);
		p[i].ok = true;
	}
	ctr(&s, &l, t);
}

INLINE void open_packets(struct rl_siv_packet *p, unsigned n)
{
	struct schedule s;
	struct lanes l;
	__m128i differ[LANES];
	lanes_load(&l, p, n);
	expand(&s, l.k1[0], l.k1[1]);
	ctr(&s, &l, l.tag);
	const vec sent = decrypt(&s, l.tag); // IV and folded MAC
	split(xor(down8(sent), gmac(&l, sent)), differ);
	for (unsigned i = 0; i < n; i++)
		p[i].ok = _mm_cvtsi128_si64(differ[i]) == 0;
}
