// SPDX-License-Identifier: BSD-3-Clause
#include "tests/fuzz/receive_rig.h"

#include "root/tell.h"

#include <sodium.h>

#define must(x) ((x) ? (void)0 : abort())

struct rl_inet rig_address[ADDRESSES];
static struct rl_inet rig_front[FRONTS];
static struct node made[NODES];
static struct rl_identity root_id;
static struct rl_secret root_secret;
static struct rl_cipher *cipher;
static struct rl_scratch *scratch;
static struct rl_world planet;
static struct node_event event;

// No proof of work: the host says who is valid.
static void make_identity(struct rl_identity *id, struct rl_secret *secret, uint8_t n)
{
	*id = (struct rl_identity){.address = 0x1000000000 + n};
	memset(secret, n, sizeof(*secret));
	must(crypto_scalarmult_base(id->public_key, secret->key) == 0);
}

static void make_all(void)
{
	struct rl_secret secret[NODES];
	struct rl_identity id[NODES];
	cipher = rl_cipher_new();
	scratch = rl_scratch_new();
	must(cipher && scratch);
	make_identity(&root_id, &root_secret, 0x77);
	for (uint8_t i = 0; i < NODES; i++)
		make_identity(&id[i], &secret[i], i + 1);
	id[TWIN].address = id[0].address;
	for (unsigned i = 0; i < NODES; i++)
		must(node_init(&made[i], &id[i], &secret[i], &root_id, cipher, i) == 0);
	for (unsigned i = 0; i < ADDRESSES / 2; i++) {
		rig_address[i] = rl_inet4(0xc6336400 + i, (uint16_t)(9993 + i));
		rig_address[ADDRESSES / 2 + i] = (struct rl_inet){
			.family = 6, .port = 9993, .ip = {0x20, 1, [15] = (uint8_t)i}};
	}
	rig_front[0] = rig_address[0];
	rig_front[1] = rig_address[ADDRESSES / 2];
	planet = (struct rl_world){.type = ZT_WORLD_PLANET,
				   .id = ZT_WORLD_ID_EARTH,
				   .timestamp = 1000,
				   .root_count = ZT_WORLD_ROOTS_MAX};
	for (unsigned i = 0; i < ZT_WORLD_ROOTS_MAX; i++) {
		planet.root[i].id = root_id;
		planet.root[i].endpoint_count = ZT_WORLD_ENDPOINTS_MAX;
		for (unsigned k = 0; k < ZT_WORLD_ENDPOINTS_MAX; k++)
			planet.root[i].endpoint[k] = rig_address[ADDRESSES / 2];
	}
}

static uint16_t host_via(void *ctx, const struct rl_packet *p)
{
	(void)ctx;
	return ((const struct datagram *)p->host)->via;
}

// The liar is looked at once: that takes milliseconds.
static bool host_validated(void *ctx, const struct rl_identity *id)
{
	struct rig *g = ctx;
	return id->address != made[LIAR].id.address || g->validations++ > 0;
}

// Other members know the strangers, and listen to every other group.
static bool host_elsewhere(void *ctx, uint64_t address)
{
	(void)ctx;
	return address >= made[3].id.address;
}

static bool host_groups_elsewhere(void *ctx, const struct rl_group_key *group)
{
	(void)ctx;
	return group->adi & 1;
}

static void *host_alloc(void *ctx, size_t size)
{
	(void)ctx;
	return calloc(1, size);
}

static void host_free(void *ctx, void *mem, size_t size)
{
	(void)ctx;
	(void)size;
	free(mem);
}

static struct rl_options limits(uint8_t profile)
{
	struct rl_options o = rl_options_default();
	o.max_peers = 4;
	o.introduce_pairs = 8;
	o.group_members = profile & 1 ? 4096 : 16;
	o.budget_cells = 8;
	o.reassembly_slots = 8;
	o.whois_max = profile & 2 ? 64 : 32;
	o.relay_pps = profile & 4 ? 10 : 0;
	o.known_pps = profile & 4 ? 20 : 0;
	o.forwarder_pps = profile & 4 ? 15 : 0;
	o.peer_verb_pps = profile & 8 ? 10 : 0;
	o.stranger_pps = profile & 16 ? 2 : 0;
	o.encrypted_pps = profile & 16 ? 2 : 0;
	o.keepalive_ms = profile & 32 ? 0 : 20000;
	o.sibling_pps = profile & 8 ? 20 : 0;
	o.guess_pps = profile & 4 ? 3 : 0;
	return o;
}

void rig_open(struct rig *g, uint8_t profile)
{
	static const uint8_t seed[3][32] = {{1}, {2}, {3}};
	if (!cipher)
		make_all();
	memset(g, 0, sizeof(*g));
	struct rl_options o = limits(profile);
	struct rl_host host = {.via = host_via,
			       .validated = host_validated,
			       .alloc = host_alloc,
			       .free = host_free,
			       .ctx = g};
	if (profile & 64) {
		host.elsewhere = host_elsewhere;
		host.groups_elsewhere = host_groups_elsewhere;
	}
	g->now = 1700000000000;
	g->root = rl_root_new(&root_id, &root_secret, &o, &host, seed[0]);
	must(g->root);
	g->sibling = profile & 128 ? SIBLING : NODES;
	if (g->sibling == SIBLING)
		must(rl_root_sibling_add(g->root, &made[SIBLING].id, rig_front, FRONTS, g->now) ==
		     0);
	g->worker = rl_worker_new(g->root, seed[1]);
	g->admission = rl_worker_new(g->root, seed[2]);
	must(g->worker && g->admission);
	must(rl_root_forwarders(g->root, RL_FORWARDERS_MEMBERS, &rig_address[1], 2) == 0);
	must(!rl_root_set_worlds(g->root, rl_worlds_new(&planet, 1)));
	for (unsigned i = 0; i < NODES; i++) {
		g->node[i] = made[i];
		if (i < 3 && i != g->sibling)
			must(rl_root_peer_add(g->root, &made[i].id, g->now) == 0);
	}
}

void rig_close(struct rig *g)
{
	rl_worker_free(g->worker);
	rl_worker_free(g->admission);
	rl_root_free(g->root);
}

// The ways to a sibling's fronts are its paths.
static void look_sibling(const struct rig *g, struct paths *s)
{
	*s = (struct paths){.known = true};
	for (unsigned i = 0; i < FRONTS; i++) {
		struct rl_path way;
		if (!rl_root_sibling_way(g->root, 0, i, g->now, 243000, &way))
			continue;
		s->at[s->count] = way.addr;
		s->via[s->count++] = way.via;
	}
}

static void look(const struct rig *g, struct paths all[NODES])
{
	struct rl_peer_info info;
	for (unsigned n = 0; n < NODES; n++) {
		struct paths *s = &all[n];
		*s = (struct paths){
			.known = rl_root_peer_find(g->root, g->node[n].id.address, g->now, &info)};
		s->best = s->count = s->known ? info.path_count : 0;
		for (unsigned i = 0; i < s->count; i++) {
			s->at[i] = info.path[i].addr;
			s->via[i] = info.path[i].via;
			if (info.path[i].best)
				s->best = i;
		}
		if (n == g->sibling)
			look_sibling(g, s);
	}
	must(rl_root_peer_count(g->root) <= rl_root_max_peers(g->root));
}

static bool holds(const struct paths *s, const struct rl_inet *a)
{
	for (unsigned i = 0; i < s->count; i++)
		if (rl_inet_equal(&s->at[i], a))
			return true;
	return false;
}

static bool stored(const struct rig *g, uint64_t address, const struct rl_inet *a)
{
	for (unsigned n = 0; n < NODES; n++)
		if (g->node[n].id.address == address &&
		    (holds(&g->before[n], a) || holds(&g->after[n], a)))
			return true;
	return false;
}

static bool proven_by(const struct datagram *d, unsigned n, uint64_t address,
		      const struct rl_inet *at)
{
	for (unsigned i = 0; i < n; i++)
		if (d[i].proves == address && rl_inet_equal(&d[i].from, &d[i].proof_at) &&
		    rl_inet_equal(&d[i].from, at))
			return true;
	return false;
}

// Only a proof stores a path, moves the best one, or changes the way to it.
static void check_paths(const struct rig *g, const struct datagram *d, unsigned n)
{
	for (unsigned k = 0; k < NODES; k++) {
		const struct paths *was = &g->before[k], *is = &g->after[k];
		uint64_t address = g->node[k].id.address;
		for (unsigned i = 0; i < is->count; i++) {
			bool same = false;
			for (unsigned j = 0; j < was->count; j++)
				same |= rl_inet_equal(&was->at[j], &is->at[i]) &&
					was->via[j] == is->via[i];
			must(same || proven_by(d, n, address, &is->at[i]));
		}
		if (is->count == 0)
			continue;
		must(is->best < is->count);
		must((was->best < was->count &&
		      rl_inet_equal(&was->at[was->best], &is->at[is->best])) ||
		     proven_by(d, n, address, &is->at[is->best]));
	}
}

// What the root sealed must open at its destination, and make sense there. An answer to a probe is
// kept, to be sent some time.
static void receive(struct rig *g, const uint8_t *data, size_t len, const struct rl_inet *at)
{
	static const struct rl_inet here = {.family = 4, .ip = {10, 0, 0, 1}, .port = 9993};
	bool opened = false, anybody = false;
	if (data[ZT_AT_FROM] == ZT_ADDRESS_RESERVED)
		must(data[ZT_FRAG_AT_COUNT] >> 4 <= ZT_FRAG_MAX);
	if (data[ZT_AT_FROM] != ZT_ADDRESS_RESERVED &&
	    rl_load40(data + ZT_AT_FROM) != root_id.address)
		return; // relayed
	for (unsigned n = 0; n < NODES; n++) {
		enum node_verdict v = node_read(&g->node[n], g->now, 0, &here, data, len, &event);
		if (v == NODE_NOT_MINE)
			continue;
		anybody = true;
		opened |= v == NODE_READ || v == NODE_PIECE || v == NODE_UNEXPECTED;
		if (v != NODE_READ || event.verb != ZT_VERB_ECHO)
			continue;
		struct datagram *d = &g->proof[g->proof_count++ % 4];
		*d = (struct datagram){.from = *at,
				       .len = event.reply_len,
				       .proves = g->node[n].id.address,
				       .proof_at = *at};
		memcpy(d->data, event.reply, event.reply_len);
	}
	must(anybody && opened);
}

static bool is_front(const struct rig *g, const struct rl_packet *p, const struct rl_inet *from)
{
	bool front = rl_inet_equal(from, &rig_front[0]) || rl_inet_equal(from, &rig_front[1]);
	return g->sibling == SIBLING && front &&
	       (p->fragment || p->zt_from == made[SIBLING].id.address);
}

// What may go back to an address that has proven nothing: a sibling's front gets OK(ECHO) whole.
static size_t spent(const struct rig *g, const struct rl_packet *p, const struct datagram *d)
{
	size_t bytes = d->len;
	for (unsigned i = 0; i < PIECES_KEPT; i++)
		if (g->piece[i].id == d->piece_of && d->piece_of &&
		    rl_inet_equal(&g->piece[i].from, &d->from))
			bytes = g->piece[i].bytes;
	return bytes + (is_front(g, p, &d->from) ? 9 : 0);
}

// Everything that left because of one datagram. `out`: the worker's whole box.
static void check_sent(struct rig *g, const struct rl_packet *p, const struct datagram *d,
		       const struct rl_out *out, unsigned count)
{
	size_t back = 0;
	bool proven = true;
	if (p->verdict == RL_REPLY) {
		must(p->len <= p->room);
		back += p->len;
		proven &= stored(g, rl_load40(p->data + ZT_AT_TO), &p->from);
		receive(g, p->data, p->len, &p->from);
	}
	for (unsigned i = 0; i < count; i++) {
		if (out[i].back != p)
			continue;
		must(rl_inet_equal(&out[i].to.addr, &p->from));
		back += out[i].len;
		proven &= stored(g, rl_load40(out[i].data + ZT_AT_TO), &p->from);
	}
	must(proven || back <= spent(g, p, d));
	must(p->verdict != RL_DROP || (p->drop != RL_DROP_NONE && p->drop < RL_DROP_COUNT));
	must(p->verdict != RL_RELAY || (p->len == d->len && p->to.via < RL_VIA_NONE));
}

static void check_out(struct rig *g, const struct rl_out *out, unsigned count)
{
	must(count <= RL_OUT_MAX);
	for (unsigned i = 0; i < count; i++) {
		must(out[i].len >= ZT_DATAGRAM_MIN && out[i].len <= RL_OUT_ROOM);
		must((out[i].to.via == RL_VIA_BACK) == (out[i].back != NULL));
		must(out[i].back || stored(g, rl_load40(out[i].data + ZT_AT_TO), &out[i].to.addr));
		receive(g, out[i].data, out[i].len, &out[i].to.addr);
	}
}

// The host answers some time; here at once. An ask names a path that is stored.
static void answer_asks(struct rig *g)
{
	struct rl_identity given[NODES];
	uint64_t member[NODES];
	unsigned n, count;
	const struct rl_ask *a = rl_worker_asks(g->worker, &n);
	must(n <= RL_ASKS);
	for (unsigned i = 0; i < NODES; i++) {
		given[i] = made[i].id;
		member[i] = made[i].id.address;
	}
	look(g, g->before);
	look(g, g->after);
	for (unsigned i = 0; i < n; i++, a++) {
		must(stored(g, a->client, &a->path.addr));
		rl_tell_begin(g->admission, g->now);
		if (a->verb == ZT_VERB_WHOIS)
			rl_tell_whois(g->admission, a->client, &a->path.addr, a->id,
				      a->whois.address, a->whois.count, given, NODES);
		else
			rl_tell_gather(g->admission, a->client, &a->path.addr, a->id,
				       &a->gather.group, NODES, member,
				       a->gather.limit < NODES ? a->gather.limit : NODES);
		const struct rl_out *out = rl_worker_out(g->admission, &count);
		check_out(g, out, count);
	}
}

// Siblings are asked some time, here at once; what they have said is sane.
static void ask_sibling(struct rig *g)
{
	static const struct rl_group_key group = {1, 2, 3};
	unsigned n, count;
	struct rl_path way;
	const struct rl_sibling_answer *a = rl_worker_answers(g->worker, &n);
	for (unsigned i = 0; i < n; i++)
		must(a[i].sibling == 0 && a[i].front < FRONTS && a[i].said <= RL_SIBLING_GATHER &&
		     (a[i].said != RL_SIBLING_GATHER ||
		      a[i].listeners.count <= RL_SIBLING_GATHER_MAX));
	const struct rl_sibling_ask *k = rl_worker_sibling_asks(g->worker, &n);
	look(g, g->before);
	look(g, g->after);
	for (unsigned i = 0; i < n; i++) {
		must(stored(g, k[i].client, &k[i].path.addr));
		must(k[i].client != made[SIBLING].id.address);
		rl_tell_begin(g->admission, g->now);
		if (k[i].verb == ZT_VERB_MULTICAST_GATHER)
			rl_tell_gather(g->admission, k[i].client, &k[i].path.addr, k[i].id,
				       &k[i].gather.group, 1, &made[LIAR].id.address, 1);
		else
			rl_tell_whois(g->admission, k[i].client, &k[i].path.addr, k[i].id,
				      &k[i].address, 1, &made[LIAR].id, 1);
		const struct rl_out *out = rl_worker_out(g->admission, &count);
		check_out(g, out, count);
	}
	for (unsigned f = 0; f < FRONTS && g->sibling == SIBLING; f++) {
		bool up = rl_root_sibling_way(g->root, 0, f, g->now, 16000, &way);
		rl_tell_begin(g->admission, g->now);
		must(rl_tell_sibling_echo(g->admission, 0, f, up ? &way : NULL, f) == 0);
		must((rl_tell_sibling_whois(g->admission, 0, f, 16000, 5) == 0) == up);
		must((rl_tell_sibling_gather(g->admission, 0, f, 16000, &group) == 0) == up);
		const struct rl_out *out = rl_worker_out(g->admission, &count);
		must(count == 1u + 2u * up);
		for (unsigned i = 0; i < count; i++)
			receive(g, out[i].data, out[i].len, &rig_front[f]);
	}
}

void rig_flush(struct rig *g)
{
	struct rl_packet p[BATCH], *burst[BATCH];
	unsigned n = g->batch_count, count;
	if (n == 0)
		return;
	for (unsigned i = 0; i < n; i++) {
		struct datagram *d = &g->batch[i];
		uint16_t room = (uint16_t)(d->len + d->spare);
		uint8_t *exact = malloc(room ? room : 1);
		memcpy(exact, d->data, d->len);
		p[i] = (struct rl_packet){.data = exact,
					  .len = (uint16_t)d->len,
					  .room = room,
					  .from = d->from,
					  .host = d};
		burst[i] = &p[i];
	}
	g->batch_count = 0;
	look(g, g->before);
	rl_receive_burst(g->worker, g->now, burst, n);
	look(g, g->after);
	check_paths(g, g->batch, n);
	const struct rl_out *out = rl_worker_out(g->worker, &count);
	for (unsigned i = 0; i < n; i++)
		check_sent(g, &p[i], &g->batch[i], out, count);
	check_out(g, out, count);
	answer_asks(g);
	ask_sibling(g);
	for (unsigned i = 0; i < n; i++) {
		if (p[i].verdict == RL_DEFER) {
			look(g, g->before);
			rl_admit(g->admission, scratch, g->now, &p[i]);
			look(g, g->after);
			must(p[i].verdict != RL_DEFER);
			check_paths(g, &g->batch[i], 1);
			out = rl_worker_out(g->admission, &count);
			check_sent(g, &p[i], &g->batch[i], out, count);
			check_out(g, out, count);
		}
		free(p[i].data);
	}
}

void rig_send(struct rig *g, const struct datagram *d)
{
	unsigned at = g->piece_count % PIECES_KEPT;
	if (!d->changed)
		g->last = *d;
	g->batch[g->batch_count] = *d;
	if (d->piece_of) {
		for (unsigned i = 0; i < PIECES_KEPT; i++)
			if (g->piece[i].id == d->piece_of &&
			    rl_inet_equal(&g->piece[i].from, &d->from))
				at = i;
		if (at == g->piece_count % PIECES_KEPT)
			g->piece_count++;
		if (g->piece[at].id != d->piece_of || !rl_inet_equal(&g->piece[at].from, &d->from))
			g->piece[at].bytes = 0;
		g->piece[at].id = d->piece_of;
		g->piece[at].from = d->from;
		g->piece[at].bytes += d->len;
	}
	if (++g->batch_count == BATCH)
		rig_flush(g);
}

void rig_tick(struct rig *g, unsigned part, unsigned parts)
{
	unsigned count;
	rig_flush(g);
	look(g, g->before);
	rl_tick(g->worker, g->now, part, parts);
	look(g, g->after);
	check_paths(g, NULL, 0);
	const struct rl_out *out = rl_worker_out(g->worker, &count);
	for (unsigned i = 0; i < count; i++)
		must(!out[i].back);
	check_out(g, out, count);
}

void rig_expire(struct rig *g)
{
	rig_flush(g);
	rl_root_expire(g->root, g->now, 16);
	rl_root_expire_done(g->root);
}
