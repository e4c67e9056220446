// SPDX-License-Identifier: BSD-3-Clause
// rootline: the start is a ladder, the stop is the same ladder downwards.
#include "dpdk-app/app.h"
#include "dpdk-app/control.h"
#include "dpdk-app/log.h"
#include "dpdk-app/memory.h"
#include "dpdk-app/notify.h"
#include "dpdk-app/privilege.h"
#include "dpdk-app/upkeep.h"

#include <errno.h>
#include <rte_cycles.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };
enum { SIGHT_MS = 15000 }; // a client asks its best root something every 5 s

static uint16_t via(void *ctx, const struct rl_packet *p)
{
	return port_packet_via(((struct app *)ctx)->ports, p);
}

static bool validated(void *ctx, const struct rl_identity *id)
{
	struct app *a = ctx;
	return known_valid(a->known, id) || backplane_validated(a->backplane, id);
}

static void admitted(void *ctx, const struct rl_identity *id, uint64_t now_ms)
{
	struct app *a = ctx;
	known_admitted(a->known, id, now_ms);
	backplane_admitted(a->backplane, id);
}

static bool elsewhere(void *ctx, uint64_t address)
{
	return backplane_elsewhere(((struct app *)ctx)->backplane, address);
}

static bool groups_elsewhere(void *ctx, const struct rl_group_key *group)
{
	return backplane_groups_elsewhere(((struct app *)ctx)->backplane, group);
}

static struct rl_options core_options(const struct config_limits *l)
{
	return (struct rl_options){
		.max_peers = l->max_peers,
		.hop_limit = (uint8_t)l->hop_limit,
		.introduce_ms = l->introduce_ms,
		.introduce_pairs = l->introduce_pairs,
		.keepalive_ms = l->keepalive_ms,
		.path_timeout_ms = l->path_timeout_ms,
		.peer_timeout_ms = l->peer_timeout_ms,
		.group_members = l->group_members,
		.group_timeout_ms = l->group_timeout_ms,
		.peer_groups_per_min = l->peer_groups_per_min,
		.gather_max = (uint16_t)l->gather_max,
		.whois_max = (uint16_t)l->whois_max,
		.budget_cells = l->budget_cells,
		.relay_pps = l->relay_pps,
		.known_pps = l->known_pps,
		.forwarder_pps = l->forwarder_pps,
		.peer_verb_pps = l->peer_verb_pps,
		.sibling_pps = l->sibling_pps,
		.guess_pps = l->guess_pps,
		.stranger_pps = l->stranger_pps,
		.stranger_total_pps = l->stranger_total_pps,
		.encrypted_pps = l->encrypted_pps,
		.validate_pps = l->validate_pps,
		.reassembly_slots = l->reassembly_slots,
		.reassembly_ms = l->reassembly_ms,
	};
}

static int start_ports(struct app *a)
{
	char why[PORT_WHY_MAX] = "";
	struct eal_options o;
	a->ports = ports_new(&a->config,
			     a->config.admission_threads + a->config.cluster.given +
				     (a->config.siblings.count != 0),
			     why);
	if (!a->ports) {
		log_error("%s", why);
		return -ENODEV;
	}
	eal_options_default(&o, &a->config);
	o.program = "rootline";
	ports_eal(a->ports, &o);
	int ret = eal_start(&o, &a->eal, why);
	if (ret) {
		log_error("%s", why);
		return ret;
	}
	a->eal_up = true;
	*why = 0;
	ret = ports_start(a->ports, why);
	if (ret)
		log_error("%s", why);
	else if (*why)
		log_warning("%s", why);
	return ret;
}

static void stop_ports(struct app *a)
{
	ports_free(a->ports);
	if (a->eal_up)
		eal_stop();
}

static int start_root(struct app *a)
{
	struct rl_options o = core_options(&a->config.limits);
	struct rl_host host = {.via = via,
			       .validated = validated,
			       .admitted = admitted,
			       .alloc = memory_alloc,
			       .free = memory_free,
			       .ctx = a};
	uint8_t seed[32];
	o.sight_ms = a->config.cluster.given ? SIGHT_MS : 0;
	host.elsewhere = a->config.cluster.given ? elsewhere : NULL;
	host.groups_elsewhere = a->config.cluster.given ? groups_elsewhere : NULL;
	a->known = known_open(a->config.state_dir);
	if (!a->known)
		return -ENOMEM;
	randombytes_buf(seed, sizeof(seed));
	a->root = rl_root_new(&a->state.id, &a->state.secret, &o, &host, seed);
	sodium_memzero(seed, sizeof(seed));
	// From here on the core's copy is the only one.
	sodium_memzero(&a->state.secret, sizeof(a->state.secret));
	if (!a->root) {
		log_error("no memory for %u peers and %u subscriptions: lower --max-peers or "
			  "--group-members",
			  (unsigned)o.max_peers, (unsigned)o.group_members);
		return -ENOMEM;
	}
	clock_init(&a->clock, rte_get_tsc_hz());
	endpoints_of(&a->endpoints, a->ports);
	int ret = siblings_add(a->root, &a->config, clock_now(&a->clock));
	return ret ? ret : upkeep_first_worlds(a);
}

static void say_serving(const struct app *a)
{
	char ports[1024] = "", udp[128] = "", addresses[1024];
	const struct config *c = &a->config;
	size_t n = 0;
	for (unsigned i = 0; i < ports_count(a->ports) && n < sizeof(ports); i++)
		n += (size_t)snprintf(ports + n, sizeof(ports) - n, "%s%s", i ? " " : "",
				      port_name(ports_at(a->ports, i)));
	n = 0;
	for (unsigned i = 0; i < c->udp_ports.count && n < sizeof(udp); i++)
		n += (size_t)snprintf(udp + n, sizeof(udp) - n, "%s%u", i ? " " : "",
				      (unsigned)c->udp_ports.v[i]);
	log_info("serving %010llx on %s, UDP %s, %s",
		 (unsigned long long)rl_root_identity(a->root)->address, ports, udp,
		 endpoints_text(&a->endpoints, addresses, sizeof(addresses)));
}

static int serve(struct app *a, struct control *c)
{
	upkeep_check_worlds(a);
	say_serving(a);
	notify_send("READY=1\nSTATUS=serving");
	int ret = control_run(c);
	notify_send("STOPPING=1");
	return ret;
}

static int run(struct app *a)
{
	struct control *control = NULL;
	int ret = privilege_check(&a->config.ports);
	if (ret)
		return ret;
	ret = state_open(&a->state, a->config.state_dir);
	if (ret)
		return ret;
	ret = state_identity(&a->state);
	if (ret)
		goto close_state;
	ret = state_worlds_load(&a->worlds, a->config.planet, a->config.moons_dir);
	if (ret)
		goto close_state;
	a->geoip = places_open(&a->config);
	ret = start_ports(a);
	if (ret)
		goto stop_ports;
	ret = start_root(a);
	if (ret)
		goto free_root;
	ret = crew_prepare(a);
	if (ret)
		goto free_crew;
	ret = crew_launch(a);
	if (ret)
		goto stop_crew;
	known_load(a->known, a->root, clock_now(&a->clock), a->config.limits.peer_timeout_ms);
	ret = control_new(&control, a);
	if (ret)
		goto stop_crew;
	ret = serve(a, control);

stop_crew:
	crew_stop(a);
	control_free(control);
free_crew:
	crew_free(a);
free_root:
	known_close(a->known);
	rl_root_free(a->root);
stop_ports:
	stop_ports(a);
	rl_geoip_close(a->geoip);
	state_worlds_free(&a->worlds);
close_state:
	state_close(&a->state);
	return ret;
}

int main(int argc, char **argv)
{
	struct app *a = calloc(1, sizeof(*a));
	if (!a || sodium_init() < 0) {
		log_error("no memory, or no random numbers");
		return EXIT_FAILED;
	}
	a->state.lock = -1;
	a->argc = argc;
	a->argv = argv;
	switch (config_args(&a->config, argc, argv, stdout, stderr)) {
	case CONFIG_DONE:
		free(a);
		return fflush(stdout) || ferror(stdout) ? EXIT_FAILED : EXIT_OK;
	case CONFIG_BAD:
		free(a);
		return EXIT_USAGE;
	case CONFIG_RUN:
		break;
	}
	control_block_signals();
	log_init((enum log_level)a->config.log_level);
	int ret = run(a);
	if (ret == 0)
		log_info("stopped");
	free(a);
	return ret ? EXIT_FAILED : EXIT_OK;
}
