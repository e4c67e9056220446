// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/seal.h"

#include <sodium.h>

enum {
	TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	SIGNATURE = crypto_sign_BYTES,
	DIGEST = 64,
	WORDS = RL_SEAL_WINDOW / 64 + 1,
};
_Static_assert(SIGNATURE + TAG == (int)RL_BATCH_SEAL, "signature and tag");
_Static_assert(NONCE == 24, "epoch, salt and seq");
_Static_assert(RL_SEAL_KEY == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "");
_Static_assert(RL_SEAL_SECRET == crypto_sign_SECRETKEYBYTES, "");

void rl_seal_new_key(uint8_t key[static RL_SEAL_KEY])
{
	randombytes_buf(key, RL_SEAL_KEY);
}

void rl_seal_new_member(uint8_t public_key[static RL_SEAL_PUBLIC],
			uint8_t secret[static RL_SEAL_SECRET])
{
	crypto_sign_keypair(public_key, secret);
}

// One key for one purpose.
static void derive(const uint8_t *key, const char *purpose, uint64_t cluster, uint8_t member,
		   uint8_t *out, size_t len)
{
	uint8_t label[32] = {0};
	memcpy(label, purpose, strlen(purpose));
	rl_store64(label + 16, cluster);
	label[24] = member;
	crypto_generichash(out, len, label, sizeof(label), key, RL_SEAL_KEY);
}

void rl_seal_directory_key(const uint8_t key[static RL_SEAL_KEY], uint64_t cluster,
			   uint8_t out[static 16])
{
	derive(key, "rl directory 1", cluster, RL_NOBODY, out, 16);
}

void rl_seal_init(struct rl_seal *s, const uint8_t key[static RL_SEAL_KEY], uint64_t cluster,
		  uint8_t self, const uint8_t secret[static RL_SEAL_SECRET], uint64_t epoch,
		  uint64_t salt)
{
	*s = (struct rl_seal){.cluster = cluster, .epoch = epoch, .salt = salt, .self = self};
	for (unsigned m = 1; m < RL_MEMBER_IDS; m++)
		derive(key, "rl batch 1", cluster, (uint8_t)m, s->key[m], RL_SEAL_KEY);
	memcpy(s->secret, secret, RL_SEAL_SECRET);
}

void rl_seal_member(struct rl_seal *s, uint8_t member, const uint8_t *public_key)
{
	s->known[member] = public_key != NULL;
	if (public_key)
		memcpy(s->public[member], public_key, RL_SEAL_PUBLIC);
}

void rl_seal_wipe(struct rl_seal *s)
{
	sodium_memzero(s, sizeof(*s));
}

static void digest(const uint8_t *batch, size_t len, uint8_t out[static DIGEST])
{
	crypto_generichash(out, DIGEST, batch, len, NULL, 0);
}

// Behind the records, to be encrypted with them.
static void sign(const struct rl_seal *s, uint8_t *batch, size_t len)
{
	uint8_t d[DIGEST];
	digest(batch, len, d);
	crypto_sign_detached(batch + len, NULL, d, DIGEST, s->secret);
}

size_t rl_seal_close(struct rl_seal *s, uint8_t *batch, size_t len)
{
	struct rl_batch_head h = {.cluster = s->cluster,
				  .from = s->self,
				  .epoch = s->epoch,
				  .salt = s->salt,
				  .seq = ++s->seq};
	rl_batch_sign_head(batch, &h);
	sign(s, batch, len);
	crypto_aead_xchacha20poly1305_ietf_encrypt(
		batch + RL_BATCH_HEADER, NULL, batch + RL_BATCH_HEADER,
		len + SIGNATURE - RL_BATCH_HEADER, batch, RL_BATCH_HEADER, NULL,
		batch + RL_BATCH_AT_NONCE, s->key[s->self]);
	return len + RL_BATCH_SEAL;
}

static bool window_bit(const struct rl_seal_sender *w, uint64_t seq)
{
	return w->seen[seq / 64 % WORDS] >> seq % 64 & 1;
}

static enum rl_refusal window_check(const struct rl_seal_sender *w, const struct rl_batch_head *h)
{
	if (h->epoch > w->epoch)
		return RL_REFUSAL_NONE;
	if (h->epoch < w->epoch || h->salt != w->salt)
		return RL_REFUSAL_OLD_BOOT;
	if (h->seq > w->newest)
		return RL_REFUSAL_NONE;
	if (w->newest - h->seq >= RL_SEAL_WINDOW || window_bit(w, h->seq))
		return RL_REFUSAL_REPLAY;
	return RL_REFUSAL_NONE;
}

// The ring has one word more than the window, so that the word which the newest number enters can
// be wiped as a whole.
static void window_add(struct rl_seal_sender *w, const struct rl_batch_head *h)
{
	if (h->epoch > w->epoch)
		*w = (struct rl_seal_sender){.epoch = h->epoch, .salt = h->salt};
	if (h->seq > w->newest) {
		uint64_t from = w->newest / 64, to = h->seq / 64;
		for (uint64_t i = 1; i <= to - from && i <= WORDS; i++)
			w->seen[(from + i) % WORDS] = 0;
		w->newest = h->seq;
	}
	w->seen[h->seq / 64 % WORDS] |= UINT64_C(1) << h->seq % 64;
}

static enum rl_refusal check_head(const struct rl_seal *s, const struct rl_batch_head *h)
{
	if (h->cluster != s->cluster)
		return RL_REFUSAL_CLUSTER;
	if (h->from == s->self)
		return RL_REFUSAL_OWN;
	if (h->to != RL_NOBODY && h->to != s->self)
		return RL_REFUSAL_NOT_TO_US;
	if (!s->known[h->from])
		return RL_REFUSAL_NO_KEY;
	return window_check(&s->sender[h->from], h);
}

// What was not made with the cluster's key costs no more than its Poly1305.
static enum rl_refusal check_seal(const struct rl_seal *s, uint8_t from, uint8_t *batch, size_t len)
{
	uint8_t d[DIGEST];
	size_t plain = len - RL_BATCH_SEAL;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		    batch + RL_BATCH_HEADER, NULL, NULL, batch + RL_BATCH_HEADER,
		    len - RL_BATCH_HEADER, batch, RL_BATCH_HEADER, batch + RL_BATCH_AT_NONCE,
		    s->key[from]) != 0)
		return RL_REFUSAL_BAD_SEAL;
	digest(batch, plain, d);
	if (crypto_sign_verify_detached(batch + plain, d, DIGEST, s->public[from]) != 0)
		return RL_REFUSAL_BAD_SIGNATURE;
	return RL_REFUSAL_NONE;
}

enum rl_refusal rl_seal_open(struct rl_seal *s, uint8_t *batch, size_t *len)
{
	struct rl_batch_head h;
	if (*len < RL_BATCH_HEADER + RL_BATCH_SEAL)
		return RL_REFUSAL_TOO_SHORT;
	enum rl_refusal why = rl_batch_head_parse(batch, *len, &h);
	if (why == RL_REFUSAL_NONE)
		why = check_head(s, &h);
	if (why == RL_REFUSAL_NONE)
		why = check_seal(s, h.from, batch, *len);
	if (why != RL_REFUSAL_NONE)
		return why;
	window_add(&s->sender[h.from], &h);
	*len -= RL_BATCH_SEAL;
	return RL_REFUSAL_NONE;
}
