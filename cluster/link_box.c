// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/link_box.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

// In place of a length: the rest of the ring is not used, the next record is at its beginning.
#define SKIP UINT32_MAX

static size_t record_size(uint32_t len)
{
	return (sizeof(struct rl_link_head) + len + 7) & ~(size_t)7;
}

int rl_link_box_init(struct rl_link_box *b, const size_t room[static RL_LINK_LANES])
{
	*b = (struct rl_link_box){.bell = -1, .held = -1};
	pthread_mutex_init(&b->mutex, NULL);
	for (unsigned i = 0; i < RL_LINK_LANES; i++) {
		struct rl_link_ring *r = &b->ring[i];
		size_t least = record_size(RL_LINK_BYTES_MAX);
		r->size = (room[i] > least ? room[i] : least) & ~(size_t)7;
		r->bytes = malloc(r->size);
		if (!r->bytes)
			return -ENOMEM;
	}
	b->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return b->bell < 0 ? -errno : 0;
}

void rl_link_box_free(struct rl_link_box *b)
{
	if (!b->ring[0].bytes)
		return;
	for (unsigned i = 0; i < RL_LINK_LANES; i++)
		free(b->ring[i].bytes);
	if (b->bell >= 0)
		close(b->bell);
	pthread_mutex_destroy(&b->mutex);
	*b = (struct rl_link_box){.bell = -1};
}

// Where a record of this size goes, or NULL. An empty ring starts anew, so that a record of its
// whole size fits.
static uint8_t *make_room(struct rl_link_ring *r, size_t size)
{
	if (!r->used)
		r->first = r->end = 0;
	if (r->end >= r->first && r->used < r->size) {
		if (r->size - r->end >= size)
			return r->bytes + r->end;
		if (r->first < size)
			return NULL;
		// Behind the last record there is room for the mark at least, or nothing at all.
		if (r->end < r->size)
			memcpy(r->bytes + r->end, &(uint32_t){SKIP}, sizeof(uint32_t));
		r->used += r->size - r->end;
		r->end = 0;
	}
	return r->first - r->end >= size && r->used < r->size ? r->bytes + r->end : NULL;
}

static struct rl_link_head *ring_first(struct rl_link_ring *r)
{
	if (!r->count)
		return NULL;
	uint32_t len = SKIP;
	if (r->first < r->size)
		memcpy(&len, r->bytes + r->first, sizeof(len));
	if (len == SKIP) {
		r->used -= r->size - r->first;
		r->first = 0;
	}
	return (struct rl_link_head *)(void *)(r->bytes + r->first);
}

static void ring_drop(struct rl_link_ring *r)
{
	size_t size = record_size(ring_first(r)->len);
	r->first += size;
	r->used -= size;
	r->count--;
}

// The first is left alone while it is being read.
static unsigned throw_stale(struct rl_link_box *b, unsigned lane, uint64_t stale_ms)
{
	struct rl_link_ring *r = &b->ring[lane];
	unsigned n = 0;
	if (b->held == (int)lane)
		return 0;
	for (struct rl_link_head *h = ring_first(r); h && h->time_ms < stale_ms;
	     h = ring_first(r)) {
		ring_drop(r);
		n++;
	}
	return n;
}

bool rl_link_box_put(struct rl_link_box *b, const struct rl_link_head *h, const void *bytes,
		     uint64_t stale_ms, unsigned *stale)
{
	struct rl_link_ring *r = &b->ring[h->lane];
	size_t size = record_size(h->len);

	*stale = 0;
	pthread_mutex_lock(&b->mutex);
	uint8_t *at = make_room(r, size);
	if (!at) {
		*stale = throw_stale(b, h->lane, stale_ms);
		at = *stale ? make_room(r, size) : NULL;
	}
	bool was_empty = !r->count;
	if (at) {
		memcpy(at, h, sizeof(*h));
		if (h->len)
			memcpy(at + sizeof(*h), bytes, h->len);
		r->end += size;
		r->used += size;
		r->count++;
	}
	pthread_mutex_unlock(&b->mutex);
	if (at && was_empty)
		rl_link_bell_ring(b->bell);
	return at;
}

struct rl_link_head *rl_link_box_first(struct rl_link_box *b)
{
	struct rl_link_head *h = NULL;

	pthread_mutex_lock(&b->mutex);
	if (b->held >= 0)
		h = ring_first(&b->ring[b->held]);
	for (int i = 0; !h && i < RL_LINK_LANES; i++) {
		h = ring_first(&b->ring[i]);
		b->held = h ? i : -1;
	}
	pthread_mutex_unlock(&b->mutex);
	return h;
}

void rl_link_box_drop(struct rl_link_box *b)
{
	pthread_mutex_lock(&b->mutex);
	if (b->held >= 0)
		ring_drop(&b->ring[b->held]);
	b->held = -1;
	pthread_mutex_unlock(&b->mutex);
}

size_t rl_link_box_bytes(struct rl_link_box *b)
{
	size_t n = 0;
	pthread_mutex_lock(&b->mutex);
	for (unsigned i = 0; i < RL_LINK_LANES; i++)
		n += b->ring[i].used;
	pthread_mutex_unlock(&b->mutex);
	return n;
}

void rl_link_bell_ring(int bell)
{
	// Only a counter that has reached 2^64 - 2 could refuse, and then it rings anyway.
	(void)!write(bell, &(uint64_t){1}, sizeof(uint64_t));
}

void rl_link_bell_wait(int bell, int ms)
{
	struct pollfd p = {.fd = bell, .events = POLLIN};
	uint64_t rung;
	if (!ms || poll(&p, 1, ms) > 0)
		(void)!read(bell, &rung, sizeof(rung));
}
