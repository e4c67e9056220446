// SPDX-License-Identifier: BSD-3-Clause
// The seal on every batch. Two things, because they keep out different people:
//
//   - XChaCha20-Poly1305 with a key that all members hold (one subkey for each sender, derived from
//     the cluster's key): who has only got at the message broker can neither read nor make a batch.
//   - an Ed25519 signature by the sender: a key shared by all cannot stop one member that was
//   broken
//     into from speaking for the others; with the signature it can speak for itself alone. Signed
//     is a BLAKE2b digest of header and ciphertext, so a batch of 64 KiB is hashed once.
//
// The header is bound in as associated data: cluster, sender, receiver, kind, order and time. The
// nonce is start, salt and sequence number: never used twice, as starts of one member differ.
//
// Each receiver keeps a replay window per sender: of the newest start, the 1024 newest sequence
// numbers. Batches of an earlier start are refused. A receiver that has just started knows no
// windows; it believes a sender's times and news only once that has answered a question of its own
// (cluster/sync.h).
//
// Threads: one at a time per struct rl_seal. No allocation; 60 KiB in place.
#pragma once

#include "cluster/batch.h"

enum {
	RL_SEAL_KEY = 32,    // the cluster's key, the same at all members
	RL_SEAL_PUBLIC = 32, // Ed25519, of a member
	RL_SEAL_SECRET = 64, // of this member, in libsodium's form
	RL_SEAL_WINDOW = 1024,
};

struct rl_seal_sender {
	uint64_t epoch; // 0: not heard yet
	uint64_t salt;
	uint64_t newest;                        // sequence number
	uint64_t seen[RL_SEAL_WINDOW / 64 + 1]; // ring of bits by sequence number
};

struct rl_seal {
	uint64_t cluster;
	uint64_t epoch, salt, seq; // of this start
	uint8_t self;
	bool known[RL_MEMBER_IDS];
	uint8_t key[RL_MEMBER_IDS][RL_SEAL_KEY];
	uint8_t public[RL_MEMBER_IDS][RL_SEAL_PUBLIC];
	uint8_t secret[RL_SEAL_SECRET];
	struct rl_seal_sender sender[RL_MEMBER_IDS];
};

// From the system's random source.
void rl_seal_new_key(uint8_t key[static RL_SEAL_KEY]);
void rl_seal_new_member(uint8_t public_key[static RL_SEAL_PUBLIC],
			uint8_t secret[static RL_SEAL_SECRET]);
// The key of the directory's hash (cluster/directory.h).
void rl_seal_directory_key(const uint8_t key[static RL_SEAL_KEY], uint64_t cluster,
			   uint8_t out[static 16]);

// epoch: greater than at every earlier start of this member: the time in ms, but at least the last
// one, kept on disk, and one. A member that starts with a lesser one is refused by all (old_boot).
// salt: random. The struct then holds secrets: rl_seal_wipe it.
void rl_seal_init(struct rl_seal *s, const uint8_t key[static RL_SEAL_KEY], uint64_t cluster,
		  uint8_t self, const uint8_t secret[static RL_SEAL_SECRET], uint64_t epoch,
		  uint64_t salt);
// Whose batches are taken. public_key NULL: no more. The replay window stays.
void rl_seal_member(struct rl_seal *s, uint8_t member, const uint8_t *public_key);
void rl_seal_wipe(struct rl_seal *s);

// Seals a closed batch in its buffer of RL_BATCH_MAX bytes: sets cluster, from, epoch, salt and seq
// of the header. len: of rl_batch_close. The length to send.
size_t rl_seal_close(struct rl_seal *s, uint8_t *batch, size_t len);
// Opens what came, in place: cheap checks first, what it changes (the window) last.
// RL_REFUSAL_NONE: *len is then what rl_batch_parse takes. Else the bytes are of no further use.
enum rl_refusal rl_seal_open(struct rl_seal *s, uint8_t *batch, size_t *len);
