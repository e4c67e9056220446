// SPDX-License-Identifier: BSD-3-Clause
// The steward's hands: packets to clients by a worker of the core, batches to the link, places out
// of the databases.
#include "dpdk-app/backplane_parts.h"
#include "dpdk-app/places.h"
#include "root/tell.h"

#include <errno.h>

static unsigned paths(void *ctx, uint64_t client, struct rl_steward_path out[RL_STEWARD_PATHS])
{
	struct backplane *b = ctx;
	struct rl_peer_info info;
	unsigned n = 0;
	if (!rl_root_peer_find(b->o.root, client, b->now_ms, &info))
		return 0;
	for (; n < info.path_count && n < RL_STEWARD_PATHS; n++)
		out[n] = (struct rl_steward_path){info.path[n].addr, info.path[n].heard_ms};
	return n;
}

// One turn may have more to say than the out-box holds.
#define SAY(call)                     \
	do {                          \
		int said = (call);    \
		if (said != -ENOBUFS) \
			return said;  \
		backplane_flush(b);   \
		return (call);        \
	} while (0)

static int push(void *ctx, uint64_t client, const struct rl_inet *by, const struct rl_inet *at,
		unsigned n)
{
	struct backplane *b = ctx;
	SAY(rl_tell_push(b->handle.core, client, by, at, n));
}

static int nop(void *ctx, uint64_t client, const struct rl_inet *by)
{
	struct backplane *b = ctx;
	SAY(rl_tell_nop(b->handle.core, client, by));
}

static int echo(void *ctx, uint64_t client, const struct rl_inet *by)
{
	struct backplane *b = ctx;
	SAY(rl_tell_echo(b->handle.core, client, by));
}

static int rendezvous(void *ctx, uint64_t client, const struct rl_inet *by, uint64_t other,
		      const struct rl_inet *at)
{
	struct backplane *b = ctx;
	SAY(rl_tell_rendezvous(b->handle.core, client, by, other, at));
}

static void withhold(void *ctx, uint64_t client, bool withheld)
{
	struct backplane *b = ctx;
	rl_root_withhold(b->o.root, client, withheld);
}

static struct rl_geo where(void *ctx, const struct rl_inet *addr)
{
	struct backplane *b = ctx;
	struct rl_geoip_place place;
	if (!b->o.geoip || !rl_geoip_find(b->o.geoip, PLACES_READER_BACKPLANE, addr->ip,
					  addr->family == 4 ? 4 : 16, &place))
		return (struct rl_geo){0};
	return rl_geo_at(place.latitude, place.longitude);
}

// What says who lives must not wait behind what says where millions are.
static enum rl_link_lane lane_of(const uint8_t *batch)
{
	switch (batch[RL_BATCH_AT_KIND]) {
	case RL_BATCH_LOCATIONS:
	case RL_BATCH_REFRESH:
	case RL_BATCH_SNAPSHOT:
	case RL_BATCH_REPAIR:
	case RL_BATCH_SUBSCRIBE:
		return RL_LINK_BULK;
	default:
		return RL_LINK_URGENT;
	}
}

static bool send(void *ctx, uint8_t to, const uint8_t *batch, size_t len)
{
	struct backplane *b = ctx;
	return rl_link_publish(b->link, lane_of(batch), to, batch, len) == 0;
}

static bool identity(void *ctx, uint64_t client, struct rl_identity *out)
{
	struct backplane *b = ctx;
	struct rl_peer_info info;
	if (!rl_root_peer_find(b->o.root, client, b->now_ms, &info))
		return false;
	*out = info.id;
	return true;
}

static int whois(void *ctx, uint64_t client, const struct rl_inet *by, uint64_t id,
		 const uint64_t *asked, unsigned n, const struct rl_identity *given,
		 unsigned given_count)
{
	struct backplane *b = ctx;
	SAY(rl_tell_whois(b->handle.core, client, by, id, asked, n, given, given_count));
}

static int adopt(void *ctx, const struct rl_identity *id)
{
	struct backplane *b = ctx;
	return rl_root_peer_add(b->o.root, id, b->now_ms);
}

struct rl_steward_host backplane_host(struct backplane *b)
{
	struct rl_steward_host host = {.ctx = b,
				       .paths = paths,
				       .push = push,
				       .nop = nop,
				       .echo = echo,
				       .rendezvous = rendezvous,
				       .withhold = withhold,
				       .where = where,
				       .send = send,
				       .identity = identity,
				       .whois = whois,
				       .adopt = adopt};
	backplane_groups_host(&host);
	return host;
}
