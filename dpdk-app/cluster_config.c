// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/cluster_config.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)CONFIG_KEY_BYTES == (int)RL_SEAL_KEY &&
		       (int)CONFIG_KEY_BYTES == (int)RL_SEAL_PUBLIC &&
		       (int)CONFIG_SECRET_BYTES == (int)RL_SEAL_SECRET,
	       "keys of the config are those of the seal");
_Static_assert((int)CONFIG_LABEL_MAX <= (int)RL_MEMBER_NAME, "any name of a member fits");

// "0.1.0" as heartbeats tell it.
static uint32_t own_version(void)
{
	unsigned v[3] = {0};
	const char *at = ROOTLINE_VERSION;
	for (unsigned i = 0; i < 3; i++) {
		char *end;
		v[i] = (unsigned)strtoul(at, &end, 10);
		at = *end == '.' ? end + 1 : end;
	}
	return v[0] << 16 | (v[1] & 0xff) << 8 | (v[2] & 0xff);
}

static void set_member(struct cluster_config_member *to, const struct config_member *m)
{
	to->id = (uint8_t)m->id;
	memcpy(to->name, m->name, sizeof(m->name));
	// The config takes nothing that these do not; an empty front stays nil.
	rl_inet_parse(&to->front[RL_FAMILY_4], m->front_ipv4);
	rl_inet_parse(&to->front[RL_FAMILY_6], m->front_ipv6);
	config_hex(m->public_key, strlen(m->public_key), to->public_key, sizeof(to->public_key));
}

static void set_own(struct rl_member_news *own, const struct cluster_config_member *to,
		    const struct config_member *m)
{
	double latitude, longitude;
	own->id = to->id;
	own->capacity = m->capacity;
	own->version = own_version();
	if (config_coordinates(m->coordinates, &latitude, &longitude))
		own->place = rl_geo_at(latitude, longitude);
	memcpy(own->front, to->front, sizeof(own->front));
	memcpy(own->name, to->name, sizeof(own->name));
}

// The config has compared the second half alone. With another seed before it all signatures would
// be wrong, and signatures under two public keys would give the secret away.
static bool is_pair(const uint8_t secret[static RL_SEAL_SECRET])
{
	uint8_t public_key[RL_SEAL_PUBLIC], made[RL_SEAL_SECRET];
	crypto_sign_seed_keypair(public_key, made, secret);
	bool fine = sodium_memcmp(made, secret, sizeof(made)) == 0;
	sodium_memzero(made, sizeof(made));
	return fine;
}

static bool read_keys(struct rl_steward_config *s, const struct config *c, FILE *err)
{
	const char *path = c->cluster.member_key_file;
	if (!config_cluster_key(c->cluster.key_file, s->key, err) ||
	    !config_member_key(path, config_self(c), s->secret, err))
		return false;
	if (is_pair(s->secret))
		return true;
	fprintf(err,
		"%s: member key: is damaged: its last 64 digits are not the public key that "
		"belongs to the first 64; take the file that was made for this member\n",
		path);
	return false;
}

void cluster_config_members(struct cluster_members *to, const struct config *c)
{
	const struct config_members *from = &c->cluster.members;
	const struct config_member *self = config_self(c);
	*to = (struct cluster_members){.count = from->count};
	for (unsigned i = 0; i < from->count; i++) {
		set_member(&to->member[i], &from->v[i]);
		if (&from->v[i] == self)
			set_own(&to->own, &to->member[i], self);
	}
}

// Groups of the other members, if half of their clients' subscriptions share one with others. More
// are no loss: all members are asked about some of them.
static uint64_t audience_max(const struct config *c)
{
	uint64_t others = c->cluster.members.count - 1;
	return others * c->limits.group_members / 2 + 1;
}

bool cluster_config_read(struct cluster_config *k, const struct config *c, FILE *err)
{
	const struct config_cluster *from = &c->cluster;
	*k = (struct cluster_config){.steward = rl_steward_config_default};
	struct rl_steward_config *s = &k->steward;
	s->sync = rl_sync_config_default;
	s->cluster = strtoull(from->cluster_id, NULL, 16);
	s->directory_max = from->directory_max;
	s->audience_max = audience_max(c);
	s->warm_max = from->warm_max;
	s->drain_rate = from->drain_rate;
	cluster_config_members(&k->members, c);
	s->own = k->members.own;
	bool fine = read_keys(s, c, err);
	if (!fine)
		cluster_config_wipe(k);
	return fine;
}

void cluster_config_wipe(struct cluster_config *k)
{
	sodium_memzero(k->steward.key, sizeof(k->steward.key));
	sodium_memzero(k->steward.secret, sizeof(k->steward.secret));
}
