// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/session.h"

#include "bench/gun/gun.h"
#include "bench/gun/neighbour.h"
#include "dpdk-app/netif.h"

#include <sodium.h>

#include <arpa/inet.h>
#include <errno.h>

#define AT(field) offsetof(struct session_options, field)

// clang-format off
const struct cli_option session_table[] = {
	{"target", "IP/PORT", CLI_INET, AT(target), 0, 0, NULL,
	 "the root"},
	{"population", "FILE", CLI_TEXT, AT(population), 0, 0, NULL,
	 "nodes and their keys with this root, made by `rootline-gun population`"},
	{"interface", "IF", CLI_TEXT, AT(interface), 0, 0, NULL,
	 "shoot through this interface by the kernel's packet rings"},
	{"dpdk", "PORT", CLI_TEXT, AT(dpdk), 0, 0, NULL,
	 "shoot through DPDK instead: a PCI address, af_packet:IF, af_xdp:IF"},
	{"next-hop", "IP", CLI_TEXT, AT(next_hop), 0, 0, NULL,
	 "router on the way to the root [the root itself]"},
	{"next-hop-mac", "MAC", CLI_MAC, AT(next_hop_mac), 0, 0, NULL,
	 "its MAC address [asked for by ARP or neighbour discovery]"},
	{"source-mac", "MAC", CLI_MAC, AT(source_mac), 0, 0, NULL,
	 "MAC address of all simulated nodes; the kernel then leaves the answers alone [the interface's]"},
	{"answer-arp", NULL, CLI_FLAG, AT(answer_arp), 0, 0, NULL,
	 "answer ARP and neighbour discovery for simulated addresses: a stock root on the same wire needs it, "
	 "rootline does not"},
	{"yes-this-interface", NULL, CLI_FLAG, AT(yes), 0, 0, NULL,
	 "even if it carries the default route, or the machine forwards"},
	{"seed", "N", CLI_COUNT, AT(seed), 0, 9e15, NULL,
	 "of everything drawn at random [another each time]"},
	{"min-ratio", "SHARE", CLI_DECIMAL, AT(min_ratio), 0, 1, NULL,
	 "end with status 1 if a smaller share is answered, as 0.99"},
	{"json", NULL, CLI_FLAG, AT(json), 0, 0, NULL,
	 "report as JSON"},
	{"quiet", NULL, CLI_FLAG, AT(quiet), 0, 0, NULL,
	 "no progress on standard error"},
	{0},
};
// clang-format on

struct session_options session_options_default(void)
{
	struct session_options o = {.min_ratio = -1};

	randombytes_buf(&o.seed, sizeof(o.seed));
	o.seed >>= 11; // fits the option and JSON
	return o;
}

// The interface a DPDK port shares with the kernel, or NULL.
static const char *shared_interface(const char *port)
{
	const char *colon = strchr(port, ':');

	if (!colon || (strncmp(port, "af_packet:", 10) != 0 && strncmp(port, "af_xdp:", 7) != 0))
		return NULL;
	return colon + 1;
}

static int check(const struct cli_command *c, const struct session_options *o, bool need_population)
{
	if (!o->target.family)
		return cli_usage(c, "--target is missing: the root's address, as 192.0.2.1/9993");
	if (!o->interface == !o->dpdk)
		return cli_usage(c, "one of --interface and --dpdk is needed");
	if (need_population && !o->population)
		return cli_usage(c, "--population is missing: `rootline-gun population` makes one");
	return GUN_OK;
}

static int guard(const struct session_options *o, struct say_why *why)
{
	const char *interface = o->interface ? o->interface : shared_interface(o->dpdk);

	if (!interface || o->yes)
		return 0;
	return guard_interface(interface, &o->target, !o->source_mac.given, why);
}

static int open_link(struct session *s, struct say_why *why)
{
	const struct session_options *o = &s->opt;
	struct link_filter filter = {.family = o->target.family};

	memcpy(filter.ip, o->target.ip, sizeof(filter.ip));
	if (o->interface)
		s->link = link_afpacket(o->interface, &filter, o->source_mac.given, why);
	else
		s->link = link_dpdk(o->dpdk, o->source_mac.given, why);
	return s->link ? 0 : -EIO;
}

static int parse_next_hop(const struct session_options *o, struct rl_inet *hop, struct say_why *why)
{
	*hop = o->target;
	hop->port = 0;
	if (!o->next_hop)
		return 0;
	memset(hop->ip, 0, sizeof(hop->ip));
	if (inet_pton(hop->family == 4 ? AF_INET : AF_INET6, o->next_hop, hop->ip) == 1)
		return 0;
	return say_why(why, "--next-hop %s: no IPv%u address", o->next_hop, hop->family);
}

// Whose address asks: the interface's, if it has one of this family, else that of a node.
static struct rl_inet asker(const struct session *s)
{
	const char *interface = s->opt.interface ? s->opt.interface : shared_interface(s->opt.dpdk);
	uint8_t family = s->opt.target.family;
	struct rl_inet a = {.family = family};
	struct netif n;

	if (interface && netif_read(&n, interface) == 0) {
		for (unsigned i = 0; i < n.count; i++) {
			if (n.address[i].family == family)
				return n.address[i];
		}
	}
	if (s->population.count && s->population.sources.family == family)
		return sources_at(&s->population.sources, 0, 0);
	return a;
}

static int find_way(struct session *s, struct say_why *why)
{
	struct rl_inet hop, own = asker(s);
	char text[INET6_ADDRSTRLEN];
	int ret = parse_next_hop(&s->opt, &hop, why);

	if (ret < 0)
		return ret;
	if (s->opt.source_mac.given)
		memcpy(s->engine.own_mac, s->opt.source_mac.mac, 6);
	if (s->opt.next_hop_mac.given) {
		memcpy(s->engine.next_mac, s->opt.next_hop_mac.mac, 6);
		return 0;
	}
	ret = neighbour_resolve(&s->engine, &hop, &own);
	if (ret == 0)
		return 0;
	inet_ntop(hop.family == 4 ? AF_INET : AF_INET6, hop.ip, text, sizeof(text));
	say_why(why,
		"%s does not say where it is on %s (%s): if it is behind a router give --next-hop "
		"ROUTER, else --next-hop-mac MAC",
		text, s->link->name, hop.family == 4 ? "ARP" : "neighbour discovery");
	return ret;
}

static int open_population(struct session *s, struct say_why *why)
{
	const struct session_options *o = &s->opt;
	const struct sources *sources = &s->population.sources;
	struct rl_inet target = o->target;
	int ret = population_open(&s->population, o->population, why);

	if (ret == 0)
		ret = population_index(&s->population, why);
	if (ret < 0)
		return ret;
	if (sources->family != target.family)
		return say_why(why, "%s has IPv%u sources; the root's address is IPv%u",
			       o->population, sources->family, target.family);
	target.port = sources->first_port;
	if (sources_node(sources, &target, NULL) < s->population.count)
		return say_why(why,
			       "one node of %s has the root's own IP address: make the population "
			       "with other --sources",
			       o->population);
	return 0;
}

static int open_all(struct session *s, struct say_why *why)
{
	int ret = guard(&s->opt, why);

	if (ret == 0 && s->opt.population)
		ret = open_population(s, why);
	if (ret == 0)
		ret = open_link(s, why);
	if (ret < 0)
		return ret;
	s->engine_up = true;
	if (engine_init(&s->engine, s->link, s->population.count ? &s->population : NULL,
			&s->opt.target, s->opt.seed) < 0)
		return say_why(why, "no memory");
	s->engine.stop = gun_catch_signals();
	s->engine.answer_neighbours = s->opt.answer_arp;
	return find_way(s, why);
}

static int session_open(struct session *s, const struct cli_command *c, bool need_population)
{
	struct say_why why;
	int ret = check(c, &s->opt, need_population);

	if (ret != GUN_OK)
		return ret;
	return open_all(s, &why) < 0 ? gun_cannot(&why) : GUN_OK;
}

static void session_close(struct session *s)
{
	if (s->engine_up)
		engine_free(&s->engine);
	link_close(s->link);
	population_close(&s->population);
}

int session_run(const struct cli_command *c, const struct session_options *opt,
		bool need_population, int (*shoot)(struct session *s, const void *ctx),
		const void *ctx)
{
	struct session s = {.opt = *opt};
	int ret = session_open(&s, c, need_population);

	if (ret == GUN_OK)
		ret = shoot(&s, ctx);
	session_close(&s);
	return ret;
}

json_t *session_json(const struct session *s, const char *command)
{
	char text[RL_INET_TEXT];
	json_t *o = json_object(), *p;

	json_object_set_new(o, "program", json_string("rootline-gun " ROOTLINE_VERSION));
	json_object_set_new(o, "command", json_string(command));
	json_object_set_new(o, "target", json_string(rl_inet_text(&s->opt.target, text)));
	json_object_set_new(o, "link", json_string(s->link->name));
	json_object_set_new(o, "seed", json_integer((json_int_t)s->opt.seed));
	if (!s->population.count)
		return o;
	p = json_object();
	json_object_set_new(p, "nodes", json_integer(s->population.count));
	json_object_set_new(p, "kind", json_string(population_kind_text(s->population.kind)));
	json_object_set_new(p, "sources", json_string(sources_text(&s->population.sources, text)));
	json_object_set_new(o, "population", p);
	return o;
}

int session_verdict(const struct session *s, double ratio)
{
	if (s->link->error) {
		say_error("%s: %s", s->link->name, strerror(s->link->error));
		return GUN_CANNOT;
	}
	if (s->opt.min_ratio < 0 || ratio >= s->opt.min_ratio)
		return GUN_OK;
	say_error("%.3f %% answered, %.3f %% asked for", ratio * 100, s->opt.min_ratio * 100);
	return GUN_FEWER;
}
