// SPDX-License-Identifier: BSD-3-Clause
// Identities of type 0: text, binary, address derivation, validation, generation, signatures
// (docs/protocol.md 1). An identity is a plain value. Functions are pure and may run on any thread;
// those that derive an address take a scratch of their own thread.
#pragma once

#include "root/wire.h"
#include "root/zt.h"

struct rl_identity {
	uint64_t address;                  // 40 bits
	uint8_t public_key[ZT_PUBLIC_LEN]; // X25519, then Ed25519
};

struct rl_secret {
	uint8_t key[ZT_PRIVATE_LEN]; // X25519 scalar, then Ed25519 seed
};

enum {
	RL_IDENTITY_PUBLIC_TEXT = 142, // with the closing zero
	RL_IDENTITY_SECRET_TEXT = 271,
};

// True unless the address is all zero or starts with ff.
bool rl_address_ok(uint64_t address);
// Exactly ten hex digits (either case), whole string. 0 or -EINVAL (also for a reserved address).
int rl_address_parse(uint64_t *address, const char *text);
void rl_address_text(uint64_t address, char text[static 11]);

// 1.2. One trailing newline (or CR LF) is allowed, nothing else; digits must be hex. 0, -EINVAL, or
// -ENOENT if `secret` is wanted (not NULL) and the text holds none. Does not validate (see below).
int rl_identity_parse(struct rl_identity *id, struct rl_secret *secret, const char *text);
// secret may be NULL: then the public form. Returns text.
char *rl_identity_text(const struct rl_identity *id, const struct rl_secret *secret,
		       char text[static RL_IDENTITY_SECRET_TEXT]);

// 1.3. Reads 71 or 135 bytes; a private part is skipped. Any other type or length sets r->bad, so
// does a reserved address.
void rl_identity_get(struct rl_reader *r, struct rl_identity *id);
void rl_identity_put(struct rl_writer *w, const struct rl_identity *id); // 71 bytes

bool rl_identity_equal(const struct rl_identity *a, const struct rl_identity *b);

// Order of genmoon (5.4): by address, then by key.
int rl_identity_compare(const struct rl_identity *a, const struct rl_identity *b);

// 2 MiB and some buffers for one derivation at a time. NULL if memory is short.
struct rl_scratch;
struct rl_scratch *rl_scratch_new(void);
void rl_scratch_free(struct rl_scratch *s);

// 1.4: the final 64-byte digest over a public blob. Takes milliseconds.
void rl_identity_derive(struct rl_scratch *s, const uint8_t public_key[static ZT_PUBLIC_LEN],
			uint8_t digest[static 64]);
// 1.5. Takes milliseconds.
bool rl_identity_validate(struct rl_scratch *s, const struct rl_identity *id);
// 1.6, from the system's random source. vanity: wanted first `vanity_bits` bits (0 for none) of the
// address, as the upper bits of a 40-bit number. Calls tick (if not NULL) once per try; a false
// ends the search. 0, -ECANCELED, or -EIO without random numbers.
int rl_identity_generate(struct rl_scratch *s, struct rl_identity *id, struct rl_secret *secret,
			 uint64_t vanity, unsigned vanity_bits, bool (*tick)(void *ctx), void *ctx);
// Does this secret belong to this identity (both halves)?
bool rl_identity_matches(const struct rl_identity *id, const struct rl_secret *secret);

// 1.8. public_blob / private_blob are the 64-byte forms of 1.1 (also of world signing keys).
int rl_sign(const uint8_t private_blob[static ZT_PRIVATE_LEN], const void *msg, size_t len,
	    uint8_t sig[static ZT_SIGNATURE_LEN]);
bool rl_verify(const uint8_t public_blob[static ZT_PUBLIC_LEN], const void *msg, size_t len,
	       const uint8_t *sig, size_t sig_len);
// A fresh signing pair for worlds (5.4), or the public half of a given private blob.
int rl_keypair_generate(uint8_t public_blob[static ZT_PUBLIC_LEN],
			uint8_t private_blob[static ZT_PRIVATE_LEN]);
int rl_keypair_public(const uint8_t private_blob[static ZT_PRIVATE_LEN],
		      uint8_t public_blob[static ZT_PUBLIC_LEN]);
