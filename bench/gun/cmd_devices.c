// SPDX-License-Identifier: BSD-3-Clause
// rootline-gun devices: a population online and busy all at once, each device until it is served.
#include "bench/gun/gun.h"
#include "bench/gun/report.h"

struct options {
	struct session_options session;
	uint64_t retry, protocol, size;
	double join, rate, seconds, patience;
};

#define AT(field) offsetof(struct options, field)

// clang-format off
static const struct cli_option table[] = {
	{"join", "RATE", CLI_DECIMAL, AT(join), 0.01, 1e7, NULL,
	 "nodes a second that come online first [1000]"},
	{"rate", "N", CLI_DECIMAL, AT(rate), 0.01, 1e7, NULL,
	 "HELLO, WHOIS and relayed packets a second of all devices together [1000]"},
	{"seconds", "S", CLI_DECIMAL, AT(seconds), 0.1, 86400, NULL,
	 "how long [10]"},
	{"patience", "S", CLI_DECIMAL, AT(patience), 0.1, 86400, NULL,
	 "then at most so long until every device is served [60]"},
	{"retry", "MS", CLI_COUNT, AT(retry), 10, 3600000, NULL,
	 "what is not answered is said again after this time [5000, as clients do]"},
	{"size", "BYTES", CLI_COUNT, AT(size), ZT_HDR_LEN, 1400, NULL,
	 "of relayed packets [128]"},
	{"protocol", "N", CLI_COUNT, AT(protocol), 4, 13, NULL,
	 "version told in HELLO; roots answer 12 and later in suite 3 [12]"},
	{0},
};
// clang-format on

static const struct cli_option *const tables[] = {session_table, table, NULL};

static void progress(void *ctx, uint64_t answered, double seconds)
{
	(void)ctx;
	fprintf(stderr, "%4.0f s  %lu answered\n", seconds, answered);
}

static int busy(struct session *s, const struct options *o, json_t *report)
{
	const struct devices_plan plan = {.rate = o->rate,
					  .seconds = o->seconds,
					  .patience = o->patience,
					  .retry_ms = (unsigned)o->retry,
					  .size = (unsigned)o->size,
					  .protocol = (unsigned)o->protocol,
					  .seed = o->session.seed,
					  .progress = o->session.quiet ? NULL : progress};
	static struct devices_result r;

	if (devices_run(&s->engine, &plan, &r) < 0) {
		say_error("no memory");
		return GUN_CANNOT;
	}
	if (report) {
		json_object_set_new(report, "devices", report_devices_json(&r));
	} else {
		report_devices(stdout, &r);
		report_heard(stdout, &s->engine);
	}
	return session_verdict(s, (double)r.served / r.nodes);
}

static int shoot(struct session *s, const void *ctx)
{
	const struct options *o = ctx;
	json_t *report;
	int ret, printed;

	if (s->population.count < 2) {
		say_error("packets from device to device take two of them at least");
		return GUN_CANNOT;
	}
	report = o->session.json ? session_json(s, "devices") : NULL;
	ret = gun_join_first(s, o->join, (unsigned)o->protocol, report);
	if (ret == GUN_OK)
		ret = busy(s, o, report);
	if (!report)
		return ret;
	json_object_set_new(report, "heard", report_heard_json(&s->engine));
	printed = gun_print_json(report);
	return ret ? ret : printed;
}

static int run(int argc, char **argv);

const struct cli_command gun_devices = {
	.name = "devices",
	.operands = "",
	.summary = "all devices of a population at once: online, asking, relaying, until each is "
		   "served",
	.tables = tables,
	.run = run,
};

static int run(int argc, char **argv)
{
	struct options o = {.session = session_options_default(),
			    .join = 1000,
			    .rate = 1000,
			    .seconds = 10,
			    .patience = 60,
			    .retry = 5000,
			    .size = CRAFT_RELAY_SMALL,
			    .protocol = ZT_PROTO_SELF};
	int ret = cli_parse(&gun_devices, &o, argc, argv, NULL);

	// All of them, unless told otherwise.
	if (o.session.min_ratio < 0)
		o.session.min_ratio = 1;
	return ret == CLI_GO ? session_run(&gun_devices, &o.session, true, shoot, &o) : ret;
}
