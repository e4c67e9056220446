// SPDX-License-Identifier: BSD-3-Clause
// Other CPUs than x86-64: libcrypto does it all.
#include "root/aes_ni.h"

#include <stdlib.h>

const struct aes_many *const aes_many[] = {NULL};

bool aes_ni_found(void)
{
	return false;
}

void aes_ni_siv_seal(const uint8_t k0[static 32], const uint8_t k1[static 32],
		     const uint8_t iv[static 8], const uint8_t *aad, size_t aad_len, uint8_t *text,
		     size_t len, uint8_t tag[static 16])
{
	(void)k0, (void)k1, (void)iv, (void)aad, (void)aad_len, (void)text, (void)len, (void)tag;
	abort();
}

bool aes_ni_siv_open(const uint8_t k0[static 32], const uint8_t k1[static 32],
		     const uint8_t tag[static 16], const uint8_t *aad, size_t aad_len,
		     uint8_t *text, size_t len)
{
	(void)k0, (void)k1, (void)tag, (void)aad, (void)aad_len, (void)text, (void)len;
	abort();
}

void aes_ni_ctr(const uint8_t key[static 32], const uint8_t counter[static 16], uint8_t *p,
		size_t len)
{
	(void)key, (void)counter, (void)p, (void)len;
	abort();
}
