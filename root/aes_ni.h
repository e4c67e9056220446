// SPDX-License-Identifier: BSD-3-Clause
// Suite 3 by the CPU's own AES and carry-less multiplication (x86-64), for root/aes_gmac_siv.c,
// which asks aes_ni_found() first and has libcrypto otherwise. A packet of 41 bytes costs a fifth
// of what libcrypto's generic interface takes: there the contexts, not the cipher, are the price.
//
// Pure; no state, any thread. Arguments as in aes_gmac_siv.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool aes_ni_found(void);

void aes_ni_siv_seal(const uint8_t k0[static 32], const uint8_t k1[static 32],
		     const uint8_t iv[static 8], const uint8_t *aad, size_t aad_len, uint8_t *text,
		     size_t len, uint8_t tag[static 16]);
bool aes_ni_siv_open(const uint8_t k0[static 32], const uint8_t k1[static 32],
		     const uint8_t tag[static 16], const uint8_t *aad, size_t aad_len,
		     uint8_t *text, size_t len);
void aes_ni_ctr(const uint8_t key[static 32], const uint8_t counter[static 16], uint8_t *p,
		size_t len);

// Several packets side by side (root/aes_packets.h): `lanes` of them at most take little longer
// than one. Fewer than `worth` are done one by one. Callers ask found() first.
struct rl_siv_packet;
struct aes_many {
	const char *name;
	unsigned lanes, worth;
	bool (*found)(void);
	void (*seal)(struct rl_siv_packet *p, unsigned n);
	void (*open)(struct rl_siv_packet *p, unsigned n);
};
// Best first; NULL ends them.
extern const struct aes_many *const aes_many[];
