// SPDX-License-Identifier: BSD-3-Clause
// Planets and moons: what is read can be written, signed, sorted and judged.
#include "root/world.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rl_world w, again;
	static uint8_t out[ZT_WORLD_MAX + 16], sorted[ZT_WORLD_MAX];
	size_t len, sorted_len;

	if (rl_world_parse(&w, data, size))
		return 0;
	len = rl_world_write(&w, out);
	if (!len || rl_world_parse(&again, out, len))
		abort();
	// Bytes are the same, unless private parts or a dictionary were left out.
	if (len == size && w.type == ZT_WORLD_PLANET && memcmp(out, data, size))
		abort();
	if (rl_world_signed_bytes(&w, out) != len - ZT_SIGNATURE_LEN + 16)
		abort();
	rl_world_verify(&w, w.next_key);
	if (rl_world_replaces(&w, &again) == RL_WORLD_TAKEN)
		abort();
	rl_world_sort(&w);
	sorted_len = rl_world_write(&w, sorted);
	rl_world_sort(&w);
	if (sorted_len != len || rl_world_write(&w, out) != len || memcmp(out, sorted, len))
		abort();
	return 0;
}
