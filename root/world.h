// SPDX-License-Identifier: BSD-3-Clause
// Planets and moons: parse, write, sign, compare (docs/protocol.md 5.3, 5.4). A world is a plain
// value of some 3 kB: keep it off small stacks. Pure; any thread.
#pragma once

#include "root/identity.h"
#include "root/inet.h"

struct rl_world_root {
	struct rl_identity id;
	uint8_t endpoint_count; // 0..ZT_WORLD_ENDPOINTS_MAX
	struct rl_inet endpoint[ZT_WORLD_ENDPOINTS_MAX];
};

struct rl_world {
	uint8_t type; // ZT_WORLD_PLANET or ZT_WORLD_MOON
	uint64_t id;
	uint64_t timestamp;              // ms; the revision
	uint8_t next_key[ZT_PUBLIC_LEN]; // must sign the next revision
	uint8_t signature[ZT_SIGNATURE_LEN];
	uint8_t root_count; // 0..ZT_WORLD_ROOTS_MAX
	struct rl_world_root root[ZT_WORLD_ROOTS_MAX];
};

// Why a client holding `old` takes or refuses `new` (5.4).
enum rl_world_verdict {
	RL_WORLD_TAKEN,
	RL_WORLD_TAKEN_FIRST, // nothing held: taken unchecked
	RL_WORLD_OTHER_TYPE,
	RL_WORLD_OTHER_ID,
	RL_WORLD_NOT_NEWER,
	RL_WORLD_BAD_SIGNATURE,
};

// Reads one world; bytes after it are left in r. Over a limit, of another type, or with an endpoint
// that is no IP address: r->bad. A moon's dictionary is skipped.
void rl_world_get(struct rl_reader *r, struct rl_world *w);
// Whole buffer, nothing after it: 0 or -EINVAL.
int rl_world_parse(struct rl_world *w, const void *data, size_t len);
// Bytes written, at most ZT_WORLD_MAX; 0 if a limit is exceeded.
size_t rl_world_write(const struct rl_world *w, uint8_t out[static ZT_WORLD_MAX]);
// The bytes that are signed (5.3); room ZT_WORLD_MAX + 16.
size_t rl_world_signed_bytes(const struct rl_world *w, uint8_t out[static ZT_WORLD_MAX + 16]);

// Fills w->signature with the key pair of the previous revision.
int rl_world_sign(struct rl_world *w, const uint8_t private_blob[static ZT_PRIVATE_LEN]);
bool rl_world_verify(const struct rl_world *w, const uint8_t public_blob[static ZT_PUBLIC_LEN]);

// old may be NULL (nothing held).
enum rl_world_verdict rl_world_replaces(const struct rl_world *old, const struct rl_world *new);
const char *rl_world_verdict_text(enum rl_world_verdict v);

// genmoon's order (5.4): roots by identity, endpoints by family, raw port word, raw address.
void rl_world_sort(struct rl_world *w);
