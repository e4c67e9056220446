// SPDX-License-Identifier: BSD-3-Clause
// What a member does when it hears of a client: by its own root, or by another member.
#include "cluster/steward_parts.h"

#include "root/sight.h"

enum {
	CONSIDER_MS = 60000,   // between two looks of a home at its client
	PROVEN_MS = 250000,    // an address heard within a round of the client is the client's
	OFFER_MS = 1000,       // a PUSH and the claim of it are no further apart
	FIGURES_MS = 21600000, // a round trip is believed for so long
	INTRODUCED = 4096,     // pairs
};

bool rl_steward_find(const struct rl_steward *s, uint64_t client, struct rl_location *l)
{
	return rl_directory_find(&s->directory, client, rl_directory_hash(&s->directory, client),
				 l);
}

struct rl_score_view rl_steward_view(const struct rl_steward *s)
{
	return (struct rl_score_view){&s->members, &s->rtt, &s->room,
				      rl_sync_now(&s->sync, s->now_ms)};
}

struct rl_geo rl_steward_where(const struct rl_steward *s, const struct rl_location *l)
{
	struct rl_geo g = {0};
	if (l->v4.family != 0)
		g = s->host.where(s->host.ctx, &l->v4);
	if (!rl_geo_known(g) && l->v6.family != 0)
		g = s->host.where(s->host.ctx, &l->v6);
	return g;
}

static enum rl_family family_of(const struct rl_inet *a)
{
	return a->family == 6 ? RL_FAMILY_6 : RL_FAMILY_4;
}

// The path heard last, of one family (4 or 6) or of any (0).
static bool last_path(const struct rl_steward *s, uint64_t client, uint8_t family,
		      struct rl_steward_path *out)
{
	struct rl_steward_path path[RL_STEWARD_PATHS];
	unsigned n = s->host.paths(s->host.ctx, client, path);
	bool found = false;
	for (unsigned i = 0; i < n; i++) {
		if ((family != 0 && path[i].addr.family != family) ||
		    path[i].heard_ms + PROVEN_MS < s->now_ms ||
		    (found && path[i].heard_ms <= out->heard_ms))
			continue;
		*out = path[i];
		found = true;
	}
	return found;
}

enum rl_family rl_steward_family(const struct rl_steward *s, uint64_t client,
				 const struct rl_location *l)
{
	struct rl_steward_path p;
	if (last_path(s, client, 0, &p))
		return family_of(&p.addr);
	return l->v4.family != 0 ? RL_FAMILY_4 : RL_FAMILY_6;
}

void rl_steward_reaches(const struct rl_steward *s, uint64_t client, bool by[RL_FAMILIES])
{
	struct rl_steward_path p;
	by[RL_FAMILY_4] = last_path(s, client, 4, &p);
	by[RL_FAMILY_6] = last_path(s, client, 6, &p);
}

// The other family's half of a redirect that the client's home has just begun.
static void follow(struct rl_steward *s, const struct rl_location *l)
{
	static const uint8_t families[] = {4, 6};
	for (unsigned f = 0; f < RL_FAMILIES; f++) {
		struct rl_location own = *l;
		struct rl_inet *end = f == RL_FAMILY_4 ? &own.v4 : &own.v6;
		struct rl_steward_path path;
		struct rl_plan p;
		if (end->family != 0 || !last_path(s, l->address, families[f], &path))
			continue;
		*end = path.addr;
		struct rl_score_view v = rl_steward_view(s);
		struct rl_redirect_client c = {&own, rl_steward_where(s, &own), 0,
					       (enum rl_family)f};
		enum rl_redirect_why why = rl_redirect_follow(&v, &c, &p);
		s->counters.redirect[why]++;
		if (!rl_redirect_refused(why))
			rl_steward_plan(s, l->address, &p);
	}
}

// Was the client offered this member together with its home? By the PUSH that the claim came with;
// or by the one that brought it there, if it has tried this member too. A rescue is more PUSHes.
static bool offered(const struct rl_steward *s, const struct rl_location *l)
{
	uint64_t age = rl_pushes_age(&l->pushes, l->stamp_ms);
	struct rl_steward_path p;
	if (l->pushes.count > RL_FAMILIES)
		return false;
	return age <= OFFER_MS || (age <= RL_REDIRECT_ARRIVE_MS && last_path(s, l->address, 0, &p));
}

// This member is the backup of a client, perhaps of one that was here before and left.
static void put_warm(struct rl_steward *s, const struct rl_location *before,
		     const struct rl_location *after)
{
	bool known = rl_warm_find(&s->warm, after->address) != NULL;
	if (!rl_warm_put(&s->warm, after->address, after->home) || known)
		return;
	rl_warm_find(&s->warm, after->address)->equal =
		(before && before->home == s->members.self) || offered(s, after);
}

// What is known of a client has changed, by whomever. before: NULL if by this member itself.
static void react(struct rl_steward *s, const struct rl_location *before,
		  const struct rl_location *after, unsigned change)
{
	uint8_t self = s->members.self;
	if (after->backup == self && after->home != self && rl_location_live(after))
		put_warm(s, before, after);
	else
		rl_warm_remove(&s->warm, after->address);
	if (change & RL_CHANGE_HOME &&
	    rl_drain_arrived(&s->drain, after->address, self, after->home))
		s->host.withhold(s->host.ctx, after->address, false);
}

static void changed(void *ctx, const struct rl_location *before, const struct rl_location *after,
		    unsigned change)
{
	struct rl_steward *s = ctx;
	react(s, before, after, change);
	if (change & RL_CHANGE_PUSHES && after->home != s->members.self)
		follow(s, after);
}

void rl_steward_claim(struct rl_steward *s, const struct rl_location *l)
{
	struct rl_location after, own = *l;
	rl_steward_identify(s, &own);
	int change = rl_sync_claim(&s->sync, &own, s->now_ms);
	if (change > 0 && rl_steward_find(s, l->address, &after))
		react(s, NULL, &after, (unsigned)change);
}

// Where this member reaches the client by a family: as before if it still does.
static struct rl_inet endpoint(const struct rl_steward *s, uint64_t client, uint8_t family,
			       const struct rl_inet *before)
{
	struct rl_steward_path path[RL_STEWARD_PATHS], last;
	unsigned n = s->host.paths(s->host.ctx, client, path);
	for (unsigned i = 0; i < n; i++)
		if (rl_inet_equal(&path[i].addr, before) &&
		    path[i].heard_ms + PROVEN_MS >= s->now_ms)
			return *before;
	if (last_path(s, client, family, &last))
		return last.addr;
	return (struct rl_inet){0};
}

static void take_in(struct rl_steward *s, const struct rl_steward_sight *e,
		    const struct rl_location *before)
{
	struct rl_location l = *before;
	struct rl_score_view v = rl_steward_view(s);
	struct rl_plan p;
	bool v4 = e->from.family == 4;
	l.gone = false;
	l.v4 = v4 ? e->from : endpoint(s, e->client, 4, &before->v4);
	l.v6 = v4 ? endpoint(s, e->client, 6, &before->v6) : e->from;
	l.backup = rl_redirect_inherit(before, s->members.self, v.now_ms);
	rl_steward_claim(s, &l);
	if (before->home != RL_NOBODY && rl_drain_welcome(&v, before, family_of(&e->from), &p))
		rl_steward_plan(s, e->client, &p);
}

static void consider(struct rl_steward *s, uint64_t client, enum rl_family family)
{
	struct rl_location l;
	struct rl_plan p;
	if (!rl_steward_find(s, client, &l))
		return;
	struct rl_redirect_client who = {&l, rl_steward_where(s, &l), 0, family};
	struct rl_score_view v = rl_steward_view(s);
	enum rl_redirect_why why = rl_redirect(&v, &who, &p);
	bool moves = p.count > 0 && p.action[0].kind == RL_ACTION_PUSH;
	// A backup is found for clients at once even so: it takes no PUSH.
	if (moves && s->now_ms - s->start_ms < RL_STEWARD_LEARN_MS)
		return;
	s->counters.redirect[why]++;
	if (p.count == 0)
		return;
	if (moves)
		rl_room_promise(&s->room, &s->members, p.action[0].to, p.action[0].count);
	if (p.backup != RL_NOBODY) {
		l.backup = p.backup;
		rl_steward_claim(s, &l);
	}
	rl_steward_plan(s, client, &p);
}

// Sightings of one client come sight_ms apart, so one of them falls into its window of each minute,
// without a timer for each client.
static bool its_turn(const struct rl_steward *s, uint64_t client)
{
	uint64_t phase = rl_directory_hash(&s->directory, client) % CONSIDER_MS;
	return (s->now_ms + phase) % CONSIDER_MS < s->config.sight_ms;
}

static void measure(struct rl_steward *s, const struct rl_steward_sight *e)
{
	uint64_t prefix = rl_prefix(&e->from, RL_PREFIX_SITE);
	uint64_t now = rl_sync_now(&s->sync, s->now_ms);
	uint8_t self = s->members.self;
	uint32_t took = rl_warm_answered(&s->warm, e->client, s->now_ms);
	// The root knows which probe was answered; the ECHO for warmth may have left a moment ago.
	if (e->latency_ms >= 0)
		took = e->latency_ms ? (uint32_t)e->latency_ms * 10 : 5;
	if (!rl_rtt_learn(&s->rtt, prefix, self, took, now))
		return;
	struct rl_rtt_news news = {prefix, self, rl_rtt_get(&s->rtt, prefix, self, now)};
	rl_steward_tell_rtt(s, &news);
}

// May this sighting make the client ours? Its words to a best root always; HELLO and proofs only if
// nobody serves it: it says those to all members it knows. If its home died, answers to our ECHOs
// are no sign that it has noticed: it needs a rescue yet, and then says HELLO.
static bool shows_home(const struct rl_steward *s, const struct rl_steward_sight *e,
		       const struct rl_location *l)
{
	if (e->kind == RL_SIGHT_SPOKE || l->home == s->members.self || !rl_location_live(l))
		return true;
	return e->kind == RL_SIGHT_HELLO && rl_member_lost(&s->members, l->home, s->now_ms) &&
	       rl_pushes_age(&l->pushes, rl_sync_now(&s->sync, s->now_ms)) <= RL_REDIRECT_ARRIVE_MS;
}

// Nobody has decided about it yet, and another member may claim it in this very moment.
static bool newcomer(const struct rl_steward *s, const struct rl_location *before)
{
	uint64_t now = rl_sync_now(&s->sync, s->now_ms);
	return before->backup == RL_NOBODY &&
	       (!rl_location_live(before) || before->stamp_ms + RL_REDIRECT_SETTLE_MS > now);
}

static void look_later(struct rl_steward *s, uint64_t client, enum rl_family family)
{
	struct rl_plan p = {0};
	rl_plan_add(&p, RL_ACTION_LOOK, family, RL_REDIRECT_SETTLE_MS);
	rl_steward_plan(s, client, &p);
}

void rl_steward_look(struct rl_steward *s, uint64_t client, enum rl_family family)
{
	struct rl_location l;
	if (!s->news.draining && rl_steward_find(s, client, &l) && rl_location_live(&l) &&
	    l.home == s->members.self && l.backup == RL_NOBODY)
		consider(s, client, family);
}

void rl_steward_sight(struct rl_steward *s, const struct rl_steward_sight *e, uint64_t now_ms)
{
	struct rl_location l = {.address = e->client};
	s->now_ms = now_ms;
	if (e->kind == RL_SIGHT_PROOF)
		measure(s, e);
	bool known = rl_steward_find(s, e->client, &l);
	if (!shows_home(s, e, &l))
		return;
	const struct rl_inet *end = e->from.family == 4 ? &l.v4 : &l.v6;
	bool mine = known && rl_location_live(&l) && l.home == s->members.self;
	bool moved = e->kind == RL_SIGHT_SPOKE ? !rl_inet_equal(end, &e->from) : end->family == 0;
	if (!mine || moved)
		take_in(s, e, &l);
	else
		rl_steward_claim(s, &l);
	// Not by a proof: whom another member has just sent here proves its path before we hear of
	// that PUSH, and a second one to its other port would undo it. Its word comes within 5 s;
	// one whose best root is another cluster's says nothing here but HELLO, in its rounds.
	bool fresh = !mine || l.backup == RL_NOBODY || l.backup == s->members.self;
	bool now = e->kind == RL_SIGHT_SPOKE ? fresh || its_turn(s, e->client)
					     : e->kind == RL_SIGHT_HELLO && mine;
	if (now && newcomer(s, &l))
		look_later(s, e->client, family_of(&e->from));
	else if (now && !s->news.draining)
		consider(s, e->client, family_of(&e->from));
}

static size_t line(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

size_t rl_steward_size(const struct rl_steward_config *c)
{
	return line(rl_directory_size(c->directory_max)) + line(rl_sync_size(&c->sync)) +
	       line(rl_rtt_size(c->rtt_max)) + line(rl_warm_size(c->warm_max)) +
	       line(rl_drain_size(c->drain_max)) +
	       line(c->timers_max * sizeof(struct rl_steward_timer)) + 2 * line(RL_BATCH_MAX) +
	       line(rl_whois_size(&c->whois)) + line(rl_pairs_size(INTRODUCED)) +
	       line(rl_steward_group_size(c));
}

static void *take(uint8_t **mem, size_t size)
{
	void *at = *mem;
	*mem += line(size);
	return at;
}

void rl_steward_init(struct rl_steward *s, const struct rl_steward_config *c,
		     const struct rl_steward_host *host, void *mem, const uint64_t dice[8],
		     uint64_t now_ms)
{
	uint8_t *at = mem, key[16];
	*s = (struct rl_steward){
		.config = *c, .host = *host, .news = c->own, .start_ms = now_ms, .now_ms = now_ms};
	s->config.sync.self = c->own.id;
	s->config.sync.changed = changed;
	s->config.sync.ctx = s;
	rl_seal_directory_key(c->key, c->cluster, key);
	rl_seal_init(&s->seal, c->key, c->cluster, c->own.id, c->secret, c->epoch, dice[0]);
	rl_directory_init(&s->directory, c->directory_max,
			  take(&at, rl_directory_size(c->directory_max)), key, c->own.id,
			  &rl_directory_limits_default);
	rl_sync_init(&s->sync, &s->config.sync, &s->directory,
		     take(&at, rl_sync_size(&s->config.sync)), &dice[1], now_ms);
	memcpy(key, &dice[4], sizeof(key));
	rl_rtt_init(&s->rtt, take(&at, rl_rtt_size(c->rtt_max)), c->rtt_max, FIGURES_MS, key);
	memcpy(key, &dice[6], sizeof(key));
	rl_warm_init(&s->warm, take(&at, rl_warm_size(c->warm_max)), c->warm_max, key, now_ms);
	rl_drain_init(&s->drain, take(&at, rl_drain_size(c->drain_max)), c->drain_max,
		      c->drain_rate, key, now_ms);
	s->timer = take(&at, c->timers_max * sizeof(struct rl_steward_timer));
	s->batch = take(&at, RL_BATCH_MAX);
	s->news_batch = take(&at, RL_BATCH_MAX);
	const uint64_t more[4] = {rl_hash64(&dice[4], 1), rl_hash64(&dice[4], 2),
				  rl_hash64(&dice[4], 3), rl_hash64(&dice[4], 4)};
	const struct rl_whois_host whois = rl_steward_whois_host(s);
	rl_whois_init(&s->whois, &c->whois, &whois, take(&at, rl_whois_size(&c->whois)), more);
	memcpy(key, &more[2], sizeof(key));
	rl_pairs_init(&s->introduced, take(&at, rl_pairs_size(INTRODUCED)), INTRODUCED, key);
	rl_steward_group_init(s, take(&at, rl_steward_group_size(c)), dice, now_ms);
	rl_member_init(&s->members, &s->news, now_ms);
	rl_matrix_init(&s->matrix, s->news.id);
	memset(s->config.key, 0, sizeof(s->config.key));
	memset(s->config.secret, 0, sizeof(s->config.secret));
}
