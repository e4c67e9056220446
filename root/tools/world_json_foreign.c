// SPDX-License-Identifier: BSD-3-Clause
// mkworld.config.json of ztmkworld and moon.json of idtool. Keys that we do not know are noted, not
// refused: other tools may have put them there.
#include "root/tools/world_json.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A list of endpoints; also several in one string with commas between, which occurs.
static int take_listed(struct rl_world_root *r, const char *text, struct say_why *why)
{
	char *copy = strdup(text), *rest = copy, *part;
	int ret = copy ? 0 : -ENOMEM;

	while (ret == 0 && (part = strsep(&rest, ",")) != NULL) {
		while (isspace((unsigned char)*part))
			part++;
		for (char *end = part + strlen(part);
		     end > part && isspace((unsigned char)end[-1]);)
			*--end = '\0';
		ret = world_json_endpoint(r, part, why);
	}
	free(copy);
	return ret;
}

static int take_endpoints(struct rl_world_root *r, json_t *root, const char *key,
			  struct say_why *why)
{
	json_t *list = json_object_get(root, key), *value;
	size_t i;

	if (json_is_string(list))
		return take_listed(r, json_string_value(list), why);
	if (!list)
		return 0;
	if (!json_is_array(list))
		return say_why(why, "\"%s\" must be a list of \"ADDRESS/PORT\"", key);
	json_array_foreach(list, i, value)
	{
		if (!json_is_string(value))
			return say_why(why, "%s[%zu] must be a string \"ADDRESS/PORT\"", key, i);
		if (take_listed(r, json_string_value(value), why) < 0)
			return say_where(why, "%s[%zu]", key, i);
	}
	return 0;
}

static int take_root(struct world_plan *plan, json_t *root, const char *endpoints,
		     const char *const known[], struct say_why *why)
{
	struct rl_world_root *r;
	const char *identity;

	if (!json_is_object(root))
		return say_why(why, "must be an object with \"identity\" and \"%s\"", endpoints);
	if (world_json_known(plan, root, known, "a root", why) < 0)
		return -EINVAL;
	identity = world_json_string(root, "identity", why);
	if (!identity)
		return -EINVAL;
	r = world_plan_add_root(plan, why);
	if (!r || world_json_identity(r, identity, why) < 0)
		return -EINVAL;
	return take_endpoints(r, root, endpoints, why);
}

static int take_roots(struct world_plan *plan, json_t *root, const char *key, const char *endpoints,
		      const char *const known[], struct say_why *why)
{
	json_t *list = json_object_get(root, key), *value;
	size_t i;

	if (!json_is_array(list))
		return say_why(why, "\"%s\" must be a list", key);
	json_array_foreach(list, i, value)
	{
		if (take_root(plan, value, endpoints, known, why) < 0)
			return say_where(why, "%s[%zu]", key, i);
	}
	return 0;
}

static int take_signing(struct world_plan *plan, json_t *root, struct say_why *why)
{
	json_t *list = json_object_get(root, "signing");
	json_t *previous = json_array_get(list, 0), *current = json_array_get(list, 1);

	if (!list)
		return 0;
	if (json_array_size(list) != 2 || json_string_length(previous) == 0 ||
	    json_string_length(current) == 0)
		return say_why(why,
			       "\"signing\" must be two file names: previous, then current key");
	plan->previous = strdup(json_string_value(previous));
	plan->current = strdup(json_string_value(current));
	return plan->previous && plan->current ? 0 : -ENOMEM;
}

static int take_count(json_t *root, const char *key, uint64_t *out, struct say_why *why)
{
	json_t *value = json_object_get(root, key);

	*out = 0;
	if (!value)
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return say_why(why, "\"%s\" must be a whole number, 0 or more", key);
	*out = (uint64_t)json_integer_value(value);
	return 0;
}

// plRecommend asks for an ID and a time stamp of the tool's choice. ztmkworld draws a new ID on
// each run, by which clients are lost; here the ID of an existing planet is kept (see the verb
// build).
static int take_numbers(struct world_plan *plan, json_t *root, struct say_why *why)
{
	json_t *recommend = json_object_get(root, "plRecommend");
	struct rl_world *w = &plan->world;

	if (recommend && !json_is_boolean(recommend))
		return say_why(why, "\"plRecommend\" must be true or false");
	if (take_count(root, "plID", &w->id, why) < 0 ||
	    take_count(root, "plBirth", &w->timestamp, why) < 0)
		return -EINVAL;
	if (json_is_true(recommend)) {
		if (w->id || w->timestamp)
			world_plan_note(plan, "plRecommend is true: plID and plBirth are not used");
		w->id = w->timestamp = 0;
	}
	plan->has_id = w->id != 0;
	plan->has_timestamp = w->timestamp != 0;
	return 0;
}

int world_json_ztmkworld(struct world_plan *plan, json_t *root, struct say_why *why)
{
	static const char *const known[] = {"rootNodes", "signing",     "output",   "plID",
					    "plBirth",   "plRecommend", "comments", NULL};
	static const char *const known_root[] = {"comments", "identity", "endpoints", NULL};

	plan->world.type = ZT_WORLD_PLANET;
	if (world_json_known(plan, root, known, "the configuration", why) < 0 ||
	    take_signing(plan, root, why) < 0 || take_numbers(plan, root, why) < 0)
		return -EINVAL;
	if (json_object_get(root, "output")) {
		const char *output = world_json_string(root, "output", why);

		if (!output)
			return -EINVAL;
		plan->output = strdup(output);
		if (!plan->output)
			return -ENOMEM;
	}
	return take_roots(plan, root, "rootNodes", "endpoints", known_root, why);
}

// Plain hex without 0x, at most 16 digits.
static int take_moon_id(struct world_plan *plan, json_t *root, struct say_why *why)
{
	const char *text = world_json_string(root, "id", why);
	char *end;

	if (!text)
		return -EINVAL;
	plan->world.id = isxdigit((unsigned char)*text) ? strtoull(text, &end, 16) : 0;
	if (!plan->world.id || *end || strlen(text) > 16)
		return say_why(
			why, "\"id\" must be up to 16 hex digits and not 0, such as the address of "
			     "the first root");
	plan->has_id = true;
	return 0;
}

// The secret may be missing: some keep it apart. Then it takes other keys to build from this file.
static int take_moon_keys(struct world_plan *plan, json_t *root, struct say_why *why)
{
	struct keyfile_pair *pair = &plan->pair;
	uint8_t *next = plan->world.next_key;

	if (!json_object_get(root, "signingKey_SECRET"))
		return 0;
	if (world_json_hex(root, "signingKey", pair->public_key, ZT_PUBLIC_LEN, why) < 0 ||
	    world_json_hex(root, "signingKey_SECRET", pair->private_key, ZT_PRIVATE_LEN, why) < 0 ||
	    world_json_hex(root, "updatesMustBeSignedBy", next, ZT_PUBLIC_LEN, why) < 0)
		return -EINVAL;
	if (keyfile_pair_check(pair, why) < 0)
		return say_where(why, "signingKey and signingKey_SECRET");
	plan->has_pair = true;
	plan->has_next_key = true;
	return 0;
}

int world_json_idtool(struct world_plan *plan, json_t *root, struct say_why *why)
{
	static const char *const known[] = {"id",
					    "objtype",
					    "worldType",
					    "roots",
					    "signingKey",
					    "signingKey_SECRET",
					    "updatesMustBeSignedBy",
					    NULL};
	static const char *const known_root[] = {"identity", "stableEndpoints", NULL};
	const char *type;

	plan->form = WORLD_FORM_IDTOOL;
	if (world_json_known(plan, root, known, "the file", why) < 0 ||
	    take_moon_id(plan, root, why) < 0)
		return -EINVAL;
	type = world_json_string(root, "worldType", why);
	if (!type)
		return -EINVAL;
	if (strcmp(type, "moon") != 0 && strcmp(type, "planet") != 0)
		return say_why(why, "\"worldType\" must be \"moon\" or \"planet\"");
	plan->world.type = type[0] == 'm' ? ZT_WORLD_MOON : ZT_WORLD_PLANET;
	if (take_moon_keys(plan, root, why) < 0)
		return -EINVAL;
	return take_roots(plan, root, "roots", "stableEndpoints", known_root, why);
}
