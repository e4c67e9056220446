// SPDX-License-Identifier: BSD-3-Clause
// Where a client is, for operators: what the directory says, which is read as workers read it; what
// this member's root knows itself; and how a packet would get there from here. Any thread.
#include "dpdk-app/backplane_parts.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

// Of the config, which a reload may change meanwhile; "" for one that is not in it.
static void copy_name(struct backplane *b, uint8_t id, char out[static RL_MEMBER_NAME])
{
	pthread_mutex_lock(&b->status_lock);
	memcpy(out, b->name[id], RL_MEMBER_NAME);
	pthread_mutex_unlock(&b->status_lock);
}

static json_int_t age(uint64_t now_ms, uint64_t then_ms)
{
	return then_ms == 0 ? -1 : now_ms > then_ms ? (json_int_t)(now_ms - then_ms) : 0;
}

// By which paths this root itself has it: proven ones, of a peer that spoke to it.
static void add_here(struct backplane *b, uint64_t address, uint64_t now_ms, json_t *o)
{
	json_t *paths = json_array();
	struct rl_peer_info peer;
	char text[RL_INET_TEXT];
	json_object_set_new(o, "paths", paths);
	if (!rl_root_peer_find(b->o.root, address, now_ms, &peer))
		return;
	json_object_set_new(o, "latencyMs", json_integer(peer.latency_ms));
	for (unsigned i = 0; i < peer.path_count; i++)
		json_array_append_new(paths,
				      json_pack("{s:s, s:I, s:b}", "address",
						rl_inet_text(&peer.path[i].addr, text), "heardMs",
						age(now_ms, peer.path[i].heard_ms), "preferred",
						peer.path[i].best));
}

static void add_way(const struct backplane *b, uint8_t home, json_t *o)
{
	struct rl_path way;
	char text[RL_INET_TEXT];
	if (home != b->self && member_ways_get(&b->ways, home, &way))
		json_object_set_new(o, "way", json_string(rl_inet_text(&way.addr, text)));
}

// A claim is written by its home alone, so that is who told us.
static void add_place(struct backplane *b, const struct rl_location *l, uint64_t now_ms, json_t *o)
{
	char home[RL_MEMBER_NAME], backup[RL_MEMBER_NAME], v4[RL_INET_TEXT], v6[RL_INET_TEXT];
	copy_name(b, l->home, home);
	copy_name(b, l->backup, backup);
	rl_inet_text(&l->v4, v4);
	rl_inet_text(&l->v6, v6);
	json_t *place = json_pack("{s:b, s:b, s:s, s:i, s:s, s:s, s:s, s:I, s:I, s:i, s:b}", "live",
				  rl_location_live(l), "here", l->home == b->self, "home", home,
				  "homeId", l->home, "backup", backup, "ipv4",
				  l->v4.family ? v4 : "", "ipv6", l->v6.family ? v6 : "", "since",
				  (json_int_t)l->stamp_ms, "toldMs", age(now_ms, l->stamp_ms),
				  "pushes", (int)l->pushes.count, "validated", l->fingerprint != 0);
	json_object_update(o, place);
	json_decref(place);
	add_way(b, l->home, o);
}

char *backplane_who(void *backplane, uint64_t address)
{
	struct backplane *b = backplane;
	const struct rl_directory *d = &b->steward.directory;
	uint64_t now_ms = clock_now(b->o.clock);
	char text[11];
	struct rl_location l;
	json_t *o = json_object();
	bool known = rl_directory_find(d, address, rl_directory_hash(d, address), &l);
	rl_address_text(address, text);
	json_object_set_new(o, "address", json_string(text));
	json_object_set_new(o, "known", json_boolean(known));
	if (known)
		add_place(b, &l, now_ms, o);
	add_here(b, address, now_ms, o);
	char *out = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return out;
}
