// SPDX-License-Identifier: BSD-3-Clause
// What the root is, and its counters.
#include "dpdk-app/ctl.h"

#include <stdlib.h>

const struct ctl_command ctl_commands[] = {
	{"info", ctl_info},         {"peers", ctl_peers}, {"drops", ctl_drops},
	{"counters", ctl_counters}, {"geoip", ctl_geoip}, {"cluster", ctl_cluster},
	{"siblings", ctl_siblings}, {"who", ctl_who},     {"drain", ctl_drain},
	{"undrain", ctl_undrain},   {NULL, NULL},
};

static char *line_of(json_t *object)
{
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	char *line = NULL;
	if (text && asprintf(&line, "%s\n", text) < 0)
		line = NULL;
	free(text);
	json_decref(object);
	return line;
}

char *ctl_answer(struct ctl_cursor *cursor, json_t *result)
{
	cursor->done = true;
	return line_of(json_pack("{s:b, s:o}", "ok", 1, "result", result));
}

char *ctl_refuse(struct ctl_cursor *cursor, const char *why)
{
	cursor->done = true;
	return line_of(json_pack("{s:b, s:s}", "ok", 0, "error", why));
}

static json_t *ports(const struct ctl_view *v)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < v->ports; i++)
		json_array_append_new(list, json_string(v->port[i]));
	return list;
}

// Each IP address once, each port once, out of the endpoints made of them.
static json_t *addresses(const struct state_self *self)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < self->endpoint_count; i++) {
		char text[RL_INET_TEXT];
		bool seen = false;
		for (unsigned j = 0; j < i && !seen; j++)
			seen = rl_inet_same_ip(&self->endpoint[i], &self->endpoint[j]);
		if (seen)
			continue;
		rl_inet_text(&self->endpoint[i], text);
		*strchrnul(text, '/') = 0;
		json_array_append_new(list, json_string(text));
	}
	return list;
}

static json_t *udp_ports(const struct ctl_view *v)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < v->udp_ports; i++)
		json_array_append_new(list, json_integer(v->udp_port[i]));
	return list;
}

static json_t *moons(const struct state_worlds *w)
{
	json_t *list = json_array();
	for (unsigned i = w->has_planet; i < w->count; i++) {
		char text[17];
		snprintf(text, sizeof(text), "%016llx", (unsigned long long)w->world[i].id);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

char *ctl_info(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor)
{
	const struct ctl_view *v = ctx;
	const struct rl_world *planet = v->worlds->has_planet ? v->worlds->world : NULL;
	char address[11], id[RL_IDENTITY_SECRET_TEXT];
	(void)q;
	rl_address_text(v->self->id->address, address);
	rl_identity_text(v->self->id, NULL, id);
	json_t *info = json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:b, s:I, s:I}", //
				 "address", address, "publicIdentity", id,        //
				 "version", ROOTLINE_VERSION,                     //
				 "versionMajor", RL_SOFTWARE_MAJOR,               //
				 "versionMinor", RL_SOFTWARE_MINOR,               //
				 "versionRev", RL_SOFTWARE_REVISION,              //
				 // Without an address nobody can be answered.
				 "online", v->self->endpoint_count > 0, //
				 "clock", (json_int_t)v->now_ms,        //
				 "uptime", (json_int_t)((v->now_ms - v->started_ms) / 1000));
	json_t *more =
		json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:i, s:I, s:I}",                      //
			  "planetWorldId", (json_int_t)(planet ? planet->id : 0),               //
			  "planetWorldTimestamp", (json_int_t)(planet ? planet->timestamp : 0), //
			  "moons", moons(v->worlds),                                            //
			  "ports", ports(v),                                                    //
			  "udpPorts", udp_ports(v),                                             //
			  "addresses", addresses(v->self),                                      //
			  "workers", (int)v->workers,                                           //
			  "peers", (json_int_t)rl_root_peer_count(v->root),                     //
			  "maxPeers", (json_int_t)rl_root_max_peers(v->root));
	json_object_update(info, more);
	json_decref(more);
	return ctl_answer(cursor, info);
}

// Written by one thread each, with plain 64-bit stores.
static uint64_t load(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

uint64_t ctl_total(const struct ctl_view *v, size_t offset)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < v->stats_count; i++)
		sum += load((const uint64_t *)((const char *)v->stats[i] + offset));
	return sum;
}

void ctl_view_add(struct ctl_view *v, const struct rl_stats *stats)
{
	if (v->stats_count < CTL_WORKERS_MAX)
		v->stats[v->stats_count++] = stats;
}

void ctl_view_add_drops(struct ctl_view *v, const uint64_t *drop)
{
	if (v->drop_count < CTL_DROPS_MAX)
		v->drop[v->drop_count++] = drop;
}

static uint64_t total_drops(const struct ctl_view *v, unsigned d)
{
	uint64_t sum = ctl_total(v, offsetof(struct rl_stats, drop[d]));
	for (unsigned i = 0; i < v->drop_count; i++)
		sum += load(&v->drop[i][d]);
	return sum;
}

static void add(json_t *list, const char *name, uint64_t count, const char *help)
{
	json_array_append_new(list, json_pack("{s:s, s:I, s:s}", "name", name, "count",
					      (json_int_t)count, "help", help));
}

char *ctl_drops(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor)
{
	const struct ctl_view *v = ctx;
	json_t *list = json_array();
	(void)q;
	for (unsigned d = RL_DROP_NONE + 1; d < RL_DROP_COUNT; d++)
		add(list, rl_drop_name(d), total_drops(v, d), rl_drop_help(d));
	return ctl_answer(cursor, list);
}

static const struct {
	const char *name;
	size_t offset;
	const char *help;
} counters[] = {
#define X(name, help) {#name, offsetof(struct rl_stats, name), help},
	RL_COUNTERS(X)
#undef X
};

static const struct {
	const char *name;
	enum zt_verb verb;
} verbs[] = {
	{"verb_nop", ZT_VERB_NOP},
	{"verb_hello", ZT_VERB_HELLO},
	{"verb_error", ZT_VERB_ERROR},
	{"verb_ok", ZT_VERB_OK},
	{"verb_whois", ZT_VERB_WHOIS},
	{"verb_rendezvous", ZT_VERB_RENDEZVOUS},
	{"verb_frame", ZT_VERB_FRAME},
	{"verb_ext_frame", ZT_VERB_EXT_FRAME},
	{"verb_echo", ZT_VERB_ECHO},
	{"verb_multicast_like", ZT_VERB_MULTICAST_LIKE},
	{"verb_network_credentials", ZT_VERB_NETWORK_CREDENTIALS},
	{"verb_network_config_request", ZT_VERB_NETWORK_CONFIG_REQUEST},
	{"verb_network_config", ZT_VERB_NETWORK_CONFIG},
	{"verb_multicast_gather", ZT_VERB_MULTICAST_GATHER},
	{"verb_multicast_frame", ZT_VERB_MULTICAST_FRAME},
	{"verb_push_direct_paths", ZT_VERB_PUSH_DIRECT_PATHS},
	{"verb_ack", ZT_VERB_ACK},
	{"verb_qos_measurement", ZT_VERB_QOS_MEASUREMENT},
	{"verb_user_message", ZT_VERB_USER_MESSAGE},
	{"verb_remote_trace", ZT_VERB_REMOTE_TRACE},
	{"verb_path_negotiation_request", ZT_VERB_PATH_NEGOTIATION_REQUEST},
};

char *ctl_counters(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor)
{
	const struct ctl_view *v = ctx;
	json_t *list = json_array();
	(void)q;
	for (unsigned i = 0; i < sizeof(counters) / sizeof(*counters); i++)
		add(list, counters[i].name, ctl_total(v, counters[i].offset), counters[i].help);
	for (unsigned i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		add(list, verbs[i].name,
		    ctl_total(v, offsetof(struct rl_stats, verb[verbs[i].verb])),
		    "authenticated packets of this kind for the root");
#define X(name, help) add(list, "nic_" #name, v->nic.name, help);
	CTL_NIC(X)
#undef X
	return ctl_answer(cursor, list);
}
