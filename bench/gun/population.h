// SPDX-License-Identifier: BSD-3-Clause
// A population: simulated nodes, their addresses, the keys they share with one root, and where they
// seem to be. One file, mapped into memory, so that ten million nodes are there at once and replay
// needs no key agreement.
//
// File, little-endian, version 1: 256 bytes of header (population_file.h), then `room` records of
// 104 bytes (address and keys: struct population_node), then, unless the keys are invented, `room`
// records of 128 bytes (public and secret key: struct population_pair). `room` is at least the
// number of nodes: the rest is zero.
#pragma once

#include "bench/gun/sources.h"
#include "root/armor.h"
#include "root/tools/say.h"

enum population_kind {
	// Identities that any root takes: the address follows from the key (docs/protocol.md 1.4).
	POPULATION_VALID,
	// Real key pairs, invented addresses: for roots that load identities without validating.
	POPULATION_UNVALIDATED,
	// Everything invented, shared keys too: for tables that are filled from this very file.
	POPULATION_INVENTED,
	POPULATION_KINDS,
};

struct population_node {
	uint64_t address;
	struct rl_key key;
};
_Static_assert(sizeof(struct population_node) == 104, "as in the file");

struct population_pair {
	uint8_t public_key[ZT_PUBLIC_LEN];
	struct rl_secret secret;
};
_Static_assert(sizeof(struct population_pair) == 128, "as in the file");

enum {
	POPULATION_MAX = 1 << 26,
	POPULATION_NONE = UINT32_MAX,
};

struct population {
	enum population_kind kind;
	uint32_t count;
	uint64_t seed; // of what is invented
	struct rl_identity root;
	struct sources sources;
	const struct population_node *node;
	const struct population_pair *pair; // NULL if invented
	uint32_t *index;
	uint32_t index_mask;
	const void *map;
	size_t map_len;
};

// Maps the file and checks it whole. Reading is for any number of threads. 0 or a negative value
// and the reason in why. Close it in both cases.
int population_open(struct population *p, const char *path, struct say_why *why);
void population_close(struct population *p);

// Node numbers by address: 8 to 16 bytes a node. 0, -ENOMEM, or -EEXIST: one address twice.
int population_index(struct population *p, struct say_why *why);
// POPULATION_NONE: not one of them. Needs the index.
uint32_t population_find(const struct population *p, uint64_t address);

// The public identity of node i.
void population_identity(const struct population *p, uint32_t i, struct rl_identity *id);
// The secret of node i; false: it has none (invented).
bool population_secret(const struct population *p, uint32_t i, struct rl_secret *secret);

const char *population_kind_text(enum population_kind kind);

// What is invented, by seed and number: never the same address for two numbers below 2^39.
uint64_t population_invent_address(uint64_t seed, uint32_t i);
void population_invent_public(uint64_t seed, uint32_t i, uint8_t out[static ZT_PUBLIC_LEN]);
