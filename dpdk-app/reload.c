// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/reload.h"

#include "dpdk-app/app.h"
#include "dpdk-app/log.h"

#include <stdlib.h>
#include <string.h>

static void log_lines(char *text)
{
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		log_error("%s", line);
}

// False: mistakes, logged.
static bool read_again(struct config *next, int argc, char *const *argv)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = fopen("/dev/null", "we"), *err = open_memstream(&text, &len);
	bool fine = out && err && config_args(next, argc, argv, out, err) == CONFIG_RUN;
	if (out)
		fclose(out);
	if (err)
		fclose(err);
	if (!fine) {
		log_error("the config is not taken:");
		if (text)
			log_lines(text);
	}
	free(text);
	return fine;
}

// Whatever the file's lines are.
static struct config without_members(const struct config *c)
{
	struct config copy = *c;
	memset(&copy.cluster.members, 0, sizeof(copy.cluster.members));
	memset(copy.line, 0, sizeof(copy.line));
	for (unsigned i = 0; i < copy.siblings.count; i++)
		copy.siblings.v[i].line = 0;
	return copy;
}

static void warn_of_the_rest(const struct config *now, const struct config *next)
{
	struct config a = without_members(now), b = without_members(next);
	if (memcmp(&a, &b, sizeof(a)) != 0)
		log_warning("the config differs in more than \"cluster.members\": the rest of it "
			    "is for the next start");
}

// Its number and key are in what it has told, and in its own file.
static bool same_self(const struct config *now, const struct config *next)
{
	const struct config_member *a = config_self(now), *b = config_self(next);
	if (strcmp(now->cluster.member, next->cluster.member) == 0 && a->id == b->id &&
	    strcmp(a->public_key, b->public_key) == 0)
		return true;
	log_error("the members are not taken: name, \"id\" and \"public_key\" of this member "
		  "change with a restart alone");
	return false;
}

void reload_members(struct app *a)
{
	if (!a->backplane)
		return;
	struct config *next = malloc(sizeof(*next));
	if (next && read_again(next, a->argc, a->argv)) {
		warn_of_the_rest(&a->config, next);
		if (!next->cluster.given)
			log_error("\"cluster\" is gone from the config: to leave it, stop");
		else if (same_self(&a->config, next) && backplane_members(a->backplane, next) == 0)
			a->config.cluster.members = next->cluster.members;
	}
	free(next);
}
