// SPDX-License-Identifier: BSD-3-Clause
// Cutting and joining of long packets (docs/protocol.md 3.2, 3.3).
#include "tests/lib/node.h"

#include <stdlib.h>

enum { JOIN_SLOTS = 4 };

struct join_slot {
	uint64_t id;
	unsigned age;   // 0: free
	unsigned total; // 0: not known yet
	unsigned have;  // one bit per piece, the head is bit 0
	size_t len[ZT_FRAG_MAX];
	uint8_t text[ZT_FRAG_MAX][ZT_PACKET_MAX];
};

struct node_join {
	unsigned clock;
	struct join_slot slot[JOIN_SLOTS];
};

unsigned node_cut(const uint8_t *packet, size_t len, size_t mtu, uint8_t *buf,
		  struct node_piece piece[static ZT_FRAG_MAX])
{
	const size_t chunk = mtu - ZT_FRAG_HDR_LEN;
	unsigned total;

	piece[0] = (struct node_piece){packet, len};
	if (len <= mtu)
		return 1;
	total = 1 + (unsigned)((len - mtu + chunk - 1) / chunk);
	if (total > ZT_FRAG_MAX)
		return 0;
	piece[0].len = mtu;
	for (unsigned i = 1; i < total; i++) {
		size_t at = mtu + (i - 1) * chunk;
		size_t text = len - at < chunk ? len - at : chunk;

		memcpy(buf, packet, ZT_AT_FROM);
		buf[ZT_FRAG_AT_MARK] = ZT_ADDRESS_RESERVED;
		buf[ZT_FRAG_AT_COUNT] = (uint8_t)(total << 4 | i);
		buf[ZT_FRAG_AT_HOPS] = 0;
		memcpy(buf + ZT_FRAG_HDR_LEN, packet + at, text);
		piece[i] = (struct node_piece){buf, ZT_FRAG_HDR_LEN + text};
		buf += piece[i].len;
	}
	return total;
}

struct node_join *node_join_new(void)
{
	return calloc(1, sizeof(struct node_join));
}

void node_join_free(struct node_join *j)
{
	free(j);
}

static struct join_slot *slot_for(struct node_join *j, uint64_t id)
{
	struct join_slot *oldest = &j->slot[0];

	for (unsigned i = 0; i < JOIN_SLOTS; i++) {
		if (j->slot[i].age && j->slot[i].id == id)
			return &j->slot[i];
		if (j->slot[i].age < oldest->age)
			oldest = &j->slot[i];
	}
	oldest->id = id;
	oldest->age = ++j->clock;
	oldest->total = 0;
	oldest->have = 0;
	return oldest;
}

static bool join_whole(struct join_slot *s, uint8_t *out, size_t *out_len)
{
	size_t at = 0;

	if (!s->total || s->have != (1u << s->total) - 1)
		return false;
	s->age = 0;
	for (unsigned i = 0; i < s->total; i++) {
		if (at + s->len[i] > ZT_PACKET_MAX)
			return false;
		memcpy(out + at, s->text[i], s->len[i]);
		at += s->len[i];
	}
	*out_len = at;
	return true;
}

bool node_join(struct node_join *j, const uint8_t *data, size_t len, uint8_t *out, size_t *out_len)
{
	const bool head = data[ZT_AT_FROM] != ZT_ADDRESS_RESERVED;
	const size_t skip = head ? 0 : ZT_FRAG_HDR_LEN;
	const unsigned total = data[ZT_FRAG_AT_COUNT] >> 4;
	const unsigned number = head ? 0 : data[ZT_FRAG_AT_COUNT] & 15;
	struct join_slot *s;

	if (len <= skip || len > ZT_PACKET_MAX)
		return false;
	if (!head && (total < 2 || total > ZT_FRAG_MAX || number < 1 || number >= total))
		return false;
	s = slot_for(j, rl_load64(data));
	if (!head)
		s->total = total;
	s->have |= 1u << number;
	s->len[number] = len - skip;
	memcpy(s->text[number], data + skip, len - skip);
	return join_whole(s, out, out_len);
}
