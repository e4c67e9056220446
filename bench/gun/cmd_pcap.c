// SPDX-License-Identifier: BSD-3-Clause
// rootline-gun pcap: traffic of a population as a capture file.
#include "bench/gun/gun.h"
#include "bench/gun/pcap_out.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

struct options {
	struct gun_traffic traffic;
	const char *population;
	struct rl_inet target;
	uint64_t packets, seed, time;
	double rate;
};

#define AT(field) offsetof(struct options, field)

// clang-format off
static const struct cli_option table[] = {
	{"population", "FILE", CLI_TEXT, AT(population), 0, 0, NULL,
	 "nodes and their keys, made by `rootline-gun population`"},
	{"packets", "N", CLI_COUNT, AT(packets), 1, 4e9, NULL,
	 "how many [as many as there are nodes]"},
	{"target", "IP/PORT", CLI_INET, AT(target), 0, 0, NULL,
	 "the root; replay can send it elsewhere [192.0.2.1/9993 or 2001:db8::1/9993]"},
	{"rate", "N", CLI_DECIMAL, AT(rate), 0.001, 1e9, NULL,
	 "packets a second in the file's time stamps [10k]"},
	{"time", "SECONDS", CLI_COUNT, AT(time), 0, 4294967295, NULL,
	 "Unix time of the first packet [now]"},
	{"seed", "N", CLI_COUNT, AT(seed), 0, 9e15, NULL,
	 "of everything drawn at random: the same seed and time make the same file [1]"},
	GUN_TRAFFIC_ROWS(options, traffic),
	{0},
};
// clang-format on

static const struct cli_option *const tables[] = {table, NULL};

static int write_all(const struct options *o, struct craft *craft, const struct rl_inet *target,
		     struct pcap_out *out)
{
	struct rl_cipher *cipher = rl_cipher_new();
	struct rng rng = {rng_mix(o->seed ^ 0x6964)};
	uint8_t data[ZT_PACKET_MAX];
	uint64_t id = 0;
	int ret = cipher ? 0 : -ENOMEM;

	for (uint64_t i = 0; ret == 0 && i < o->packets; i++) {
		uint64_t us = o->time * 1000000 + (uint64_t)((double)i * 1e6 / o->rate);
		struct shot s;

		craft_next(craft, &s, data, PCAP_OUT_PAYLOAD_MAX);
		if (!s.repeat)
			id = rng_next(&rng);
		shot_seal(&s, craft->p, cipher, data, id, us / 1000, target);
		ret = pcap_out_udp(out, us, &s.from, target, data, s.len);
	}
	rl_cipher_free(cipher);
	return ret;
}

static int write_file(const struct options *o, struct craft *craft, const struct rl_inet *target,
		      const char *path)
{
	struct pcap_out out;
	int ret = pcap_out_open(&out, path), closed;

	if (ret == 0) {
		ret = write_all(o, craft, target, &out);
		closed = pcap_out_close(&out);
		ret = ret ? ret : closed;
	}
	if (ret == 0)
		return GUN_OK;
	say_error("%s: %s", path, strerror(-ret));
	return GUN_CANNOT;
}

static int make(struct options *o, const struct craft_plan *plan, const char *path)
{
	static struct craft craft;
	struct population p;
	struct say_why why;
	struct rl_inet target = o->target;
	int ret;

	if (population_open(&p, o->population, &why) < 0 ||
	    craft_init(&craft, &p, plan, &why) < 0) {
		ret = gun_cannot(&why);
		goto close_population;
	}
	if (!target.family)
		rl_inet_parse(&target,
			      p.sources.family == 4 ? "192.0.2.1/9993" : "2001:db8::1/9993");
	if (target.family != p.sources.family) {
		say_error("%s has IPv%u sources; the root's address is IPv%u", o->population,
			  p.sources.family, target.family);
		ret = GUN_CANNOT;
		goto close_population;
	}
	if (!o->packets)
		o->packets = p.count;
	ret = write_file(o, &craft, &target, path);

close_population:
	population_close(&p);
	return ret;
}

static int run(int argc, char **argv);

const struct cli_command gun_pcap = {
	.name = "pcap",
	.operands = "OUT.pcap",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "write traffic of a population as a capture file",
	.tables = tables,
	.run = run,
};

static int run(int argc, char **argv)
{
	struct options o = {.traffic = gun_traffic_default(),
			    .rate = 10000,
			    .seed = 1,
			    .time = (uint64_t)time(NULL)};
	struct craft_plan plan;
	const char *path;
	int ret = cli_parse(&gun_pcap, &o, argc, argv, &path);

	if (ret != CLI_GO)
		return ret;
	if (!o.population)
		return cli_usage(&gun_pcap, "--population is missing");
	if (o.traffic.traffic == TRAFFIC_COUNT && !o.traffic.mix)
		return cli_usage(&gun_pcap, "--traffic or --mix is missing");
	if (!gun_traffic_plan(&gun_pcap, &o.traffic, o.seed, &plan))
		return GUN_USAGE;
	return make(&o, &plan, path);
}
