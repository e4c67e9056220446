// SPDX-License-Identifier: BSD-3-Clause
#include "root/tools/mkworld.h"

#include <stdio.h>

static int judge(const struct rl_world *new, const struct rl_world *old)
{
	enum rl_world_verdict verdict = rl_world_replaces(old, new);
	struct say_why why;
	bool taken = verdict == RL_WORLD_TAKEN || verdict == RL_WORLD_TAKEN_FIRST;
	char text[400];

	printf("%s: %s\n", taken ? "taken" : "refused", world_explain(new, old, verdict, text));
	fflush(stdout);
	if (!taken)
		return MK_NO;
	// Clients look at neither: they would take it and then find nobody.
	if (world_refuse(new, &why) < 0)
		say_warning("%s", why.text);
	mk_warn(new, old);
	return MK_OK;
}

static int run(const struct mk_verb *verb, int argc, char **argv)
{
	static const struct option options[] = {
		MK_COMMON_OPTIONS, {"against", required_argument, NULL, MK_OPT_AGAINST}, {0}};
	const char *against = NULL;
	enum world_format format;
	struct rl_world new, old;
	struct say_why why;
	int c, status = MK_OK;

	while ((c = mk_getopt(verb, argc, argv, "hq", options, &status)) >= 0)
		if (c == MK_OPT_AGAINST)
			against = optarg;
	if (c == -2)
		return status;
	if (argc - optind != 1)
		return mk_usage(verb, "it takes one planet or moon");
	if (world_read(&new, &format, argv[optind], &why) < 0)
		return mk_fail(&why);
	if (against && world_read(&old, &format, against, &why) < 0)
		return mk_fail(&why);
	return judge(&new, against ? &old : NULL);
}

const struct mk_verb mk_verify = {
	.name = "verify",
	.args = "NEW [--against OLD]",
	.summary = "tell whether a client that holds OLD takes NEW, and why not",
	.help = "  --against OLD          what the client holds; without it, a client that holds "
		"nothing\n"
		"Both may be in any form that `import` knows. Exit status: 0 taken, 1 refused.\n",
	.run = run,
};
