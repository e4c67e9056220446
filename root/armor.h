// SPDX-License-Identifier: BSD-3-Clause
// Keys between two nodes (docs/protocol.md 1.7) and the cipher suites 0, 1 and 3 (2.3, 2.6), the
// sealed part of HELLO (4.3.2), the outer layer of an encrypted HELLO (4.3.4), and LZ4 expansion
// (2.7). Packets are whole (reassembled) and lie in one buffer; `len` counts from the packet ID.
#pragma once

#include "root/identity.h"
#include "root/zt.h"

// What two nodes share for ever. 96 bytes; wipe when done.
struct rl_key {
	uint8_t salsa[32]; // K48[0..31]: suites 0 and 1, sealed part of HELLO
	uint8_t aes0[32];  // K0 of suite 3: GMAC
	uint8_t aes1[32];  // K1 of suite 3: CTR and the ECB block
};

// 1.7. -EINVAL if the X25519 result is all zero (low-order point), else 0. Some 50 us.
int rl_key_agree(struct rl_key *key, const struct rl_secret *mine,
		 const uint8_t their_public[static ZT_PUBLIC_LEN]);
// For tests and tools: K48 itself, and one KBKDF output.
int rl_key_agree48(uint8_t k48[static 48], const struct rl_secret *mine,
		   const uint8_t their_public[static ZT_PUBLIC_LEN]);
void rl_kbkdf(const uint8_t k48[static 48], uint8_t label, uint8_t out[static 48]);
void rl_key_from48(struct rl_key *key, const uint8_t k48[static 48]);

// State of the cipher libraries: one per thread, made at start, never on the packet path. NULL if
// memory is short or the library lacks a cipher.
struct rl_cipher;
struct rl_cipher *rl_cipher_new(void);
void rl_cipher_free(struct rl_cipher *c);

// Seals a packet whose header (ID, addresses, hops 0, flags of byte 18 other than the suite) and
// plain payload are in place. suite is ZT_SUITE_POLY1305, _SALSA_POLY1305 or _AES_GMAC_SIV. Suite 1
// sets the legacy mark 0x80 as stock nodes do. Suite 3 changes the packet ID: read it afterwards.
// len must be ZT_HDR_LEN..ZT_PACKET_MAX; another length or suite is a mistake in the caller and
// ends the program.
void rl_armor_seal(struct rl_cipher *c, const struct rl_key *key, uint8_t *p, size_t len,
		   unsigned suite);
// Checks the MAC and deciphers in place. False: not authentic (then the buffer of suite 3 is
// garbage), or suite 2 or above 3. Hop bits are ignored. The packet ID stays as it is on the wire.
bool rl_armor_open(struct rl_cipher *c, const struct rl_key *key, uint8_t *p, size_t len);

// The same for many packets. Those of suite 3 go side by side (root/aes_packets.h), and so do the
// first blocks of those of suites 0 and 1 (rl_salsa12_blocks): a short one then costs a quarter, or
// less than half. Key and packet stay the caller's; no packet may come twice.
struct rl_armor_job {
	const struct rl_key *key;
	uint8_t *p;
	uint16_t len;
	uint8_t suite; // sealing: which
	bool ok;       // opening: authentic
};
void rl_armor_seal_many(struct rl_cipher *c, struct rl_armor_job *job, unsigned n);
void rl_armor_open_many(struct rl_cipher *c, struct rl_armor_job *job, unsigned n);

// 4.3.2: the sealed part of HELLO, from byte `at` to the end; its own inverse. Call before sealing,
// after opening.
void rl_armor_hello_seal(const struct rl_key *key, uint8_t *p, size_t at, size_t len);

// 4.3.4: takes off the outer layer in place, with the root's own secret. Returns the inner length
// (len - 32), or 0 if len < 60 or the key is a low-order point. Says nothing about authenticity:
// check the inner MAC. Some 50 us.
size_t rl_armor_xhello_open(struct rl_cipher *c, const struct rl_secret *mine, uint8_t *p,
			    size_t len);
// The client's side, for tests and load: p has room for 32 more bytes; returns the new length or 0.
size_t rl_armor_xhello_seal(struct rl_cipher *c, const uint8_t root_public[static ZT_PUBLIC_LEN],
			    const uint8_t ephemeral_secret[static 32], uint8_t *p, size_t len);

// 2.7. If byte 27 has the compressed bit: expands `in` (whole packet, len bytes) into `out` (room
// for ZT_PACKET_MAX), header included, bit cleared, and returns the new length; 0 if it is no valid
// block, is empty or would exceed ZT_PACKET_MAX. Without the bit it must not be called. An empty
// payload with the bit stays empty.
size_t rl_armor_expand(const uint8_t *in, size_t len, uint8_t out[static ZT_PACKET_MAX]);
// The sender's side (tests, load): compresses in place if that makes a payload over 64 bytes
// shorter; returns the length.
size_t rl_armor_compress(uint8_t *p, size_t len);
