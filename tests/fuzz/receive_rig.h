// SPDX-License-Identifier: BSD-3-Clause
// What fuzz_receive.c drives: a root with tables so small that "full" is everyday, nodes whose keys
// it knows or not, and the rules that must hold after every call into the core.
#pragma once

#include "root/core.h"
#include "tests/lib/node.h"

#include <stdlib.h>

enum {
	NODES = 7,       // 0-2 known from the start, 3-4 strangers, and:
	TWIN = 5,        // a stranger with the address of node 0
	SIBLING = 2,     // or a root, whose clients ours may ask for
	FRONTS = 2,      // of it: the first address of each family
	LIAR = 6,        // a stranger whose address is not the one its keys give
	ADDRESSES = 6,   // three a family: more than a peer has room for
	BATCH = 6,       // packets of one burst
	PIECES_KEPT = 16 // fragmented packets whose bytes are still counted
};

// One datagram, and who made it.
struct datagram {
	struct rl_inet from;
	size_t len;
	uint64_t proves; // the node whose OK(ECHO) this is, if it comes from `proof_at`; 0: none
	struct rl_inet proof_at;
	bool changed;      // on the way
	uint64_t piece_of; // ID of the packet it is a piece of; 0: whole
	uint16_t via;
	uint16_t spare; // bytes of the buffer behind it
	uint8_t data[ZT_PACKET_MAX];
};

struct paths {
	bool known;
	unsigned count;
	struct rl_inet at[4];
	uint16_t via[4];
	unsigned best; // of these; count: none
};

struct rig {
	struct rl_root *root;
	struct rl_worker *worker, *admission;
	uint64_t now;
	struct node node[NODES];
	unsigned batch_count;
	struct datagram batch[BATCH];
	struct datagram last;     // to be sent again, changed or not
	struct datagram proof[4]; // answers to probes, not sent yet
	unsigned proof_count;
	struct {
		uint64_t id;
		struct rl_inet from;
		size_t bytes;
	} piece[PIECES_KEPT];
	unsigned piece_count;
	unsigned validations;
	unsigned sibling; // SIBLING; NODES: none
	struct paths before[NODES], after[NODES];
};

extern struct rl_inet rig_address[ADDRESSES];

// profile: chooses limits. Same profile, same calls, same result.
void rig_open(struct rig *g, uint8_t profile);
void rig_close(struct rig *g);
// Puts a datagram into the burst; a full burst is handed over.
void rig_send(struct rig *g, const struct datagram *d);
void rig_flush(struct rig *g);
void rig_tick(struct rig *g, unsigned part, unsigned parts);
// Removes what is due, as control does.
void rig_expire(struct rig *g);
