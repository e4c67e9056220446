// SPDX-License-Identifier: BSD-3-Clause
#include "root/known_bad.h"

#include <sodium.h>

struct rl_known_bad_cell {
	uint64_t print; // 0: free
	uint64_t until_ms;
};

static uint32_t set_count(uint32_t cells)
{
	uint32_t sets = 1;
	while (sets * RL_KNOWN_BAD_WAYS < cells && sets < 1u << 28)
		sets *= 2;
	return sets;
}

size_t rl_known_bad_size(uint32_t cells)
{
	return (size_t)set_count(cells) * RL_KNOWN_BAD_WAYS * sizeof(struct rl_known_bad_cell);
}

void rl_known_bad_init(struct rl_known_bad *k, void *mem, uint32_t cells,
		       const uint8_t key[static 16])
{
	k->cells = mem;
	k->mask = set_count(cells) - 1;
	memcpy(k->key, key, sizeof(k->key));
}

static uint64_t fingerprint(const struct rl_known_bad *k, const struct rl_identity *id)
{
	uint8_t binary[ZT_IDENTITY_LEN], hash[crypto_shorthash_BYTES];
	struct rl_writer w = rl_writer(binary, sizeof(binary));
	rl_identity_put(&w, id);
	crypto_shorthash(hash, binary, sizeof(binary), k->key);
	uint64_t print = rl_load64(hash);
	return print ? print : 1;
}

static struct rl_known_bad_cell *set_of(const struct rl_known_bad *k, uint64_t print)
{
	return k->cells + (size_t)(print & k->mask) * RL_KNOWN_BAD_WAYS;
}

void rl_known_bad_add(struct rl_known_bad *k, const struct rl_identity *id, uint64_t now_ms)
{
	uint64_t print = fingerprint(k, id);
	struct rl_known_bad_cell *set = set_of(k, print), *at = set;
	for (unsigned i = 0; i < RL_KNOWN_BAD_WAYS; i++) {
		if (set[i].print == print) {
			at = &set[i];
			break;
		}
		if (set[i].until_ms < at->until_ms)
			at = &set[i];
	}
	*at = (struct rl_known_bad_cell){print, now_ms + RL_KNOWN_BAD_MS};
}

bool rl_known_bad_has(const struct rl_known_bad *k, const struct rl_identity *id, uint64_t now_ms)
{
	uint64_t print = fingerprint(k, id);
	const struct rl_known_bad_cell *set = set_of(k, print);
	for (unsigned i = 0; i < RL_KNOWN_BAD_WAYS; i++)
		if (set[i].print == print && now_ms < set[i].until_ms)
			return true;
	return false;
}
