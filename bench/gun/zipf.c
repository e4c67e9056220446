// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/zipf.h"

#include <math.h>

// (exp(x) - 1) / x and log(1 + x) / x, also where x is next to nothing (s next to 1).
static double expm1_over(double x)
{
	return fabs(x) > 1e-8 ? expm1(x) / x : 1 + x / 2;
}

static double log1p_over(double x)
{
	return fabs(x) > 1e-8 ? log1p(x) / x : 1 - x / 2;
}

static double density(const struct zipf *z, double x)
{
	return exp(-z->s * log(x));
}

// An antiderivative of the density, and its inverse.
static double area(const struct zipf *z, double x)
{
	double l = log(x);

	return expm1_over((1 - z->s) * l) * l;
}

static double area_inverse(const struct zipf *z, double a)
{
	double t = a * (1 - z->s);

	// Below -1 only by rounding.
	return exp(log1p_over(t < -1 ? -1 : t) * a);
}

static uint32_t gcd(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t t = a % b;

		a = b;
		b = t;
	}
	return a;
}

void zipf_init(struct zipf *z, uint32_t n, double s)
{
	*z = (struct zipf){.n = n, .s = s};
	// Next to the golden section, and without a common divisor: steps of this size visit all.
	z->step = (uint32_t)(n * 0.6180339887);
	while (z->step < 1 || gcd(z->step, n) != 1)
		z->step++;
	if (s > 0) {
		z->first = area(z, 1.5) - 1;
		z->last = area(z, n + 0.5);
		z->skip = 2 - area_inverse(z, area(z, 2.5) - density(z, 2));
	}
}

uint32_t zipf_rank(const struct zipf *z, struct rng *r)
{
	if (z->s <= 0)
		return rng_below(r, z->n);
	for (;;) {
		double a = z->last + rng_unit(r) * (z->first - z->last);
		double x = area_inverse(z, a);
		double k = floor(x + 0.5);

		if (k < 1)
			k = 1;
		if (k > z->n)
			k = z->n;
		if (k - x <= z->skip || a >= area(z, k + 0.5) - density(z, k))
			return (uint32_t)k - 1;
	}
}

uint32_t zipf_next(const struct zipf *z, struct rng *r)
{
	uint32_t rank = zipf_rank(z, r);

	return z->s <= 0 ? rank : (uint32_t)((uint64_t)rank * z->step % z->n);
}

uint32_t zipf_other(const struct zipf *z, struct rng *r, uint32_t not_this)
{
	uint32_t node = zipf_next(z, r);

	// A steep law draws one node nearly always: a few tries, then any other.
	for (unsigned i = 0; node == not_this && z->n > 1; i++)
		node = i < 8 ? zipf_next(z, r) : rng_below(r, z->n);
	return node;
}
