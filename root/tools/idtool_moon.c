// SPDX-License-Identifier: BSD-3-Clause
// initmoon and genmoon.
#include "root/tools/file.h"
#include "root/tools/idtool.h"
#include "root/tools/world_check.h"
#include "root/tools/world_json.h"

#include <sodium.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static json_t *hex(const uint8_t *data, size_t len)
{
	char text[2 * ZT_PUBLIC_LEN + 1];
	json_t *json = json_string(sodium_bin2hex(text, sizeof(text), data, len));

	sodium_memzero(text, sizeof(text));
	return json;
}

static json_t *moon_json(const struct rl_identity *id, const struct keyfile_pair *pair)
{
	char identity[RL_IDENTITY_SECRET_TEXT], address[11];
	json_t *json = json_object();

	rl_address_text(id->address, address);
	json_object_set_new(json, "id", json_string(address));
	json_object_set_new(json, "objtype", json_string("world"));
	json_object_set_new(json, "roots",
			    json_pack("[{s:s, s:[]}]", "identity",
				      rl_identity_text(id, NULL, identity), "stableEndpoints"));
	json_object_set_new(json, "signingKey", hex(pair->public_key, ZT_PUBLIC_LEN));
	json_object_set_new(json, "signingKey_SECRET", hex(pair->private_key, ZT_PRIVATE_LEN));
	json_object_set_new(json, "updatesMustBeSignedBy", hex(pair->public_key, ZT_PUBLIC_LEN));
	json_object_set_new(json, "worldType", json_string("moon"));
	return json;
}

int idtool_initmoon(int argc, char **argv)
{
	struct keyfile_pair pair;
	struct rl_identity id;
	json_t *json;
	char *text;
	int ret = 1;

	(void)argc;
	if (!idtool_identity(argv[0], &id, NULL, NULL)) {
		fprintf(stderr, "%s is not a valid identity\n", argv[0]);
		return 1;
	}
	if (rl_keypair_generate(pair.public_key, pair.private_key) < 0) {
		say_error("the system gives no random numbers");
		return 1;
	}
	json = moon_json(&id, &pair);
	text = json_dumps(json, JSON_INDENT(1));
	if (text) {
		puts(text);
		ret = 0;
	}
	free(text);
	json_decref(json);
	sodium_memzero(&pair, sizeof(pair));
	return ret;
}

// The wall clock, unless ROOTLINE_NOW_MS pins it so that a run can be repeated to the byte. 0: not
// a number.
static uint64_t now_ms(void)
{
	const char *pinned = getenv("ROOTLINE_NOW_MS");
	struct timespec t;
	uint64_t ms;

	if (pinned)
		return world_number_parse(&ms, pinned) < 0 ? 0 : ms;
	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int store(const struct rl_world *w, char name[static 32], struct say_why *why)
{
	uint8_t data[ZT_WORLD_MAX];
	size_t len = rl_world_write(w, data);
	int ret;

	if (len == 0)
		return say_why(why, "the world is over a limit");
	snprintf(name, 32, "%016" PRIx64 ".moon", w->id);
	ret = file_replace(name, data, len, 0644);
	if (ret < 0)
		say_why(why, "%s: %s", name, strerror(-ret));
	return ret;
}

static int make(struct world_plan *plan, char name[static 32], struct say_why *why)
{
	struct rl_world *w = &plan->world;

	if (!plan->has_pair)
		return say_why(why, "there is no signingKey_SECRET in it");
	rl_world_sort(w);
	w->timestamp = now_ms();
	if (!w->timestamp)
		return say_why(why, "ROOTLINE_NOW_MS must be milliseconds since 1970");
	if (rl_world_sign(w, plan->pair.private_key) < 0)
		return say_why(why, "it cannot be signed");
	return store(w, name, why);
}

int idtool_genmoon(int argc, char **argv)
{
	struct world_plan plan;
	struct say_why why = {"out of memory"};
	char name[32];
	int ret = world_plan_load(&plan, argv[0], &why);

	(void)argc;
	for (char *rest = plan.notes, *note; ret == 0 && (note = strsep(&rest, "\n")) != NULL;)
		if (*note)
			say_warning("%s: %s", argv[0], note);
	if (plan.form == WORLD_FORM_OWN || plan.form == WORLD_FORM_ZTMKWORLD)
		ret = say_why(&why, "%s: this is not what initmoon prints: no worldType is in it",
			      argv[0]);
	if (ret == 0)
		ret = make(&plan, name, &why);
	if (ret < 0)
		say_error("%s", why.text);
	else
		printf("wrote %s (signed world with timestamp %" PRIu64 ")\n", name,
		       plan.world.timestamp);
	world_plan_clear(&plan);
	return ret < 0 ? 1 : 0;
}
