// SPDX-License-Identifier: BSD-3-Clause
// Proof of an address without memory of it (docs/protocol.md 8.3, docs/architecture.md
// "Decisions"): a probe is an empty ECHO whose packet ID is a keyed hash of whom and where it goes
// to. The OK(ECHO) that quotes this ID from that place proves that its owner receives there.
//
// The ID repeats within its time bucket, with the same 28 bytes: suite 1 loses nothing by sending
// one packet twice.
#pragma once

#include "root/core.h"

enum {
	RL_PROBE_LEN = ZT_HDR_LEN,
	RL_PROBE_BUCKET_MS = 8000,
	// A path silent for longer is doubted: a client asks its best root something every 5 s
	// (6.8).
	RL_PROBE_SILENT_MS = 6000,
};

uint64_t rl_probe_cookie(const struct rl_root *r, uint64_t peer, const struct rl_inet *addr,
			 uint64_t now_ms);
// Is this ID a cookie of that address, not older than two buckets?
bool rl_probe_check(const struct rl_root *r, uint64_t peer, const struct rl_inet *addr,
		    uint64_t now_ms, uint64_t id);
// Puts a probe into the out-box.
void rl_probe_send(struct rl_worker *w, struct rl_peer *peer, const struct rl_path *to);
// Probes all stored paths of a peer gone silent, at most once a second.
void rl_probe_all(struct rl_worker *w, struct rl_peer *peer);
