// SPDX-License-Identifier: BSD-3-Clause
// Reassembly as a series of calls: 5 bytes each say source and ID, number and total, length, and
// how much time has passed. Every byte of a piece tells which packet and which piece it belongs to,
// so that what is joined can be checked without a second implementation.
#include "root/reassembly.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SLOTS = 16, TIMEOUT = 1000 };

// Two bits of ID, three of source.
static struct rl_inet source(unsigned which)
{
	struct rl_inet a = {.family = which & 4 ? 6 : 4, .port = (uint16_t)(1 + (which & 1))};
	a.ip[0] = 0x20;
	a.ip[3] = which & 2 ? 1 : 2;
	return a;
}

static void check_joined(const uint8_t *packet, size_t len, unsigned which, unsigned total)
{
	unsigned number = 0;
	size_t run = 0;

	if (len > ZT_PACKET_MAX || len < ZT_HDR_LEN + 1 || (packet[0] & 7) != 0)
		abort();
	for (size_t i = 0; i < len; i++) {
		if ((packet[i] & 7) != number) {
			number++;
			run = 0;
		}
		if (packet[i] != (which << 3 | number) || ++run > 1472)
			abort();
	}
	// A head that comes last does not know the total.
	if (number == 0 || number >= ZT_FRAG_MAX || (total != 0 && number + 1 != total))
		abort();
}

static void step(struct rl_reassembly *r, struct rl_reader *in, uint64_t *now)
{
	unsigned which = rl_get8(in) & 31, count = rl_get8(in), number = count & 15;
	unsigned total = count >> 4;
	size_t len = rl_get16(in) % 1600, joined_len = 0;
	struct rl_inet from = source(which & 7);
	uint8_t *piece = malloc(len ? len : 1), *joined = NULL;
	bool bad = total == 0 ? number != 0 : total == 1 || total > 7 || !number || number >= total;

	*now += (uint64_t)rl_get8(in) * 8;
	memset(piece, (int)(which << 3 | (number & 7)), len);
	enum rl_frag got = rl_reassembly_add(r, &from, which >> 3, number, total, piece, len, *now,
					     &joined, &joined_len);
	free(piece);
	if (got == RL_FRAG_COMPLETE)
		check_joined(joined, joined_len, which, total);
	if ((bad && got != RL_FRAG_BAD) || got > RL_FRAG_BAD || r->used > SLOTS)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[16] = "a key of sixteen";
	struct rl_reader in = rl_reader(data, size);
	struct rl_reassembly r;
	uint64_t now = 1800000000000;
	void *mem = calloc(1, rl_reassembly_size(SLOTS));

	rl_reassembly_init(&r, mem, SLOTS, TIMEOUT, key);
	while (rl_reader_left(&in) >= 5) {
		step(&r, &in, &now);
		if (now % 5 == 0)
			rl_reassembly_expire(&r, now);
	}
	rl_reassembly_expire(&r, now + TIMEOUT + 1);
	if (r.used != 0)
		abort();
	free(mem);
	return 0;
}
