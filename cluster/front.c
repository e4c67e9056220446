// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/front.h"

#include "root/wire.h"

#include <sodium.h>

enum {
	VERSION = 1,
	TAG = 16,
	AT_BODY = ZT_HDR_LEN, // version, kind, member, to
	AT_CLOCK = AT_BODY + 4,
	AT_ANSWERED = AT_CLOCK + 8,
	AT_TAG = RL_FRONT_LEN - TAG,
};

void rl_front_init(struct rl_front *f, const uint8_t cluster_key[static 32], uint64_t root,
		   uint8_t self)
{
	static const char purpose[] = "rootline front keepalive";
	*f = (struct rl_front){.root = root, .self = self};
	crypto_generichash(f->key, sizeof(f->key), (const uint8_t *)purpose, sizeof(purpose) - 1,
			   cluster_key, 32);
}

void rl_front_wipe(struct rl_front *f)
{
	sodium_memzero(f->key, sizeof(f->key));
}

bool rl_front_looks(const uint8_t *data, size_t len, uint64_t root)
{
	return len == RL_FRONT_LEN && rl_load40(data + ZT_AT_TO) == root &&
	       rl_load40(data + ZT_AT_FROM) == root;
}

static void tag(const struct rl_front *f, const uint8_t *data, uint8_t out[static TAG])
{
	crypto_generichash(out, TAG, data, AT_TAG, f->key, sizeof(f->key));
}

static void write_one(const struct rl_front *f, enum rl_front_kind kind, uint8_t to, uint64_t id,
		      uint64_t clock_us, uint64_t answered_us, uint8_t out[static RL_FRONT_LEN])
{
	memset(out, 0, RL_FRONT_LEN);
	rl_store64(out, id);
	rl_store40(out + ZT_AT_TO, f->root);
	rl_store40(out + ZT_AT_FROM, f->root);
	memcpy(out + AT_BODY, (const uint8_t[]){VERSION, (uint8_t)kind, f->self, to}, 4);
	rl_store64(out + AT_CLOCK, clock_us);
	rl_store64(out + AT_ANSWERED, answered_us);
	tag(f, out, out + AT_TAG);
}

void rl_front_ping(struct rl_front *f, uint8_t to, uint64_t id, uint64_t now_us,
		   uint8_t out[static RL_FRONT_LEN])
{
	struct rl_front_member *m = &f->member[to];
	m->asked_us = now_us;
	m->answered <<= 1;
	m->asked += m->asked < 32;
	write_one(f, RL_FRONT_PING, to, id, now_us, 0, out);
}

int rl_front_loss(const struct rl_front *f, uint8_t member)
{
	const struct rl_front_member *m = &f->member[member];
	unsigned under_way = m->asked_us != 0;
	if (m->asked <= under_way)
		return -1;
	unsigned asked = m->asked - under_way;
	unsigned answered = (unsigned)__builtin_popcount(m->answered);
	return (int)((asked - answered) * 100 / asked);
}

static bool fresh(const struct rl_front_member *m, uint64_t clock_us, uint64_t now_us)
{
	uint64_t apart = clock_us > now_us ? clock_us - now_us : now_us - clock_us;
	return clock_us > m->newest_us && apart <= RL_FRONT_STALE_MS * UINT64_C(1000);
}

static enum rl_front_kind take(struct rl_front *f, const uint8_t *data, uint64_t now_us,
			       uint8_t *from)
{
	const uint8_t *body = data + AT_BODY;
	uint8_t version = body[0], kind = body[1], member = body[2], to = body[3];
	uint64_t clock_us = rl_load64(data + AT_CLOCK), answered_us = rl_load64(data + AT_ANSWERED);
	struct rl_front_member *m = &f->member[member];
	if (version != VERSION || member == RL_NOBODY || member == f->self || to != f->self ||
	    !fresh(m, clock_us, now_us) || (kind != RL_FRONT_PING && kind != RL_FRONT_PONG))
		return RL_FRONT_NOT_OURS;
	if (kind == RL_FRONT_PONG) {
		if (answered_us == 0 || answered_us != m->asked_us || now_us < answered_us)
			return RL_FRONT_NOT_OURS;
		m->asked_us = 0;
		m->answered |= 1;
		m->rtt_us = (uint32_t)(now_us - answered_us);
		m->heard_us = now_us;
	}
	m->newest_us = clock_us;
	*from = member;
	return (enum rl_front_kind)kind;
}

enum rl_front_kind rl_front_take(struct rl_front *f, const uint8_t *data, size_t len,
				 uint64_t now_us, uint8_t *from,
				 uint8_t answer[static RL_FRONT_LEN])
{
	uint8_t want[TAG];
	enum rl_front_kind kind = RL_FRONT_NOT_OURS;
	if (rl_front_looks(data, len, f->root)) {
		tag(f, data, want);
		if (sodium_memcmp(want, data + AT_TAG, TAG) == 0)
			kind = take(f, data, now_us, from);
	}
	if (kind == RL_FRONT_NOT_OURS)
		f->refused++;
	else if (kind == RL_FRONT_PING)
		write_one(f, RL_FRONT_PONG, *from, ~rl_load64(data), now_us,
			  rl_load64(data + AT_CLOCK), answer);
	return kind;
}
