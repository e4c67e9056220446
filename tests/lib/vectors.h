// SPDX-License-Identifier: BSD-3-Clause
// Reads the test vectors of tests/vectors/protocol-vectors.md: lines "name = value" inside code
// blocks. A vector that is asked for and missing, or is malformed, ends the program with a message:
// a test must not go on without it. Remembers which were used, so that none is silently left out.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct vectors;

// path: usually VECTORS_FILE, which the build defines. Ends the program if it cannot be read.
struct vectors *vectors_load(const char *path);
// The other kind of file: each line is "name=value" or "name: value"; empty lines and those that
// start with # are comments.
struct vectors *vectors_load_lines(const char *path);
void vectors_free(struct vectors *v);

// What these return belongs to v. Hex comes in a buffer of exactly its size, so that the sanitizers
// see any overrun; it may be written to, and the next call gives a fresh copy.
const char *vectors_text(struct vectors *v, const char *name);
uint8_t *vectors_hex(struct vectors *v, const char *name, size_t *len);
// The same for a value that must have `want` bytes.
uint8_t *vectors_bytes(struct vectors *v, const char *name, size_t want);
uint64_t vectors_dec(struct vectors *v, const char *name);

// Counts a vector as seen to without using it; why is for the reader of the test.
void vectors_skip(struct vectors *v, const char *name, const char *why);
unsigned vectors_count(const struct vectors *v);
// Name number i, for loops over all; does not count as use.
const char *vectors_name(const struct vectors *v, unsigned i);
// Names the vectors that nobody has asked for; returns how many.
unsigned vectors_unused(const struct vectors *v, FILE *report);

// Bytes written; SIZE_MAX if there is an odd digit, something that is no digit, or more than `room`
// bytes.
size_t hex_decode(uint8_t *out, size_t room, const char *hex);
