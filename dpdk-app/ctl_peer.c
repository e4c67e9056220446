// SPDX-License-Identifier: BSD-3-Clause
// Peers, one line each. A root may know millions: each piece looks at a limited number of places in
// the table and goes on from there when the operator has read it. A peer that comes or goes
// meanwhile may be in the list or not.
#include "dpdk-app/ctl.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	LOOKED_AT = 4096, // places of the table in one piece
	LISTED = 64,      // peers in one piece
};

static json_t *path_json(const struct ctl_view *v, const struct rl_peer_info *peer, unsigned i)
{
	char text[RL_INET_TEXT];
	bool active = peer->path[i].heard_ms + v->path_timeout_ms > v->now_ms;
	return json_pack("{s:s, s:I, s:b, s:b, s:b}",                        //
			 "address", rl_inet_text(&peer->path[i].addr, text), //
			 "lastReceive", (json_int_t)peer->path[i].heard_ms,  //
			 "active", active, "expired", !active, "preferred", peer->path[i].best);
}

static json_t *paths_json(const struct ctl_view *v, const struct rl_peer_info *peer)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < peer->path_count; i++)
		json_array_append_new(list, path_json(v, peer, i));
	return list;
}

// Unknown, as of a peer from a database, is -1 and "", as the stock node says.
static json_t *peer_json(const struct ctl_view *v, const struct rl_peer_info *peer)
{
	char address[11], version[24] = "";
	bool known = peer->major || peer->minor || peer->revision;
	rl_address_text(peer->id.address, address);
	if (known)
		snprintf(version, sizeof(version), "%u.%u.%u", peer->major, peer->minor,
			 peer->revision);
	return json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:s, s:I, s:I, s:o}", //
			 "address", address, "version", version,                    //
			 "versionMajor", known ? peer->major : -1,                  //
			 "versionMinor", known ? peer->minor : -1,                  //
			 "versionRev", known ? peer->revision : -1,                 //
			 "protocol", peer->proto, "latency", (int)peer->latency_ms, //
			 "role", state_worlds_role(v->worlds, peer->id.address),    //
			 "firstSeen", (json_int_t)peer->first_ms,                   //
			 "lastReceive", (json_int_t)peer->heard_ms,                 //
			 "paths", paths_json(v, peer));
}

static void write_peer(FILE *out, const struct ctl_view *v, const struct rl_peer_info *peer)
{
	json_t *line =
		json_pack("{s:o, s:I}", "peer", peer_json(v, peer), "clock", (json_int_t)v->now_ms);
	if (line)
		json_dumpf(line, out, JSON_COMPACT);
	fputc('\n', out);
	json_decref(line);
}

static void write_end(FILE *out, unsigned long long count)
{
	fprintf(out, "{\"ok\":true,\"result\":{\"peers\":%llu}}\n", count);
}

static char *one_peer(const struct ctl_view *v, uint64_t address, struct ctl_cursor *cursor)
{
	struct rl_peer_info peer;
	char *text = NULL;
	size_t len;
	if (!rl_root_peer_find(v->root, address, v->now_ms, &peer))
		return ctl_refuse(cursor, "no peer of this address is known");
	FILE *out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	cursor->done = true;
	write_peer(out, v, &peer);
	write_end(out, 1);
	return fclose(out) ? NULL : text;
}

// cursor->at: the next place in the low half, peers listed so far in the high half.
char *ctl_peers(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor)
{
	const struct ctl_view *v = ctx;
	struct rl_peer_info peer;
	char *text = NULL;
	size_t len;
	if (q->has_address)
		return one_peer(v, q->address, cursor);
	FILE *out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	uint32_t at = (uint32_t)cursor->at, total = cursor->at >> 32,
		 end = rl_root_max_peers(v->root);
	for (unsigned n = 0, looked = 0; at < end && n < LISTED && looked < LOOKED_AT;
	     at++, looked++) {
		if (!rl_root_peer_at(v->root, at, v->now_ms, &peer))
			continue;
		write_peer(out, v, &peer);
		n++;
		total++;
	}
	cursor->at = (uint64_t)total << 32 | at;
	cursor->done = at >= end;
	if (cursor->done)
		write_end(out, total);
	return fclose(out) ? NULL : text;
}
