// SPDX-License-Identifier: BSD-3-Clause
// What the commands share: traffic as options, identities, output.
#include "bench/gun/gun.h"

#include "root/tools/file.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct gun_traffic gun_traffic_default(void)
{
	struct craft_plan p = craft_plan_default(TRAFFIC_MIXED);

	return (struct gun_traffic){
		.traffic = TRAFFIC_COUNT,
		.ask = p.ask,
		.groups = p.groups,
		.limit = p.limit,
		.copies = p.copies,
		.suite = p.suite,
		.protocol = p.protocol,
	};
}

const char *gun_traffic_choice(unsigned i)
{
	return i < TRAFFIC_COUNT ? traffic_name(i) : NULL;
}

// "NAME=WEIGHT" of at most len bytes.
static bool take_weight(const char *text, size_t len, struct craft_plan *plan)
{
	for (unsigned t = 0; t < TRAFFIC_COUNT; t++) {
		size_t n = strlen(traffic_name(t));
		char digits[8] = "";
		double v;

		if (t == TRAFFIC_MIXED || t == TRAFFIC_IDLE || len < n + 2 || text[n] != '=' ||
		    memcmp(text, traffic_name(t), n) != 0 || len - n - 1 >= sizeof(digits))
			continue;
		memcpy(digits, text + n + 1, len - n - 1);
		if (!cli_number(digits, &v) || v > 1000000)
			return false;
		plan->weight[t] = (unsigned)v;
		return true;
	}
	return false;
}

static bool take_mix(const char *mix, struct craft_plan *plan)
{
	unsigned total = 0;

	for (const char *p = mix; *p;) {
		size_t n = strcspn(p, ",");

		if (!take_weight(p, n, plan))
			return false;
		p += n + (p[n] == ',');
	}
	for (unsigned t = 0; t < TRAFFIC_COUNT; t++)
		total += plan->weight[t];
	return total > 0;
}

bool gun_traffic_plan(const struct cli_command *c, const struct gun_traffic *t, uint64_t seed,
		      struct craft_plan *plan)
{
	*plan = craft_plan_default(t->traffic < TRAFFIC_COUNT ? t->traffic : TRAFFIC_MIXED);
	plan->size = (unsigned)t->size;
	plan->ask = (unsigned)t->ask;
	plan->groups = (unsigned)t->groups;
	plan->limit = (unsigned)t->limit;
	plan->copies = (unsigned)t->copies;
	plan->suite = (unsigned)t->suite;
	plan->protocol = (unsigned)t->protocol;
	plan->zipf = t->zipf;
	plan->seed = seed;
	if (t->suite == 2) {
		cli_usage(c, "--suite 2 has no protection at all; take 1 or 3");
		return false;
	}
	if (t->mix && !take_mix(t->mix, plan)) {
		cli_usage(c, "--mix %s: as relay-small=60,whois-root=40, with kinds of --traffic",
			  t->mix);
		return false;
	}
	return true;
}

int gun_identity(const char *text, struct rl_identity *id, struct say_why *why)
{
	char *content;
	size_t len;
	int ret;

	if (rl_identity_parse(id, NULL, text) == 0)
		return 0;
	ret = file_read_text(text, &content, &len);
	if (ret < 0) {
		say_why(why, "%s: %s", text, strerror(-ret));
		return ret;
	}
	ret = rl_identity_parse(id, NULL, content);
	free(content);
	return ret == 0 ? 0 : say_why(why, "%s holds no identity", text);
}

int gun_cannot(const struct say_why *why)
{
	say_error("%s", why->text);
	return GUN_CANNOT;
}

static atomic_bool stop;

static void on_signal(int number)
{
	(void)number;
	atomic_store(&stop, true);
}

const atomic_bool *gun_catch_signals(void)
{
	struct sigaction a = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
	return &stop;
}

int gun_print_json(json_t *o)
{
	int ret = json_dumpf(o, stdout, JSON_INDENT(2));

	json_decref(o);
	putchar('\n');
	if (ret == 0 && fflush(stdout) == 0)
		return GUN_OK;
	say_error("standard output cannot be written");
	return GUN_CANNOT;
}
