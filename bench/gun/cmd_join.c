// SPDX-License-Identifier: BSD-3-Clause
// rootline-gun join: brings a population online and keeps it there.
#include "bench/gun/gun.h"
#include "bench/gun/report.h"

#include <errno.h>

struct options {
	struct session_options session;
	uint64_t nodes, retry, protocol;
	double rate, seconds, hold;
};

#define AT(field) offsetof(struct options, field)

// clang-format off
static const struct cli_option table[] = {
	{"nodes", "N", CLI_COUNT, AT(nodes), 1, POPULATION_MAX, NULL,
	 "the first N of the population [all]"},
	{"rate", "N", CLI_DECIMAL, AT(rate), 0.01, 1e7, NULL,
	 "nodes a second that start [100]"},
	{"retry", "MS", CLI_COUNT, AT(retry), 10, 3600000, NULL,
	 "without an answer they say HELLO again after this time [5000, as clients do]"},
	{"seconds", "S", CLI_DECIMAL, AT(seconds), 0.1, 86400, NULL,
	 "give up after this time [60]"},
	{"hold", "S", CLI_DECIMAL, AT(hold), 0, 86400, NULL,
	 "then stay so long, answering the root [0]"},
	{"protocol", "N", CLI_COUNT, AT(protocol), 4, 13, NULL,
	 "version told in HELLO; roots answer 12 and later in suite 3 [12]"},
	{0},
};
// clang-format on

static const struct cli_option *const tables[] = {session_table, table, NULL};

static int shoot(struct session *s, const void *ctx)
{
	const struct options *o = ctx;
	struct join_plan plan = {.nodes = s->population.count,
				 .rate = o->rate,
				 .seconds = o->seconds,
				 .hold = o->hold,
				 .retry_ms = (unsigned)o->retry,
				 .protocol = (unsigned)o->protocol,
				 .progress = o->session.quiet ? NULL : report_joining};
	static struct join_result r;
	int ret = GUN_OK;

	if (o->nodes && o->nodes < plan.nodes)
		plan.nodes = (uint32_t)o->nodes;
	if (join_run(&s->engine, &plan, &r) < 0) {
		say_error("no memory");
		return GUN_CANNOT;
	}
	if (o->session.json) {
		json_t *j = session_json(s, "join");

		json_object_set_new(j, "join", report_join_json(&r));
		json_object_set_new(j, "heard", report_heard_json(&s->engine));
		ret = gun_print_json(j);
	} else {
		report_join(stdout, &r);
		report_heard(stdout, &s->engine);
	}
	return ret ? ret : session_verdict(s, (double)r.online / r.nodes);
}

int gun_join_first(struct session *s, double rate, unsigned protocol, json_t *report)
{
	struct join_plan plan = {.nodes = s->population.count,
				 .rate = rate,
				 .seconds = 30 + 10 * (double)s->population.count / rate,
				 .retry_ms = 5000,
				 .protocol = protocol,
				 .progress = s->opt.quiet ? NULL : report_joining};
	static struct join_result r;

	if (join_run(&s->engine, &plan, &r) < 0) {
		say_error("no memory");
		return GUN_CANNOT;
	}
	if (report)
		json_object_set_new(report, "join", report_join_json(&r));
	else
		report_join(stdout, &r);
	if (r.online < r.nodes)
		say_warning("%u of %u nodes are not online", r.nodes - r.online, r.nodes);
	return r.online ? GUN_OK : session_verdict(s, 0);
}

static int run(int argc, char **argv);

const struct cli_command gun_join = {
	.name = "join",
	.operands = "",
	.summary = "bring a population online: HELLO, proof of address, latency",
	.tables = tables,
	.run = run,
};

static int run(int argc, char **argv)
{
	struct options o = {.session = session_options_default(),
			    .rate = 100,
			    .retry = 5000,
			    .seconds = 60,
			    .protocol = ZT_PROTO_SELF};
	int ret = cli_parse(&gun_join, &o, argc, argv, NULL);

	return ret == CLI_GO ? session_run(&gun_join, &o.session, true, shoot, &o) : ret;
}
