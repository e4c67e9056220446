// SPDX-License-Identifier: BSD-3-Clause
// Writing a population file: a temporary file beside the wanted name, filled by any number of
// threads, then closed with its header and put in place.
#pragma once

#include "bench/gun/population.h"

#include <stdatomic.h>

// The header as it lies in the file.
struct population_header {
	char magic[8]; // "RLGUNPOP"
	uint32_t version;
	uint32_t header_len; // 256
	uint32_t kind;
	uint32_t node_len; // 104
	uint32_t pair_len; // 128
	uint32_t count;
	uint32_t room; // records there is space for
	uint32_t unused;
	uint64_t seed;
	uint64_t file_len;
	uint8_t root[ZT_IDENTITY_LEN]; // binary identity, docs/protocol.md 1.3
	uint8_t family;                // of the sources: 4 or 6
	uint8_t prefix_len;
	uint8_t unused2;
	uint16_t first_port;
	uint8_t prefix[16];
	uint8_t unused3[76];
	uint8_t sum[32]; // BLAKE2b-256 of all other bytes, the header's first
};
_Static_assert(sizeof(struct population_header) == 256, "the header is 256 bytes");

enum { POPULATION_VERSION = 1 };

struct population_writer {
	struct population_header *header; // start of the mapping
	struct population_node *node;
	struct population_pair *pair;
	uint32_t room;
	atomic_uint next; // record to be filled
	size_t len;
	int fd;
	char *path;
	char *part; // temporary name
};

// An existing file of that name is replaced at the end, not before. Mode 0600: it holds secrets. 0
// or a negative value and the reason in why.
int population_create(struct population_writer *w, const char *path, enum population_kind kind,
		      uint32_t room, uint64_t seed, const struct rl_identity *root,
		      const struct sources *sources, struct say_why *why);
// Number of the record that is now the caller's to fill, or POPULATION_NONE: full. Any thread.
uint32_t population_claim(struct population_writer *w);
// count: records filled, from 0 on without a gap.
int population_finish(struct population_writer *w, uint32_t count, struct say_why *why);
// Leaves nothing behind. May follow population_finish, and a failed population_create.
void population_abandon(struct population_writer *w);
