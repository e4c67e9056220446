// SPDX-License-Identifier: BSD-3-Clause
#include "root/salsa.h"

#include <sodium.h>

#include <string.h>

void rl_salsa12_stream(uint8_t *out, size_t len, const uint8_t nonce[static 8],
		       const uint8_t key[static 32])
{
	crypto_stream_salsa2012(out, len, nonce, key);
}

void rl_salsa12_xor(uint8_t *p, size_t len, const uint8_t nonce[static 8],
		    const uint8_t key[static 32])
{
	crypto_stream_salsa2012_xor(p, p, len, nonce, key);
}

void rl_salsa20_stream(uint8_t *out, size_t blocks, const uint8_t nonce[static 8], uint64_t block,
		       const uint8_t key[static 32])
{
	size_t len = blocks * RL_SALSA_BLOCK;

	memset(out, 0, len);
	crypto_stream_salsa20_xor_ic(out, out, len, nonce, block, key);
}
