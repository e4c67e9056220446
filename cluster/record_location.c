// SPDX-License-Identifier: BSD-3-Clause
// A client's location on the wire, 11 to 48 bytes:
//
//   address 5, flags 1, age of the claim 4 (all ones: no claim), backup 1
//   IPv4 and port 6, IPv6 and port 18    if the flags say so
//   age of the newest PUSH 2, gaps 0..5  if there are PUSHes
//   the ports they went to 2 + 2         unless they are those of the addresses above
//   fingerprint 8                        if known and there is room
//
// Ages are counted back from a little after the batch's time, as a stamp may lie ahead of it.
#include "cluster/record_parts.h"

enum {
	FLAG_GONE = 1,
	FLAG_V4 = 2,
	FLAG_V6 = 4,
	FLAG_FINGERPRINT = 8,
	FLAG_PUSHES_SHIFT = 4,
	FLAG_PUSHES_MASK = 7,
	FLAG_PORTS = 128,

	LEN_HEAD = 5 + 1 + 4 + 1,
	LEN_V4 = 4 + 2,
	LEN_V6 = 16 + 2,
	LEN_PORTS = 2 + 2,
	LEN_FINGERPRINT = 8,
	PUSH_AGE_MAX = 0xffff,
};
#define NO_CLAIM UINT32_MAX

_Static_assert(LEN_HEAD + LEN_V4 + LEN_V6 + 2 + RL_PUSHES_MAX - 1 + LEN_PORTS <=
		       RL_LOCATION_WIRE_MAX,
	       "all but the fingerprint has room in any case");
_Static_assert(LEN_HEAD + LEN_V4 + LEN_V6 + LEN_FINGERPRINT <= RL_LOCATION_WIRE_MAX,
	       "the fingerprint has room when no PUSHes are told");

// In ticks; what is too old to be told is as good as none.
static int32_t push_age(const struct rl_location *l, uint64_t time_ms)
{
	if (l->pushes.count == 0)
		return -1;
	int32_t age = rl_push_tick_diff(rl_push_tick(time_ms + RL_RECORD_AHEAD_MS), l->pushes.last);
	return age <= PUSH_AGE_MAX ? age : -1;
}

static void put_pushes(struct rl_writer *w, const struct rl_location *l, int32_t age)
{
	rl_put16(w, (uint16_t)age);
	rl_put_bytes(w, l->pushes.gap, l->pushes.count - 1u);
}

static void get_pushes(struct rl_reader *r, unsigned count, uint64_t time_ms, struct rl_pushes *p)
{
	uint32_t age = rl_get16(r), now = rl_push_tick(time_ms + RL_RECORD_AHEAD_MS);
	*p = (struct rl_pushes){.last = (now - age) & ((1u << RL_PUSH_TICK_BITS) - 1),
				.count = (uint8_t)count};
	if (count < 1 || count > RL_PUSHES_MAX) {
		r->bad = true;
		return;
	}
	const uint8_t *gaps = rl_get(r, count - 1u);
	if (gaps)
		memcpy(p->gap, gaps, count - 1u);
	if (!rl_pushes_ok(p))
		r->bad = true;
}

static void put_ports(struct rl_writer *w, const struct rl_location *l)
{
	rl_put16(w, l->push_port4);
	rl_put16(w, l->push_port6);
}

static void get_ports(struct rl_reader *r, struct rl_location *l)
{
	l->push_port4 = rl_get16(r);
	l->push_port6 = rl_get16(r);
}

static bool ports_are_those_of_the_addresses(const struct rl_location *l)
{
	return l->push_port4 == l->v4.port && l->push_port6 == l->v6.port;
}

static uint8_t flags_of(const struct rl_location *l, int32_t age)
{
	size_t len = LEN_HEAD;
	unsigned flags = l->gone ? FLAG_GONE : 0;
	if (l->v4.family == 4) {
		flags |= FLAG_V4;
		len += LEN_V4;
	}
	if (l->v6.family == 6) {
		flags |= FLAG_V6;
		len += LEN_V6;
	}
	if (age >= 0) {
		flags |= (unsigned)l->pushes.count << FLAG_PUSHES_SHIFT;
		len += 2u + l->pushes.count - 1u;
		if (!ports_are_those_of_the_addresses(l)) {
			flags |= FLAG_PORTS;
			len += LEN_PORTS;
		}
	}
	if (l->fingerprint != 0 && len + LEN_FINGERPRINT <= RL_LOCATION_WIRE_MAX)
		flags |= FLAG_FINGERPRINT;
	return (uint8_t)flags;
}

static void put_claim(struct rl_writer *w, const struct rl_location *l, uint64_t time_ms)
{
	uint64_t ahead = time_ms + RL_RECORD_AHEAD_MS;
	if (l->home == RL_NOBODY) {
		rl_put32(w, NO_CLAIM);
		rl_put8(w, RL_NOBODY);
		return;
	}
	if (l->stamp_ms == 0 || l->stamp_ms > ahead || ahead - l->stamp_ms >= NO_CLAIM)
		w->bad = true;
	rl_put32(w, (uint32_t)(ahead - l->stamp_ms));
	rl_put8(w, l->backup);
	if (l->v4.family == 4) {
		rl_put_bytes(w, l->v4.ip, 4);
		rl_put16(w, l->v4.port);
	}
	if (l->v6.family == 6) {
		rl_put_bytes(w, l->v6.ip, 16);
		rl_put16(w, l->v6.port);
	}
}

void rl_record_put_location(struct rl_writer *w, const struct rl_record_context *c,
			    const union rl_record *in)
{
	struct rl_location l = in->location;
	if (l.home != c->from) {
		l.home = RL_NOBODY;
		l.gone = false;
		l.v4 = l.v6 = (struct rl_inet){0};
	}
	int32_t age = push_age(&l, c->time_ms);
	uint8_t flags = flags_of(&l, age);
	if (l.home == RL_NOBODY && flags == 0)
		w->bad = true;
	rl_put40(w, l.address);
	rl_put8(w, flags);
	put_claim(w, &l, c->time_ms);
	if (age >= 0)
		put_pushes(w, &l, age);
	if (flags & FLAG_PORTS)
		put_ports(w, &l);
	if (flags & FLAG_FINGERPRINT)
		rl_put64(w, l.fingerprint);
}

static struct rl_inet get_inet(struct rl_reader *r, uint8_t family, size_t len)
{
	struct rl_inet a = {.family = family};
	const uint8_t *ip = rl_get(r, len);
	if (ip)
		memcpy(a.ip, ip, len);
	a.port = rl_get16(r);
	if (a.port == 0)
		r->bad = true;
	return a;
}

static void get_claim(struct rl_reader *r, const struct rl_record_context *c, uint8_t flags,
		      struct rl_location *l)
{
	uint64_t ahead = c->time_ms + RL_RECORD_AHEAD_MS, age = rl_get32(r);
	l->backup = rl_get8(r);
	if (age == NO_CLAIM) {
		if (l->backup != RL_NOBODY || flags == 0 || flags & (FLAG_GONE | FLAG_V4 | FLAG_V6))
			r->bad = true;
		return;
	}
	if (age >= ahead || ahead - age > RL_STAMP_MAX) {
		r->bad = true;
		return;
	}
	l->stamp_ms = ahead - age;
	l->home = c->from;
	l->gone = flags & FLAG_GONE;
	if (flags & FLAG_V4)
		l->v4 = get_inet(r, 4, 4);
	if (flags & FLAG_V6)
		l->v6 = get_inet(r, 6, 16);
	// A tombstone is nowhere.
	if (l->gone && (l->backup != RL_NOBODY || flags & (FLAG_V4 | FLAG_V6)))
		r->bad = true;
}

void rl_record_get_location(struct rl_reader *r, const struct rl_record_context *c,
			    union rl_record *out)
{
	struct rl_location *l = &out->location;
	const uint8_t *start = r->at;
	*l = (struct rl_location){.address = rl_record_address(r)};
	uint8_t flags = rl_get8(r);
	get_claim(r, c, flags, l);
	unsigned pushes = flags >> FLAG_PUSHES_SHIFT & FLAG_PUSHES_MASK;
	if (pushes != 0)
		get_pushes(r, pushes, c->time_ms, &l->pushes);
	if (flags & FLAG_PORTS) {
		get_ports(r, l);
		if (pushes == 0 || ports_are_those_of_the_addresses(l))
			r->bad = true; // not how it is put
	} else if (pushes != 0) {
		l->push_port4 = l->v4.port;
		l->push_port6 = l->v6.port;
	}
	if (flags & FLAG_FINGERPRINT) {
		l->fingerprint = rl_get64(r);
		if (l->fingerprint == 0 || r->at - start > RL_LOCATION_WIRE_MAX)
			r->bad = true;
	}
}
