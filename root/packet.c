// SPDX-License-Identifier: BSD-3-Clause
#include "root/packet.h"

#include "root/identity.h"

static bool refuse(struct rl_packet *p, enum rl_drop why)
{
	p->drop = why;
	return false;
}

bool rl_packet_parse(struct rl_packet *p, uint64_t self)
{
	if (p->len < ZT_DATAGRAM_MIN)
		return refuse(p, p->len == 13 ? RL_DROP_BEACON : RL_DROP_TOO_SHORT);
	if (p->len > ZT_PACKET_MAX)
		return refuse(p, RL_DROP_TOO_LONG);
	p->zt_to = rl_load40(p->data + ZT_AT_TO);
	p->fragment = p->data[ZT_FRAG_AT_MARK] == ZT_ADDRESS_RESERVED;
	if (p->fragment) {
		p->zt_from = 0;
		return true;
	}
	if (p->len < ZT_HDR_LEN)
		return refuse(p, RL_DROP_TOO_SHORT);
	p->zt_from = rl_load40(p->data + ZT_AT_FROM);
	if (p->zt_from == 0 || p->zt_from == self)
		return refuse(p, RL_DROP_BAD_SOURCE);
	return true;
}
