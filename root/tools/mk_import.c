// SPDX-License-Identifier: BSD-3-Clause
#include "root/tools/mkworld.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int create(const char *path, const void *data, size_t len, struct say_why *why)
{
	int ret;

	if (strcmp(path, "-") == 0)
		return fwrite(data, 1, len, stdout) == len && fflush(stdout) == 0 ? 0 : -EIO;
	ret = file_create(path, data, len, 0644);
	if (ret == -EEXIST)
		return say_why(why, "%s exists: remove it, or name another file with -o", path);
	if (ret < 0)
		say_why(why, "%s: %s", path, strerror(-ret));
	return ret;
}

static int store(const struct rl_world *w, const char *output, struct say_why *why)
{
	char name[FILE_PATH_MAX];

	world_default_name(w, name);
	if (!output && file_exists(name))
		return say_why(why, "%s exists: remove it, or name another file with -o", name);
	return world_store(w, output ? output : name, why);
}

// The new file may land anywhere, so names in it are made absolute where they lead to something.
static const char *absolute(const char *name, char path[static PATH_MAX])
{
	return name && realpath(name, path) ? path : name;
}

static json_t *own_form(const struct world_plan *plan, const char *source)
{
	char a[PATH_MAX], b[PATH_MAX];
	const char *keys = absolute(plan->has_pair ? source : plan->keys, a);
	json_t *json = world_json(&plan->world, false, keys);

	if (json && plan->previous)
		json_object_set_new(json, "keys",
				    json_pack("{s:s, s:s}", "previous", absolute(plan->previous, a),
					      "current", absolute(plan->current, b)));
	return json;
}

// A configuration of another tool becomes one of ours. Keys inside of a moon.json stay where they
// are.
static int convert(const char *source, const char *output, struct say_why *why)
{
	struct world_plan plan;
	char *text = NULL, *line = NULL;
	json_t *json = NULL;
	int ret = world_plan_load(&plan, source, why);

	if (ret == 0) {
		for (char *rest = plan.notes, *note; (note = strsep(&rest, "\n")) != NULL;)
			if (*note)
				say_warning("%s: %s", source, note);
		if (!plan.has_id)
			plan.world.id = mk_random_id();
		json = own_form(&plan, source);
		text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
		ret = text && asprintf(&line, "%s\n", text) >= 0
			      ? create(output ? output : "-", line, strlen(line), why)
			      : -ENOMEM;
	}
	free(line);
	free(text);
	json_decref(json);
	world_plan_clear(&plan);
	return ret;
}

static int run(const struct mk_verb *verb, int argc, char **argv)
{
	static const struct option options[] = {
		MK_COMMON_OPTIONS, {"output", required_argument, NULL, 'o'}, {0}};
	const char *output = NULL;
	enum world_format format;
	struct rl_world w;
	struct say_why why = {"out of memory"};
	int c, status = MK_OK, ret;

	while ((c = mk_getopt(verb, argc, argv, "hqo:", options, &status)) >= 0)
		if (c == 'o')
			output = optarg;
	if (c == -2)
		return status;
	if (argc - optind != 1)
		return mk_usage(verb, "it takes one source");
	ret = world_read(&w, &format, argv[optind], &why);
	if (ret == 0) {
		ret = store(&w, output, &why);
		if (ret == 0)
			mk_warn(&w, NULL);
	} else if (ret == -ENODATA) {
		ret = convert(argv[optind], output, &why);
	}
	return ret < 0 ? mk_fail(&why) : MK_OK;
}

const struct mk_verb mk_import = {
	.name = "import",
	.args = "[-o FILE] SOURCE",
	.summary = "read a planet or moon in any form, or another tool's configuration",
	.help = "  SOURCE                 a file, - for standard input, or the base64 or link "
		"itself. Known are:\n"
		"                         binary, base64, hex, joinzt link, QR code of blocks, C "
		"array, JSON;\n"
		"                         mkworld.config.json and moon.json become a configuration "
		"of ours\n"
		"  -o, --output FILE      default: planet or <ID>.moon, binary; standard output "
		"for JSON\n",
	.run = run,
};
