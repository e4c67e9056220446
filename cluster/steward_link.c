// SPDX-License-Identifier: BSD-3-Clause
// The steward's side of the backplane: heartbeats, figures and notices out, everything in.
#include "cluster/steward_parts.h"

const struct rl_steward_config rl_steward_config_default = {
	.directory_max = 1000000,
	.warm_max = 65536,
	.rtt_max = 262144,
	.timers_max = 65536,
	.drain_max = 4096,
	.drain_rate = 500,
	.sight_ms = 15000,
	.whois = RL_WHOIS_CONFIG_DEFAULT,
	.audience_max = 1000000,
	.gather = {.questions = 4096,
		   .askers = 16384,
		   .wait_ms = 500,
		   .keep_ms = 5000,
		   .part_ms = 1000,
		   .each = 64},
};

static void send_closed(struct rl_steward *s, uint8_t *batch, size_t len, uint8_t to)
{
	len = rl_seal_close(&s->seal, batch, len);
	if (!s->host.send(s->host.ctx, to, batch, len))
		s->counters.link_full++;
}

void rl_steward_send_even_empty(struct rl_steward *s, struct rl_batch_writer *b)
{
	uint8_t to = b->head.to;
	send_closed(s, b->buffer, rl_batch_close(b), to);
}

void rl_steward_send(struct rl_steward *s, struct rl_batch_writer *b)
{
	if (!rl_batch_empty(b))
		rl_steward_send_even_empty(s, b);
}

// A batch of one record.
static void send_record(struct rl_steward *s, uint8_t kind, uint8_t to, const union rl_record *r)
{
	struct rl_batch_head head = rl_sync_head(&s->sync, kind, to, s->now_ms);
	struct rl_batch_writer b;
	rl_batch_open(&b, s->batch, &head);
	if (rl_batch_add(&b, r) == 0)
		rl_steward_send(s, &b);
}

void rl_steward_notice(struct rl_steward *s, uint8_t to, const struct rl_notice *n)
{
	union rl_record r = {.notice = *n};
	if (rl_member_alive(&s->members, to))
		send_record(s, RL_BATCH_NOTICE, to, &r);
}

void rl_steward_cold(struct rl_steward *s, uint64_t client, uint8_t home)
{
	struct rl_notice n = {.address = client, .what = RL_NOTICE_COLD, .member = s->members.self};
	rl_steward_notice(s, home, &n);
}

void rl_steward_flush(struct rl_steward *s)
{
	struct rl_batch_head head;
	size_t len;
	while ((len = rl_sync_next(&s->sync, s->now_ms, s->batch, &head)) > 0)
		send_closed(s, s->batch, len, head.to);
}

static void flush_figures(struct rl_steward *s)
{
	if (s->figures.buffer)
		rl_steward_send(s, &s->figures);
	s->figures.buffer = NULL;
}

void rl_steward_tell_rtt(struct rl_steward *s, const struct rl_rtt_news *n)
{
	uint8_t bytes[RL_RTT_NEWS_LEN];
	struct rl_writer w = rl_writer(bytes, sizeof(bytes));
	rl_rtt_put(&w, n);
	union rl_record r = {.blob = {RL_RTT_NEWS_LEN, bytes}};
	for (unsigned tries = 0; tries < 2; tries++) {
		if (!s->figures.buffer) {
			struct rl_batch_head head =
				rl_sync_head(&s->sync, RL_BATCH_ROUND_TRIPS, RL_NOBODY, s->now_ms);
			rl_batch_open(&s->figures, s->news_batch, &head);
		}
		if (rl_batch_add(&s->figures, &r) == 0)
			return;
		flush_figures(s);
	}
}

// All of the own row, or nothing: who hears it forgets the one before.
static void tell_fronts(struct rl_steward *s)
{
	uint8_t self = s->members.self;
	struct rl_batch_writer b;
	struct rl_batch_head head;
	if (!rl_matrix_due(&s->matrix, s->now_ms))
		return;
	head = rl_sync_head(&s->sync, RL_BATCH_FRONTS, RL_NOBODY, s->now_ms);
	rl_batch_open(&b, s->batch, &head);
	for (unsigned i = 0; i < s->members.count; i++) {
		uint8_t to = s->members.ids[i];
		union rl_record r = {
			.front_rtt = {to, rl_matrix_get(&s->matrix, self, to, s->now_ms)}};
		if (r.front_rtt.rtt_us != 0)
			rl_batch_add(&b, &r);
	}
	rl_steward_send(s, &b);
}

void rl_steward_beat(struct rl_steward *s)
{
	uint8_t bytes[RL_MEMBER_NEWS_MAX];
	struct rl_writer w = rl_writer(bytes, sizeof(bytes));
	s->news.beat++;
	s->news.load = (uint32_t)s->directory.live[s->members.self];
	rl_member_own(&s->members, &s->news, s->now_ms);
	rl_member_put(&w, &s->news);
	union rl_record r = {.blob = {(uint8_t)rl_writer_len(&w), bytes}};
	send_record(s, RL_BATCH_HEARTBEAT, RL_NOBODY, &r);
	flush_figures(s);
	tell_fronts(s);
}

static enum rl_refusal heartbeat(struct rl_steward *s, uint8_t from, const struct rl_blob *b)
{
	struct rl_member_news n;
	struct rl_reader r = rl_reader(b->bytes, b->len);
	if (rl_member_get(&r, &n) != 0 || rl_reader_left(&r) != 0)
		return RL_REFUSAL_MALFORMED;
	if (n.id != from)
		return RL_REFUSAL_MALFORMED;
	// Whoever has just come, or come back, knows of no groups yet.
	const struct rl_member *m = &s->members.at[from];
	if (!rl_member_alive(&s->members, from) || m->news.run != n.run)
		rl_steward_all_groups(s);
	rl_member_heard(&s->members, &n, s->now_ms);
	return RL_REFUSAL_NONE;
}

static enum rl_refusal figure(struct rl_steward *s, uint8_t from, const struct rl_blob *b)
{
	struct rl_rtt_news n;
	struct rl_reader r = rl_reader(b->bytes, b->len);
	if (rl_rtt_take(&r, &n) != 0 || rl_reader_left(&r) != 0)
		return RL_REFUSAL_MALFORMED;
	if (n.member != from)
		return RL_REFUSAL_MALFORMED;
	rl_rtt_heard(&s->rtt, &n, rl_sync_now(&s->sync, s->now_ms));
	return RL_REFUSAL_NONE;
}

static void notice(struct rl_steward *s, uint8_t from, const struct rl_notice *n)
{
	struct rl_location l;
	struct rl_plan p;
	if (n->what != RL_NOTICE_COLD || !rl_steward_find(s, n->address, &l))
		return;
	if (rl_redirect_reopen(&l, s->members.self, from, rl_steward_family(s, n->address, &l), &p))
		rl_steward_plan(s, n->address, &p);
}

// A private address helps nobody at another member.
static bool useful(const struct rl_inet *about)
{
	return about->family != 0 && rl_inet_scope(about) == RL_SCOPE_GLOBAL;
}

// To a client of this member, by each family that both are reached by, IPv6 first.
static bool introduce(struct rl_steward *s, uint64_t client, uint64_t other,
		      const struct rl_inet *v4, const struct rl_inet *v6)
{
	struct rl_location l;
	bool told = false;
	if (!rl_steward_find(s, client, &l) || l.home != s->members.self || l.gone)
		return false;
	if (l.v6.family != 0 && useful(v6))
		told |= s->host.rendezvous(s->host.ctx, client, &l.v6, other, v6) == 0;
	if (l.v4.family != 0 && useful(v4))
		told |= s->host.rendezvous(s->host.ctx, client, &l.v4, other, v4) == 0;
	return told;
}

void rl_steward_introduce(struct rl_steward *s, uint64_t from, uint64_t to, uint64_t now_ms)
{
	struct rl_location a, b;
	s->now_ms = now_ms;
	if (!rl_steward_find(s, from, &a) || !rl_steward_find(s, to, &b) || !rl_location_live(&a) ||
	    !rl_location_live(&b) || a.home != s->members.self || b.home == s->members.self)
		return;
	union rl_record r = {.introduction = {.client = to, .other = from, .v4 = a.v4, .v6 = a.v6}};
	if (a.v4.family != 0 || a.v6.family != 0)
		send_record(s, RL_BATCH_INTRODUCE, b.home, &r);
	s->counters.introductions += introduce(s, from, to, &b.v4, &b.v6);
	rl_steward_introduced(s, from, to);
}

static enum rl_refusal take_record(struct rl_steward *s, const struct rl_batch_head *h,
				   const union rl_record *r)
{
	switch (h->kind) {
	case RL_BATCH_HEARTBEAT:
		return heartbeat(s, h->from, &r->blob);
	case RL_BATCH_ROUND_TRIPS:
		return figure(s, h->from, &r->blob);
	case RL_BATCH_FRONTS:
		rl_matrix_heard(&s->matrix, h->from, &r->front_rtt);
		return RL_REFUSAL_NONE;
	case RL_BATCH_NOTICE:
		notice(s, h->from, &r->notice);
		return RL_REFUSAL_NONE;
	case RL_BATCH_INTRODUCE:
		if (introduce(s, r->introduction.client, r->introduction.other, &r->introduction.v4,
			      &r->introduction.v6))
			rl_steward_introduced(s, r->introduction.client, r->introduction.other);
		return RL_REFUSAL_NONE;
	default:
		return RL_REFUSAL_NONE;
	}
}

static bool own_kind(uint8_t kind)
{
	return kind == RL_BATCH_HEARTBEAT || kind == RL_BATCH_ROUND_TRIPS ||
	       kind == RL_BATCH_NOTICE || kind == RL_BATCH_INTRODUCE || kind == RL_BATCH_FRONTS;
}

void rl_steward_batch(struct rl_steward *s, uint8_t *batch, size_t len, uint64_t now_ms)
{
	struct rl_batch_head head = {0};
	struct rl_batch_reader b;
	s->now_ms = now_ms;
	bool named = rl_batch_head_parse(batch, len, &head) == RL_REFUSAL_NONE;
	enum rl_refusal why = rl_seal_open(&s->seal, batch, &len);
	if (why == RL_REFUSAL_NONE)
		why = rl_batch_parse(&b, batch, len);
	if (why != RL_REFUSAL_NONE) {
		rl_sync_refused(&s->sync, named ? head.from : RL_NOBODY, why);
		return;
	}
	if (rl_sync_take(&s->sync, &b, now_ms) != RL_REFUSAL_NONE)
		return;
	if (b.head.kind == RL_BATCH_WHOIS_ASK)
		rl_steward_whois_reply(s, &b);
	if (b.head.kind == RL_BATCH_WHOIS_REPLY)
		rl_steward_whois_take(s, &b);
	if (rl_steward_group_batch(s, &b) || !own_kind(b.head.kind))
		return;
	if (b.head.kind == RL_BATCH_FRONTS)
		rl_matrix_row(&s->matrix, b.head.from, now_ms);
	union rl_record r;
	while (rl_batch_next(&b, &r)) {
		why = take_record(s, &b.head, &r);
		if (why != RL_REFUSAL_NONE)
			rl_sync_refused(&s->sync, b.head.from, why);
	}
}

void rl_steward_tick(struct rl_steward *s, uint64_t now_ms)
{
	s->now_ms = now_ms;
	rl_sync_tick(&s->sync, now_ms);
	rl_room_tick(&s->room, now_ms);
	s->news.load = (uint32_t)s->directory.live[s->members.self];
	rl_member_own(&s->members, &s->news, now_ms);
	rl_steward_turn(s);
	rl_whois_tick(&s->whois, now_ms);
	rl_whois_flush(&s->whois);
	rl_steward_group_turn(s);
	if (now_ms - s->beat_ms >= RL_MEMBER_BEAT_MS || now_ms < s->beat_ms) {
		s->beat_ms = now_ms;
		rl_steward_beat(s);
	}
	rl_steward_flush(s);
}

void rl_steward_member(struct rl_steward *s, uint8_t member, const uint8_t *public_key)
{
	rl_seal_member(&s->seal, member, public_key);
}

void rl_steward_own(struct rl_steward *s, const struct rl_member_news *own)
{
	struct rl_member_news *news = &s->news;
	news->capacity = own->capacity;
	news->place = own->place;
	memcpy(news->front, own->front, sizeof(news->front));
	memcpy(news->name, own->name, sizeof(news->name));
	rl_member_own(&s->members, news, s->now_ms);
}

void rl_steward_front(struct rl_steward *s, uint8_t member, uint64_t now_ms)
{
	rl_member_front(&s->members, member, now_ms);
}

void rl_steward_front_rtt(struct rl_steward *s, uint8_t member, uint32_t rtt_us, uint64_t now_ms)
{
	rl_matrix_measured(&s->matrix, member, rtt_us, now_ms);
}

void rl_steward_drain(struct rl_steward *s, bool on)
{
	s->news.draining = on;
	rl_member_own(&s->members, &s->news, s->now_ms);
	s->drains = rl_directory_walk_all(&s->directory);
}

void rl_steward_leave(struct rl_steward *s, uint64_t now_ms)
{
	s->now_ms = now_ms;
	s->news.leaving = true;
	rl_steward_beat(s);
	rl_steward_flush(s);
}

void rl_steward_wipe(struct rl_steward *s)
{
	rl_seal_wipe(&s->seal);
}
