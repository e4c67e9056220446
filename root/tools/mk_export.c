// SPDX-License-Identifier: BSD-3-Clause
#include "root/tools/mkworld.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int format_of(const char *name)
{
	for (int i = 0; i < WORLD_FORMAT_COUNT; i++)
		if (strcmp(world_format_name[i], name) == 0)
			return i;
	return -1;
}

// Only a file that is a world in some form itself makes room for another.
static int may_replace(const char *path, struct say_why *why)
{
	enum world_format format;
	struct rl_world held;

	if (!file_exists(path) || world_read(&held, &format, path, NULL) == 0)
		return 0;
	return say_why(why, "%s exists and is no planet or moon: it is left alone; give another -o",
		       path);
}

static int to_file(const struct rl_world *w, enum world_format format, const char *path,
		   struct say_why *why)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out;
	int ret = may_replace(path, why);

	if (ret < 0)
		return ret;
	if (format == WORLD_FORMAT_BINARY)
		return world_store(w, path, why);
	out = open_memstream(&text, &len);
	if (!out)
		return -ENOMEM;
	ret = world_encode(out, w, format, why);
	if (fclose(out) < 0 && ret == 0)
		ret = -ENOMEM;
	if (ret == 0) {
		ret = file_replace(path, text, len, 0644);
		if (ret < 0)
			say_why(why, "%s: %s", path, strerror(-ret));
	}
	free(text);
	return ret;
}

static int run(const struct mk_verb *verb, int argc, char **argv)
{
	static const struct option options[] = {MK_COMMON_OPTIONS,
						{"format", required_argument, NULL, 'f'},
						{"output", required_argument, NULL, 'o'},
						{0}};
	const char *output = "-";
	enum world_format held;
	struct rl_world w;
	struct say_why why = {"out of memory"};
	int c, status = MK_OK, format = -1, ret;

	while ((c = mk_getopt(verb, argc, argv, "hqf:o:", options, &status)) >= 0) {
		if (c == 'o')
			output = optarg;
		else if (c == 'f' && (format = format_of(optarg)) < 0)
			return mk_usage(verb, "there is no format \"%s\"", optarg);
	}
	if (c == -2)
		return status;
	if (argc - optind != 1 || format < 0)
		return mk_usage(verb, "it takes --format and one planet or moon");
	if (world_read(&w, &held, argv[optind], &why) < 0)
		return mk_fail(&why);
	ret = strcmp(output, "-") == 0 ? world_encode(stdout, &w, (enum world_format)format, &why)
				       : to_file(&w, (enum world_format)format, output, &why);
	if (ret == 0 && fflush(stdout) != 0)
		ret = say_why(&why, "standard output: %s", strerror(errno));
	return ret < 0 ? mk_fail(&why) : MK_OK;
}

const struct mk_verb mk_export = {
	.name = "export",
	.args = "--format FORMAT [-o FILE] WORLD",
	.summary = "write a planet or moon in another form",
	.help = "  -f, --format FORMAT    binary, base64, url (joinzt link), qr (that link, in the "
		"terminal),\n"
		"                         c (array ZT_DEFAULT_WORLD), json, hex\n"
		"  -o, --output FILE      default: standard output\n",
	.run = run,
};
