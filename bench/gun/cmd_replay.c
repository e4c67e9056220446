// SPDX-License-Identifier: BSD-3-Clause
// rootline-gun replay: a capture file or made traffic at a root, and what comes back.
#include "bench/gun/gun.h"
#include "bench/gun/report.h"

#include <errno.h>
#include <stdlib.h>

struct options {
	struct session_options session;
	struct gun_traffic traffic;
	const char *sweep;
	struct rl_inet to;
	bool flat_out;
	double rate, seconds, answered, join;
	uint64_t packets, drain;
	const char *path; // NULL: made traffic
	struct craft_plan plan;
};

#define AT(field) offsetof(struct options, field)

// clang-format off
static const struct cli_option table[] = {
	{"rate", "N", CLI_DECIMAL, AT(rate), 0.01, 1e9, NULL,
	 "packets a second [1000]"},
	{"flat-out", NULL, CLI_FLAG, AT(flat_out), 0, 0, NULL,
	 "as fast as it goes"},
	{"sweep", "FROM-TO", CLI_TEXT, AT(sweep), 0, 0, NULL,
	 "rising rates, doubled until too little is answered, then in between: finds the highest good rate"},
	{"answered", "SHARE", CLI_DECIMAL, AT(answered), 0.01, 1, NULL,
	 "what makes a rate of a sweep a good one [0.999]"},
	{"seconds", "S", CLI_DECIMAL, AT(seconds), 0.05, 86400, NULL,
	 "how long, or how long each rate of a sweep [10]"},
	{"packets", "N", CLI_COUNT, AT(packets), 1, 1e15, NULL,
	 "at most so many; the file is sent again and again if it has fewer [as many as the time allows]"},
	{"drain", "MS", CLI_COUNT, AT(drain), 1, 60000, NULL,
	 "how long after the last packet answers still count [1000]"},
	{"join", "RATE", CLI_DECIMAL, AT(join), 0.01, 1e7, NULL,
	 "bring the population online first, so many nodes a second; a root relays only to nodes that are"},
	{"to", "IP/PORT", CLI_INET, AT(to), 0, 0, NULL,
	 "take those packets of the file that were sent there [where most were sent]"},
	GUN_TRAFFIC_ROWS(options, traffic),
	{0},
};
// clang-format on

static const struct cli_option *const tables[] = {session_table, table, NULL};

static void progress(void *ctx, const struct engine *e, double seconds)
{
	struct tally t;
	char buf[2][16];

	(void)ctx;
	ledger_total(e->ledger, &t);
	fprintf(stderr, "%4.0f s  sent %s (%s/s)  answered %.2f %%  p50 %.3f ms  p99 %.3f ms\n",
		seconds, report_short((double)t.sent, buf[0]),
		report_short((double)t.sent / seconds, buf[1]), replay_ratio(&t) * 100,
		(double)histogram_at(&t.latency, 0.5) / 1e6,
		(double)histogram_at(&t.latency, 0.99) / 1e6);
}

static void each_step(const struct replay_result *r)
{
	fprintf(stderr, "%.0f/s: sent %.0f/s, answered %.3f %%\n", r->offered, r->sent_rate,
		replay_ratio(&r->total) * 100);
}

// "10k-2M"
static bool parse_sweep(const char *text, double *from, double *to)
{
	char first[32];
	const char *dash = strchr(text, '-');

	if (!dash || (size_t)(dash - text) >= sizeof(first))
		return false;
	memcpy(first, text, (size_t)(dash - text));
	first[dash - text] = 0;
	return cli_number(first, from) && cli_number(dash + 1, to) && *from >= 1 && *from <= *to &&
	       *to <= 1e9;
}

static int sweep(const struct options *o, struct session *s, struct source *source,
		 const struct replay_plan *step, json_t *report)
{
	struct sweep_plan plan = {.threshold = o->answered, .step = *step};
	struct sweep *sw = malloc(sizeof(*sw));
	int ret;

	if (!sw) {
		say_error("no memory");
		return GUN_CANNOT;
	}
	parse_sweep(o->sweep, &plan.from, &plan.to);
	plan.step.progress = NULL;
	sweep_run(&s->engine, source, &plan, sw, o->session.quiet ? NULL : each_step);
	if (report) {
		json_object_set_new(report, "sweep", report_sweep_json(sw, o->answered));
	} else {
		report_sweep(stdout, sw, o->answered);
		report_heard(stdout, &s->engine);
	}
	ret = session_verdict(s, sw->count ? replay_ratio(&sw->step[0].total) : 0);
	free(sw);
	return ret;
}

static int once(struct session *s, struct source *source, const struct replay_plan *plan,
		json_t *report)
{
	static struct replay_result r;

	replay_run(&s->engine, source, plan, &r);
	if (report) {
		json_object_set_new(report, "replay", report_replay_json(&s->engine, &r));
	} else {
		report_replay(stdout, &s->engine, &r);
		report_heard(stdout, &s->engine);
		report_doubts(stdout, &s->engine, &r);
	}
	return session_verdict(s, replay_ratio(&r.total));
}

static int shoot(const struct options *o, struct session *s, struct source *source)
{
	struct replay_plan plan = {.rate = o->flat_out ? 0 : o->rate,
				   .seconds = o->seconds,
				   .packets = o->packets,
				   .drain_ms = (unsigned)o->drain,
				   .progress = o->session.quiet ? NULL : progress};
	json_t *report = o->session.json ? session_json(s, "replay") : NULL;
	int ret = GUN_OK, printed;

	if (o->join > 0)
		ret = gun_join_first(s, o->join, (unsigned)o->traffic.protocol, report);
	if (ret == GUN_OK)
		ret = o->sweep ? sweep(o, s, source, &plan, report)
			       : once(s, source, &plan, report);
	if (!report)
		return ret;
	json_object_set_new(report, "heard", report_heard_json(&s->engine));
	printed = gun_print_json(report);
	return ret ? ret : printed;
}

static int with_file(const struct options *o, struct session *s)
{
	const char *path = o->path;
	const struct population *p = s->population.count ? &s->population : NULL;
	struct ammo ammo;
	struct source source = {.ammo = &ammo};
	const struct rl_inet any = {.family = o->session.target.family};
	struct say_why why;
	char text[RL_INET_TEXT];
	int ret = ammo_load(&ammo, path, p, o->to.family ? &o->to : &any,
			    engine_payload_max(&s->engine), &why);

	if (ret < 0) {
		ret = gun_cannot(&why);
	} else {
		if (!o->session.quiet)
			fprintf(stderr,
				"%s: %u packets to %s, %lu of them made fresh; %lu to others, %lu "
				"left out\n",
				path, ammo.count, rl_inet_text(&ammo.to, text), ammo.fresh,
				ammo.elsewhere, ammo.left_out);
		ret = shoot(o, s, &source);
	}
	ammo_free(&ammo);
	return ret;
}

static int with_traffic(const struct options *o, struct session *s)
{
	static struct craft craft;
	struct source source = {.craft = &craft};
	struct say_why why;

	if (craft_init(&craft, &s->population, &o->plan, &why) < 0)
		return gun_cannot(&why);
	return shoot(o, s, &source);
}

static int open_fire(struct session *s, const void *ctx)
{
	const struct options *o = ctx;

	return o->path ? with_file(o, s) : with_traffic(o, s);
}

static int run(int argc, char **argv);

const struct cli_command gun_replay = {
	.name = "replay",
	.operands = "[FILE.pcap]",
	.operands_max = 1,
	.summary = "shoot a capture file, or made traffic, at a root and count the answers",
	.tables = tables,
	.run = run,
};

static int check(struct options *o)
{
	const struct cli_command *c = &gun_replay;
	bool made = o->traffic.traffic < TRAFFIC_COUNT || o->traffic.mix;
	double from, to;

	if (!o->path == !made)
		return cli_usage(c, "a capture file, or --traffic or --mix: one of them");
	if (o->sweep && !parse_sweep(o->sweep, &from, &to))
		return cli_usage(c, "--sweep %s: two rates, as 10k-2M", o->sweep);
	if (o->flat_out && o->sweep)
		return cli_usage(c, "--flat-out and --sweep do not go together");
	if (!gun_traffic_plan(c, &o->traffic, o->session.seed, &o->plan))
		return GUN_USAGE;
	if (o->to.family && o->to.family != o->session.target.family)
		return cli_usage(c, "--to and --target are of different IP versions");
	if (o->join > 0 && !o->session.population)
		return cli_usage(c, "--join takes a --population");
	return GUN_OK;
}

static int run(int argc, char **argv)
{
	struct options o = {.session = session_options_default(),
			    .traffic = gun_traffic_default(),
			    .rate = 1000,
			    .seconds = 10,
			    .answered = 0.999,
			    .drain = 1000};
	int ret = cli_parse(&gun_replay, &o, argc, argv, &o.path);

	if (ret != CLI_GO)
		return ret;
	ret = check(&o);
	return ret == GUN_OK ? session_run(&gun_replay, &o.session, !o.path, open_fire, &o) : ret;
}
