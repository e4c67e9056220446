// SPDX-License-Identifier: BSD-3-Clause
#include "root/aes_gmac_siv.h"

#include "root/aes_ni.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <errno.h>
#include <string.h>

static const struct aes_many *best_many(void)
{
	for (const struct aes_many *const *m = aes_many; *m; m++)
		if ((*m)->found())
			return *m;
	return NULL;
}

int rl_siv_init(struct rl_siv *s)
{
	s->ni = aes_ni_found();
	s->many = best_many();
	s->gcm = EVP_CIPHER_CTX_new();
	s->ctr = EVP_CIPHER_CTX_new();
	s->ecb = EVP_CIPHER_CTX_new();
	if (!s->gcm || !s->ctr || !s->ecb)
		return -ENOMEM;
	if (!EVP_EncryptInit_ex(s->gcm, EVP_aes_256_gcm(), NULL, NULL, NULL) ||
	    !EVP_EncryptInit_ex(s->ctr, EVP_aes_256_ctr(), NULL, NULL, NULL) ||
	    !EVP_DecryptInit_ex(s->ecb, EVP_aes_256_ecb(), NULL, NULL, NULL) ||
	    !EVP_CIPHER_CTX_set_padding(s->ecb, 0))
		return -ENOMEM;
	return 0;
}

void rl_siv_free(struct rl_siv *s)
{
	// They wipe the last keys.
	EVP_CIPHER_CTX_free(s->gcm);
	EVP_CIPHER_CTX_free(s->ctr);
	EVP_CIPHER_CTX_free(s->ecb);
	*s = (struct rl_siv){0};
}

// GMAC over the AAD, padded with zeros to whole blocks, and the text; folded to 8 bytes.
static bool gmac(struct rl_siv *s, const uint8_t k0[static 32], const uint8_t iv[static 8],
		 const uint8_t *aad, size_t aad_len, const uint8_t *text, size_t len,
		 uint8_t folded[static 8])
{
	static const uint8_t zero[16];
	const size_t pad = (16 - aad_len % 16) % 16;
	uint8_t iv12[12] = {0};
	uint8_t tag[16];
	int n;

	memcpy(iv12, iv, 8);
	if (!EVP_EncryptInit_ex(s->gcm, NULL, NULL, k0, iv12))
		return false;
	if (aad_len && !EVP_EncryptUpdate(s->gcm, NULL, &n, aad, (int)aad_len))
		return false;
	if (pad && !EVP_EncryptUpdate(s->gcm, NULL, &n, zero, (int)pad))
		return false;
	if (len && !EVP_EncryptUpdate(s->gcm, NULL, &n, text, (int)len))
		return false;
	if (!EVP_EncryptFinal_ex(s->gcm, tag, &n) ||
	    !EVP_CIPHER_CTX_ctrl(s->gcm, EVP_CTRL_AEAD_GET_TAG, sizeof(tag), tag))
		return false;
	for (unsigned i = 0; i < 8; i++)
		folded[i] = tag[i] ^ tag[i + 8];
	return true;
}

// key NULL: the one set before.
static bool ctr(struct rl_siv *s, const uint8_t *key, const uint8_t counter[static 16], uint8_t *p,
		size_t len)
{
	int n;

	if (!EVP_EncryptInit_ex(s->ctr, NULL, NULL, key, counter))
		return false;
	return len == 0 || EVP_EncryptUpdate(s->ctr, p, &n, p, (int)len);
}

// The counter has 32 bits on the wire and 128 in libcrypto. With the top bit of the 32 cleared a
// packet is too short to overflow it, so the two agree.
static void first_counter(uint8_t counter[static 16], const uint8_t tag[static 16])
{
	memcpy(counter, tag, 16);
	counter[12] &= 0x7f;
}

bool rl_siv_seal(struct rl_siv *s, const uint8_t k0[static 32], const uint8_t k1[static 32],
		 const uint8_t iv[static 8], const uint8_t *aad, size_t aad_len, uint8_t *text,
		 size_t len, uint8_t tag[static 16])
{
	uint8_t block[16];
	uint8_t counter[16];

	if (s->ni) {
		aes_ni_siv_seal(k0, k1, iv, aad, aad_len, text, len, tag);
		return true;
	}
	memcpy(block, iv, 8);
	if (!gmac(s, k0, iv, aad, aad_len, text, len, block + 8))
		return false;
	// One block of key stream at counter (iv, t) is the AES of that block: no second key
	// schedule.
	memset(tag, 0, 16);
	if (!ctr(s, k1, block, tag, 16))
		return false;
	first_counter(counter, tag);
	return ctr(s, NULL, counter, text, len);
}

bool rl_siv_open(struct rl_siv *s, const uint8_t k0[static 32], const uint8_t k1[static 32],
		 const uint8_t tag[static 16], const uint8_t *aad, size_t aad_len, uint8_t *text,
		 size_t len)
{
	uint8_t counter[16];
	uint8_t block[16];
	uint8_t folded[8];
	int n;

	if (s->ni)
		return aes_ni_siv_open(k0, k1, tag, aad, aad_len, text, len);
	first_counter(counter, tag);
	if (!ctr(s, k1, counter, text, len))
		return false;
	if (!EVP_DecryptInit_ex(s->ecb, NULL, NULL, k1, NULL) ||
	    !EVP_DecryptUpdate(s->ecb, block, &n, tag, 16))
		return false;
	if (!gmac(s, k0, block, aad, aad_len, text, len, folded))
		return false;
	return sodium_memcmp(folded, block + 8, 8) == 0;
}

void rl_siv_seal_many(struct rl_siv *s, struct rl_siv_packet *p, unsigned n)
{
	while (s->many && n >= s->many->worth) {
		unsigned some = n < s->many->lanes ? n : s->many->lanes;
		s->many->seal(p, some);
		p += some;
		n -= some;
	}
	for (unsigned i = 0; i < n; i++) {
		uint8_t iv[8];
		memcpy(iv, p[i].tag, sizeof(iv));
		p[i].ok = rl_siv_seal(s, p[i].k0, p[i].k1, iv, p[i].aad, sizeof(p[i].aad),
				      p[i].text, p[i].len, p[i].tag);
	}
}

void rl_siv_open_many(struct rl_siv *s, struct rl_siv_packet *p, unsigned n)
{
	while (s->many && n >= s->many->worth) {
		unsigned some = n < s->many->lanes ? n : s->many->lanes;
		s->many->open(p, some);
		p += some;
		n -= some;
	}
	for (unsigned i = 0; i < n; i++)
		p[i].ok = rl_siv_open(s, p[i].k0, p[i].k1, p[i].tag, p[i].aad, sizeof(p[i].aad),
				      p[i].text, p[i].len);
}

bool rl_aes_ctr(struct rl_siv *s, const uint8_t key[static 32], const uint8_t counter[static 16],
		uint8_t *p, size_t len)
{
	if (s->ni) {
		aes_ni_ctr(key, counter, p, len);
		return true;
	}
	return ctr(s, key, counter, p, len);
}
