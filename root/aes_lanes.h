// SPDX-License-Identifier: BSD-3-Clause
// AES-256 and the multiplication of GHASH, with one packet's block in each 128-bit lane: what takes
// as long as the instruction's latency for one packet takes no longer for several. One body for all
// widths: the .c files that include this define WIDTH (bits of a register: 128, 512), REGS
// (registers side by side) and TARGET (function attribute) first. LANES = packets at once.

#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LANES  (REGS * WIDTH / 128)
#define INLINE TARGET static inline __attribute__((always_inline))
#define EACH   _Pragma("GCC unroll 8") for (unsigned i = 0; i < REGS; i++)

#if WIDTH == 128
typedef __m128i reg;
#define REG(op)          _mm_##op
#define REG_XOR          _mm_xor_si128
#define REG_AND          _mm_and_si128
#define REG_SHIFT_LEFT   _mm_slli_si128
#define REG_SHIFT_RIGHT  _mm_srli_si128
#define REG_AES(op)      _mm_aes##op##_si128
#define REG_CLMUL        _mm_clmulepi64_si128
#define REG_IMC(x, zero) _mm_aesimc_si128(((void)(zero), x))
#define REG_ALL(x)       (x)
#else
typedef __m512i reg;
#define REG(op)          _mm512_##op
#define REG_XOR          _mm512_xor_si512
#define REG_AND          _mm512_and_si512
#define REG_SHIFT_LEFT   _mm512_bslli_epi128
#define REG_SHIFT_RIGHT  _mm512_bsrli_epi128
#define REG_AES(op)      _mm512_aes##op##_epi128
#define REG_CLMUL        _mm512_clmulepi64_epi128
// There is no wide aesimc; decrypting what was substituted leaves InvMixColumns alone.
#define REG_IMC(x, zero) _mm512_aesdec_epi128(_mm512_aesenclast_epi128(x, zero), zero)
#define REG_ALL(x)       _mm512_broadcast_i32x4(x)
#endif

typedef struct {
	reg r[REGS];
} vec;

#define UNARY(name, op, arg)                   \
	INLINE vec name(vec a)                 \
	{                                      \
		EACH a.r[i] = op(a.r[i], arg); \
		return a;                      \
	}
#define BINARY(name, op, ...)                                                \
	INLINE vec name(vec a, vec b)                                        \
	{                                                                    \
		EACH a.r[i] = op(a.r[i], b.r[i] __VA_OPT__(, ) __VA_ARGS__); \
		return a;                                                    \
	}
BINARY(xor, REG_XOR)
BINARY(both, REG_AND)
BINARY(add32, REG(add_epi32))
BINARY(aes_enc, REG_AES(enc))
BINARY(aes_enclast, REG_AES(enclast))
BINARY(aes_dec, REG_AES(dec))
BINARY(aes_declast, REG_AES(declast))
BINARY(clmul_lo_lo, REG_CLMUL, 0x00)
BINARY(clmul_hi_lo, REG_CLMUL, 0x01)
BINARY(clmul_lo_hi, REG_CLMUL, 0x10)
BINARY(clmul_hi_hi, REG_CLMUL, 0x11)
UNARY(up4, REG_SHIFT_LEFT, 4) // bytes
UNARY(up8, REG_SHIFT_LEFT, 8)
UNARY(down8, REG_SHIFT_RIGHT, 8)
UNARY(down12, REG_SHIFT_RIGHT, 12)
UNARY(double32, REG(slli_epi32), 1)
UNARY(top_bit32, REG(srli_epi32), 31)
UNARY(swap_halves, REG(shuffle_epi32), 0x4e)

INLINE vec all(__m128i x)
{
	vec v;
	EACH v.r[i] = REG_ALL(x);
	return v;
}

INLINE vec all_zero(void)
{
	return all(_mm_setzero_si128());
}

INLINE vec shuffle(vec a, __m128i pattern)
{
	const vec by = all(pattern);
	EACH a.r[i] = REG(shuffle_epi8)(a.r[i], by.r[i]);
	return a;
}

INLINE vec inverse_mix(vec a)
{
	const vec zero = all_zero();
	EACH a.r[i] = REG_IMC(a.r[i], zero.r[i]);
	return a;
}

INLINE vec join(const __m128i x[static LANES])
{
	vec v;
	EACH memcpy(&v.r[i], &x[i * (WIDTH / 128)], sizeof(reg));
	return v;
}

INLINE void split(vec v, __m128i x[static LANES])
{
	EACH memcpy(&x[i * (WIDTH / 128)], &v.r[i], sizeof(reg));
}

// AES-256 (FIPS 197)

enum { ROUNDS = 14 };

struct schedule {
	vec k[ROUNDS + 1];
};

// Each word of a round key is the xor of the words before it in the round key two earlier.
INLINE vec spread(vec k)
{
	k = xor(k, up4(k));
	return xor(k, up8(k));
}

// SubWord of one word in all four places is an AES last round of them: the rows that it would shift
// are alike. That is half the latency of the instruction made for it.
INLINE vec sub_word(vec k, bool rotate, uint32_t rcon)
{
	k = shuffle(k, _mm_set1_epi32(rotate ? 0x0c0f0e0d : 0x0f0e0d0c));
	return aes_enclast(k, all(_mm_set1_epi32((int)rcon)));
}

// a, b: the two halves of each lane's key.
INLINE void expand(struct schedule *s, vec a, vec b)
{
	uint32_t rcon = 1;
	s->k[0] = a;
	s->k[1] = b;
	for (unsigned n = 2; n < ROUNDS; n += 2, rcon *= 2) {
		a = xor(spread(a), sub_word(b, true, rcon));
		b = xor(spread(b), sub_word(a, false, 0));
		s->k[n] = a;
		s->k[n + 1] = b;
	}
	s->k[ROUNDS] = xor(spread(a), sub_word(b, true, rcon));
}

INLINE vec encrypt(const struct schedule *s, vec x)
{
	x = xor(x, s->k[0]);
	for (unsigned n = 1; n < ROUNDS; n++)
		x = aes_enc(x, s->k[n]);
	return aes_enclast(x, s->k[ROUNDS]);
}

INLINE vec decrypt(const struct schedule *s, vec x)
{
	x = xor(x, s->k[ROUNDS]);
	for (unsigned n = ROUNDS - 1; n > 0; n--)
		x = aes_dec(x, inverse_mix(s->k[n]));
	return aes_declast(x, s->k[0]);
}

// GHASH (NIST SP 800-38D). It numbers its bits backwards, so blocks are taken with their bytes
// reversed, and a product comes out one bit too low: the factor that stays, H, is kept shifted up
// by that bit, reduced. What is below the middle of the 256 bits is folded up in two steps, each by
// a multiplication with the upper half of x^128 + x^127 + x^126 + x^121 + 1; its lower half is 1.

INLINE vec reversed(vec x)
{
	return shuffle(x, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

INLINE vec polynomial(void)
{
	return all(_mm_set1_epi64x((int64_t)0xc200000000000000));
}

INLINE vec shifted_up(vec h)
{
	const vec carry = top_bit32(h), out = down12(carry);
	h = xor(double32(h), up4(carry));
	return xor(h, xor(out, up8(clmul_lo_lo(out, polynomial()))));
}

// A 256-bit product, not yet reduced.
struct product {
	vec lo, mid, hi;
};

INLINE struct product product(vec a, vec h)
{
	return (struct product){clmul_lo_lo(a, h), xor(clmul_hi_lo(a, h), clmul_lo_hi(a, h)),
				clmul_hi_hi(a, h)};
}

INLINE struct product product_add(struct product p, struct product q)
{
	return (struct product){xor(p.lo, q.lo), xor(p.mid, q.mid), xor(p.hi, q.hi)};
}

INLINE vec reduced(struct product p)
{
	vec lo = xor(p.lo, up8(p.mid));
	const vec hi = xor(p.hi, down8(p.mid)), poly = polynomial();
	lo = xor(swap_halves(lo), clmul_lo_lo(lo, poly));
	lo = xor(swap_halves(lo), clmul_lo_lo(lo, poly));
	return xor(hi, lo);
}

// h: shifted up. A product of two that are is one as well: a power of H.
INLINE vec multiply(vec a, vec h)
{
	return reduced(product(a, h));
}
