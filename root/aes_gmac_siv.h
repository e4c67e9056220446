// SPDX-License-Identifier: BSD-3-Clause
// AES-256-GMAC-SIV, cipher suite 3 (docs/protocol.md 2.6), and the plain AES-256-CTR of encrypted
// HELLO (4.3.4): by the CPU's AES instructions where it has them, else by libcrypto, whose contexts
// are made once; sealing and opening do not allocate. One struct per thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct aes_many;
struct evp_cipher_ctx_st;

struct rl_siv {
	bool ni; // the CPU does it alone (root/aes_ni.h); tests clear it to compare
	const struct aes_many *many;   // several packets at once; NULL: one by one
	struct evp_cipher_ctx_st *gcm; // GMAC under K0
	struct evp_cipher_ctx_st *ctr; // CTR and the forward block under K1
	struct evp_cipher_ctx_st *ecb; // the backward block under K1
};

// 0, or -ENOMEM: memory is short or libcrypto lacks a cipher. Free it in both cases.
int rl_siv_init(struct rl_siv *s);
void rl_siv_free(struct rl_siv *s);

// Text is ciphered in place. tag: the 16 bytes that go on the wire as packet ID and MAC. len and
// aad_len: below 2^20. False: libcrypto failed, the text is not fit to be sent; it does not happen
// with contexts that were made.
bool rl_siv_seal(struct rl_siv *s, const uint8_t k0[static 32], const uint8_t k1[static 32],
		 const uint8_t iv[static 8], const uint8_t *aad, size_t aad_len, uint8_t *text,
		 size_t len, uint8_t tag[static 16]);
// False: not authentic; the text is garbage then.
bool rl_siv_open(struct rl_siv *s, const uint8_t k0[static 32], const uint8_t k1[static 32],
		 const uint8_t tag[static 16], const uint8_t *aad, size_t aad_len, uint8_t *text,
		 size_t len);

// The same for many packets, several at a time where the CPU can. AAD is one block, padded with
// zeros. tag: sealing finds the IV in its first 8 bytes and leaves the tag; opening reads the tag.
// ok: as the return value above. Everything pointed to stays the caller's.
struct rl_siv_packet {
	const uint8_t *k0, *k1;
	uint8_t *text;
	size_t len;
	uint8_t aad[16];
	uint8_t tag[16];
	bool ok;
};
void rl_siv_seal_many(struct rl_siv *s, struct rl_siv_packet *p, unsigned n);
void rl_siv_open_many(struct rl_siv *s, struct rl_siv_packet *p, unsigned n);

// AES-256-CTR in place, from the given counter block.
bool rl_aes_ctr(struct rl_siv *s, const uint8_t key[static 32], const uint8_t counter[static 16],
		uint8_t *p, size_t len);
