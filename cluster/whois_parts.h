// SPDX-License-Identifier: BSD-3-Clause
// Between whois.c, the questions of clients, and whois_node.c, the nodes that they ask for.
#pragma once

#include "cluster/whois.h"

enum { RL_WHOIS_FREE, RL_WHOIS_ASKED, RL_WHOIS_KNOWN, RL_WHOIS_UNKNOWN };

size_t rl_whois_nodes_size(const struct rl_whois_config *c);
void rl_whois_nodes_init(struct rl_whois *w, void *mem);
// The place of a node that is unknown here, held until it is released; it is asked of a member
// unless that was done before. 0: nobody knows it, or there is no room.
uint32_t rl_whois_want(struct rl_whois *w, uint64_t address, uint64_t now_ms);
void rl_whois_release(struct rl_whois *w, uint32_t place);
struct rl_identity rl_whois_identity(const struct rl_whois_node *n);
// That member has replied and named all it knows: the others are asked of the next one.
void rl_whois_not_known(struct rl_whois *w, uint8_t from, uint32_t request, uint64_t now_ms);
// Those whom nobody has replied about in time are asked of the next one.
void rl_whois_overdue(struct rl_whois *w, uint64_t now_ms);

static inline struct rl_whois_node *rl_whois_at(const struct rl_whois *w, uint32_t place)
{
	return &w->node[place - 1];
}
