// SPDX-License-Identifier: BSD-3-Clause
#include "root/random.h"

#include <sodium.h>

#include <string.h>

static void refill(struct rl_random *r)
{
	uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];

	memcpy(nonce, &r->block, sizeof(nonce));
	crypto_stream_chacha20(r->pool, sizeof(r->pool), nonce, r->key);
	r->block++;
	r->at = 0;
}

void rl_random_init(struct rl_random *r, const uint8_t seed[static 32])
{
	memcpy(r->key, seed, sizeof(r->key));
	r->block = 0;
	r->at = sizeof(r->pool);
}

static void take(struct rl_random *r, void *out, uint32_t n)
{
	if (sizeof(r->pool) - r->at < n)
		refill(r);
	memcpy(out, r->pool + r->at, n);
	r->at += n;
}

uint64_t rl_random64(struct rl_random *r)
{
	uint64_t v;

	take(r, &v, sizeof(v));
	return v;
}

uint32_t rl_random_below(struct rl_random *r, uint32_t n)
{
	// Multiply and keep the upper half; the few low products that would make some results more
	// likely are drawn again (Lemire 2019).
	uint32_t reject = -n % n;
	uint64_t product;
	uint32_t v;

	do {
		take(r, &v, sizeof(v));
		product = (uint64_t)v * n;
	} while ((uint32_t)product < reject);
	return (uint32_t)(product >> 32);
}
