// SPDX-License-Identifier: BSD-3-Clause
#include "root/tools/mkworld.h"

#include <sodium.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *scope_name(const struct rl_inet *a)
{
	static const char *const name[] = {
		[RL_SCOPE_NONE] = "unusable",
		[RL_SCOPE_MULTICAST] = "multicast",
		[RL_SCOPE_LOOPBACK] = "loopback",
		[RL_SCOPE_PSEUDO_PRIVATE] = "public, by name of an owner that does not announce it",
		[RL_SCOPE_GLOBAL] = "public",
		[RL_SCOPE_LINK_LOCAL] = "link-local",
		[RL_SCOPE_SHARED] = "shared",
		[RL_SCOPE_PRIVATE] = "private",
	};

	return name[rl_inet_scope(a)];
}

static const char *id_name(const struct rl_world *w)
{
	if (w->type != ZT_WORLD_PLANET)
		return "";
	if (w->id == ZT_WORLD_ID_EARTH)
		return ", the ID of the public planet Earth";
	return w->id == ZT_WORLD_ID_MARS ? ", the ID reserved for Mars" : "";
}

static void show_root(const struct rl_world_root *r, struct rl_scratch *scratch)
{
	char text[RL_IDENTITY_SECRET_TEXT], endpoint[RL_INET_TEXT];

	printf("root      %010" PRIx64 "%s\n", r->id.address,
	       rl_identity_validate(scratch, &r->id) ? "" : " NOT A VALID IDENTITY");
	printf("  identity  %s\n", rl_identity_text(&r->id, NULL, text));
	for (unsigned i = 0; i < r->endpoint_count; i++)
		printf("  endpoint  %-30s %s\n", rl_inet_text(&r->endpoint[i], endpoint),
		       scope_name(&r->endpoint[i]));
}

static int show(const struct rl_world *w)
{
	char date[40], hex[2 * ZT_PUBLIC_LEN + 1];
	uint8_t data[ZT_WORLD_MAX];
	struct rl_scratch *scratch = rl_scratch_new();

	if (!scratch)
		return -ENOMEM;
	printf("%-9s %" PRIu64 " (0x%" PRIx64 "%s)\n", w->type == ZT_WORLD_MOON ? "moon" : "planet",
	       w->id, w->id, id_name(w));
	printf("revision  %" PRIu64 " (%s)\n", w->timestamp, world_date(w->timestamp, date));
	printf("next key  %s\n", sodium_bin2hex(hex, sizeof(hex), w->next_key, ZT_PUBLIC_LEN));
	printf("signed    %s\n",
	       rl_world_verify(w, w->next_key)
		       ? "by that key"
		       : "by another key: keys changed with this revision, or it is damaged");
	printf("size      %zu bytes\n", rl_world_write(w, data));
	for (unsigned i = 0; i < w->root_count; i++)
		show_root(&w->root[i], scratch);
	rl_scratch_free(scratch);
	return 0;
}

static int run(const struct mk_verb *verb, int argc, char **argv)
{
	static const struct option options[] = {
		MK_COMMON_OPTIONS, {"json", no_argument, NULL, MK_OPT_JSON}, {0}};
	enum world_format format;
	struct rl_world w;
	struct say_why why = {"out of memory"};
	bool json = false;
	int c, status = MK_OK, ret;

	while ((c = mk_getopt(verb, argc, argv, "hqj", options, &status)) >= 0)
		json |= c == MK_OPT_JSON || c == 'j';
	if (c == -2)
		return status;
	if (argc - optind != 1)
		return mk_usage(verb, "it takes one planet or moon");
	if (world_read(&w, &format, argv[optind], &why) < 0)
		return mk_fail(&why);
	ret = json ? world_encode(stdout, &w, WORLD_FORMAT_JSON, &why) : show(&w);
	if (ret < 0)
		return mk_fail(&why);
	fflush(stdout);
	world_warn(&w, mk_now(), world_complain_stderr, NULL);
	return MK_OK;
}

const struct mk_verb mk_show = {
	.name = "show",
	.args = "[--json] WORLD",
	.summary = "print what is in a planet or moon",
	.help = "  WORLD                  a file in any form that `import` knows; - is standard "
		"input\n"
		"  -j, --json             as JSON, which `build` and `import` take\n",
	.run = run,
};
