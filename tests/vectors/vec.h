// SPDX-License-Identifier: BSD-3-Clause
// What the files of the vector test share: the vectors, the five identities, the keys between them.
// One program, so that it can tell at its end which vectors nobody used.
#pragma once

#include "root/armor.h"
#include "tests/lib/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct vec_node {
	struct rl_identity id;
	struct rl_secret secret;
};

extern struct vectors *vec;
extern struct rl_cipher *vec_cipher;

// One of R, S, A, B, C.
struct vec_node vec_node(char name);
struct rl_key vec_key(char mine, char theirs);

// Text of the name "stem.field".
const char *vec_name(const char *stem, const char *field);
void vec_assert_bytes(const char *name, const uint8_t *got, size_t len);

// Tests, by file.
void vec_selftest(void **state);
void vec_c25519(void **state);
void vec_agree(void **state);
void vec_kbkdf(void **state);
void vec_signatures(void **state);
void vec_gmacsiv(void **state);
void vec_gmacsiv11(void **state);

void vec_identities(void **state);
void vec_derive(void **state);
void vec_inet(void **state);
void vec_world(void **state);
void vec_earth(void **state);

void vec_hello(void **state);
void vec_xhello(void **state);
void vec_single_packets(void **state);
void vec_refused(void **state);
void vec_like(void **state);
void vec_plain_only(void **state);
void vec_fragments_tiny(void **state);
void vec_fragments_real(void **state);
