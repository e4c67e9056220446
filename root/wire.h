// SPDX-License-Identifier: BSD-3-Clause
// Bounded reader and writer of big-endian fields (docs/protocol.md 0). Both remember their first
// overrun: read or write all fields, then ask `bad` once. After an overrun a reader returns zeroes
// and a writer writes nothing. No allocation; not shared between threads.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t rl_load16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t rl_load32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, 4);
	return __builtin_bswap32(v);
}

static inline uint64_t rl_load64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, 8);
	return __builtin_bswap64(v);
}

// A node address: 40 bits, 5 bytes.
static inline uint64_t rl_load40(const uint8_t *p)
{
	return (uint64_t)p[0] << 32 | rl_load32(p + 1);
}

static inline void rl_store16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void rl_store32(uint8_t *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, 4);
}

static inline void rl_store64(uint8_t *p, uint64_t v)
{
	v = __builtin_bswap64(v);
	memcpy(p, &v, 8);
}

static inline void rl_store40(uint8_t *p, uint64_t v)
{
	p[0] = (uint8_t)(v >> 32);
	rl_store32(p + 1, (uint32_t)v);
}

struct rl_reader {
	const uint8_t *at;
	const uint8_t *end;
	bool bad;
};

static inline struct rl_reader rl_reader(const void *data, size_t len)
{
	return (struct rl_reader){data, (const uint8_t *)data + len, false};
}

static inline size_t rl_reader_left(const struct rl_reader *r)
{
	return r->bad ? 0 : (size_t)(r->end - r->at);
}

// The next n bytes, or NULL. The pointer is into the caller's data.
static inline const uint8_t *rl_get(struct rl_reader *r, size_t n)
{
	if (r->bad || (size_t)(r->end - r->at) < n) {
		r->bad = true;
		return NULL;
	}
	r->at += n;
	return r->at - n;
}

static inline uint8_t rl_get8(struct rl_reader *r)
{
	const uint8_t *p = rl_get(r, 1);
	return p ? *p : 0;
}

static inline uint16_t rl_get16(struct rl_reader *r)
{
	const uint8_t *p = rl_get(r, 2);
	return p ? rl_load16(p) : 0;
}

static inline uint32_t rl_get32(struct rl_reader *r)
{
	const uint8_t *p = rl_get(r, 4);
	return p ? rl_load32(p) : 0;
}

static inline uint64_t rl_get40(struct rl_reader *r)
{
	const uint8_t *p = rl_get(r, 5);
	return p ? rl_load40(p) : 0;
}

static inline uint64_t rl_get64(struct rl_reader *r)
{
	const uint8_t *p = rl_get(r, 8);
	return p ? rl_load64(p) : 0;
}

struct rl_writer {
	uint8_t *start;
	uint8_t *at;
	uint8_t *end;
	bool bad;
};

static inline struct rl_writer rl_writer(void *data, size_t room)
{
	return (struct rl_writer){data, data, (uint8_t *)data + room, false};
}

static inline size_t rl_writer_len(const struct rl_writer *w)
{
	return (size_t)(w->at - w->start);
}

// Room for n bytes, or NULL.
static inline uint8_t *rl_put(struct rl_writer *w, size_t n)
{
	if (w->bad || (size_t)(w->end - w->at) < n) {
		w->bad = true;
		return NULL;
	}
	w->at += n;
	return w->at - n;
}

static inline void rl_put_bytes(struct rl_writer *w, const void *data, size_t n)
{
	uint8_t *p = rl_put(w, n);
	if (p && n)
		memcpy(p, data, n);
}

static inline void rl_put8(struct rl_writer *w, uint8_t v)
{
	uint8_t *p = rl_put(w, 1);
	if (p)
		*p = v;
}

static inline void rl_put16(struct rl_writer *w, uint16_t v)
{
	uint8_t *p = rl_put(w, 2);
	if (p)
		rl_store16(p, v);
}

static inline void rl_put32(struct rl_writer *w, uint32_t v)
{
	uint8_t *p = rl_put(w, 4);
	if (p)
		rl_store32(p, v);
}

static inline void rl_put40(struct rl_writer *w, uint64_t v)
{
	uint8_t *p = rl_put(w, 5);
	if (p)
		rl_store40(p, v);
}

static inline void rl_put64(struct rl_writer *w, uint64_t v)
{
	uint8_t *p = rl_put(w, 8);
	if (p)
		rl_store64(p, v);
}
