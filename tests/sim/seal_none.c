// SPDX-License-Identifier: BSD-3-Clause
// Stands in for cluster/seal.c in this program alone: heads are signed, nothing else. Signatures by
// the million would only show how long signatures take; tests/unit/test_seal.c is about them.
#include "cluster/seal.h"

#include <string.h>

void rl_seal_directory_key(const uint8_t key[static RL_SEAL_KEY], uint64_t cluster,
			   uint8_t out[static 16])
{
	(void)cluster;
	memcpy(out, key, 16);
}

void rl_seal_init(struct rl_seal *s, const uint8_t key[static RL_SEAL_KEY], uint64_t cluster,
		  uint8_t self, const uint8_t secret[static RL_SEAL_SECRET], uint64_t epoch,
		  uint64_t salt)
{
	(void)key;
	(void)secret;
	*s = (struct rl_seal){.cluster = cluster, .self = self, .epoch = epoch, .salt = salt};
}

void rl_seal_member(struct rl_seal *s, uint8_t member, const uint8_t *public_key)
{
	s->known[member] = public_key != NULL;
}

void rl_seal_wipe(struct rl_seal *s)
{
	*s = (struct rl_seal){0};
}

size_t rl_seal_close(struct rl_seal *s, uint8_t *batch, size_t len)
{
	rl_batch_sign_head(batch, &(struct rl_batch_head){.cluster = s->cluster,
							  .from = s->self,
							  .epoch = s->epoch,
							  .salt = s->salt,
							  .seq = ++s->seq});
	return len;
}

enum rl_refusal rl_seal_open(struct rl_seal *s, uint8_t *batch, size_t *len)
{
	struct rl_batch_head h;
	enum rl_refusal why = rl_batch_head_parse(batch, *len, &h);

	return why != RL_REFUSAL_NONE ? why : s->known[h.from] ? why : RL_REFUSAL_NO_KEY;
}
