// SPDX-License-Identifier: BSD-3-Clause
#include "root/tools/world_json.h"

#include <sodium.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// JavaScript and many JSON readers keep integers exactly up to here; larger ones are written as
// strings.
#define EXACT_MAX 0x1fffffffffffffULL

static const char *const known_keys[] = {"type",    "id",         "timestamp", "keys",
					 "output",  "interleave", "roots",     "comment",
					 "nextKey", "signature",  NULL};
static const char *const known_root_keys[] = {"identity", "endpoints", "cluster", "comment", NULL};

static int take_type(struct world_plan *plan, json_t *root, struct say_why *why)
{
	const char *type = world_json_string(root, "type", why);

	if (!type)
		return -EINVAL;
	if (strcmp(type, "planet") == 0)
		plan->world.type = ZT_WORLD_PLANET;
	else if (strcmp(type, "moon") == 0)
		plan->world.type = ZT_WORLD_MOON;
	else
		return say_why(why, "\"type\" must be \"planet\" or \"moon\"");
	return 0;
}

static int take_number(json_t *value, uint64_t *out, bool names)
{
	if (json_is_integer(value) && json_integer_value(value) > 0) {
		*out = (uint64_t)json_integer_value(value);
		return 0;
	}
	if (!json_is_string(value))
		return -EINVAL;
	return (names ? world_id_parse : world_number_parse)(out, json_string_value(value));
}

static int take_numbers(struct world_plan *plan, json_t *root, struct say_why *why)
{
	json_t *id = json_object_get(root, "id");
	json_t *timestamp = json_object_get(root, "timestamp");

	if (id && take_number(id, &plan->world.id, true) < 0)
		return say_why(
			why,
			"\"id\" must be a number above 0, \"0x\" and hex digits, or \"earth\"");
	if (timestamp && take_number(timestamp, &plan->world.timestamp, false) < 0)
		return say_why(why, "\"timestamp\" must be a number above 0 (milliseconds)");
	plan->has_id = id != NULL;
	plan->has_timestamp = timestamp != NULL;
	return 0;
}

// A copy of the string at key if there is one.
static int take_string(char **out, json_t *root, const char *key, struct say_why *why)
{
	const char *text;

	if (!json_object_get(root, key))
		return 0;
	text = world_json_string(root, key, why);
	if (!text)
		return -EINVAL;
	*out = strdup(text);
	return *out ? 0 : -ENOMEM;
}

static int take_keys(struct world_plan *plan, json_t *root, struct say_why *why)
{
	static const char *const known[] = {"previous", "current", NULL};
	json_t *keys = json_object_get(root, "keys");

	if (!json_is_object(keys))
		return take_string(&plan->keys, root, "keys", why);
	if (!json_object_get(keys, "previous") || !json_object_get(keys, "current"))
		return say_why(
			why,
			"\"keys\" must name a directory, or both \"previous\" and \"current\"");
	if (world_json_known(plan, keys, known, "\"keys\"", why) < 0 ||
	    take_string(&plan->previous, keys, "previous", why) < 0 ||
	    take_string(&plan->current, keys, "current", why) < 0)
		return -EINVAL;
	return 0;
}

static int take_signature(struct world_plan *plan, json_t *root, struct say_why *why)
{
	struct rl_world *w = &plan->world;

	plan->has_next_key = json_object_get(root, "nextKey") != NULL;
	plan->has_signature = json_object_get(root, "signature") != NULL;
	if (plan->has_next_key &&
	    world_json_hex(root, "nextKey", w->next_key, sizeof(w->next_key), why) < 0)
		return -EINVAL;
	if (plan->has_signature &&
	    world_json_hex(root, "signature", w->signature, sizeof(w->signature), why) < 0)
		return -EINVAL;
	return 0;
}

// What is in a file is not repeated in messages: it may be the wrong one, a key for instance.
static int take_identity_file(struct rl_world_root *r, const char *name, world_plan_reader reader,
			      void *ctx, struct say_why *why)
{
	char text[RL_IDENTITY_SECRET_TEXT + 2];
	int ret;

	if (!reader)
		return say_why(why, "an identity in another file is not allowed here");
	ret = reader(ctx, name, text, sizeof(text));
	if (ret < 0 && ret != -EFBIG)
		return say_why(why, "identity file %.200s: %s", name, strerror(-ret));
	if (ret < 0 || rl_identity_parse(&r->id, NULL, text) < 0)
		ret = say_why(why, "identity file %.200s: there is no identity in it", name);
	sodium_memzero(text, sizeof(text));
	return ret;
}

static int take_identity(struct rl_world_root *r, json_t *root, world_plan_reader reader, void *ctx,
			 struct say_why *why)
{
	const char *text = world_json_string(root, "identity", why);

	if (!text)
		return -EINVAL;
	if (text[0] == '@')
		return take_identity_file(r, text + 1, reader, ctx, why);
	return world_json_identity(r, text, why);
}

static int take_endpoints(struct rl_world_root *r, json_t *root, struct say_why *why)
{
	json_t *list = json_object_get(root, "endpoints"), *value;
	size_t i;

	if (!json_is_array(list))
		return say_why(why, "\"endpoints\" must be a list of \"ADDRESS/PORT\"");
	json_array_foreach(list, i, value)
	{
		if (!json_is_string(value))
			return say_why(why, "endpoints[%zu] must be a string \"ADDRESS/PORT\"", i);
		if (world_json_endpoint(r, json_string_value(value), why) < 0)
			return say_where(why, "endpoints[%zu]", i);
	}
	return 0;
}

static int take_root(struct world_plan *plan, json_t *root, world_plan_reader reader, void *ctx,
		     struct say_why *why)
{
	struct rl_world_root *r;

	if (!json_is_object(root))
		return say_why(why, "must be an object with \"identity\" and \"endpoints\"");
	if (world_json_known(plan, root, known_root_keys, "a root", why) < 0)
		return -EINVAL;
	r = world_plan_add_root(plan, why);
	if (!r || take_identity(r, root, reader, ctx, why) < 0)
		return -EINVAL;
	if (!json_object_get(root, "cluster"))
		return take_endpoints(r, root, why);
	if (json_object_get(root, "endpoints"))
		return say_why(why, "either \"endpoints\" or \"cluster\", not both");
	const char *config = world_json_string(root, "cluster", why);
	if (!config)
		return -EINVAL;
	// Newcomers shall land on all members alike, with either family.
	plan->interleave = true;
	return world_json_cluster(r, config, reader, ctx, why);
}

static int take_roots(struct world_plan *plan, json_t *root, world_plan_reader reader, void *ctx,
		      struct say_why *why)
{
	json_t *list = json_object_get(root, "roots"), *value;
	size_t i;

	if (!json_is_array(list))
		return say_why(
			why, "\"roots\" must be a list of {\"identity\": .., \"endpoints\": [..]}");
	json_array_foreach(list, i, value)
	{
		if (take_root(plan, value, reader, ctx, why) < 0)
			return say_where(why, "roots[%zu]", i);
	}
	return 0;
}

int world_json_own(struct world_plan *plan, json_t *root, world_plan_reader reader, void *ctx,
		   struct say_why *why)
{
	json_t *interleave = json_object_get(root, "interleave");

	if (world_json_known(plan, root, known_keys, "the configuration", why) < 0)
		return -EINVAL;
	if (interleave && !json_is_boolean(interleave))
		return say_why(why, "\"interleave\" must be true or false");
	plan->interleave = json_is_true(interleave); // a root of a cluster sets it, too
	if (take_type(plan, root, why) < 0 || take_numbers(plan, root, why) < 0 ||
	    take_keys(plan, root, why) < 0 || take_signature(plan, root, why) < 0)
		return -EINVAL;
	if (take_string(&plan->output, root, "output", why) < 0)
		return -EINVAL;
	return take_roots(plan, root, reader, ctx, why);
}

static json_t *number(uint64_t v)
{
	char text[24];

	if (v <= EXACT_MAX)
		return json_integer((json_int_t)v);
	snprintf(text, sizeof(text), "0x%" PRIx64, v);
	return json_string(text);
}

static json_t *hex(const uint8_t *data, size_t len)
{
	char text[2 * ZT_SIGNATURE_LEN + 1];

	return json_string(sodium_bin2hex(text, sizeof(text), data, len));
}

static json_t *root_json(const struct rl_world_root *r)
{
	char identity[RL_IDENTITY_SECRET_TEXT], endpoint[RL_INET_TEXT];
	json_t *list = json_array();

	for (unsigned i = 0; i < r->endpoint_count; i++)
		json_array_append_new(list, json_string(rl_inet_text(&r->endpoint[i], endpoint)));
	return json_pack("{s:s, s:o}", "identity", rl_identity_text(&r->id, NULL, identity),
			 "endpoints", list);
}

json_t *world_json(const struct rl_world *w, bool signed_too, const char *keys)
{
	json_t *root = json_object(), *list = json_array();

	json_object_set_new(root, "type",
			    json_string(w->type == ZT_WORLD_MOON ? "moon" : "planet"));
	json_object_set_new(root, "id", number(w->id));
	if (signed_too) {
		json_object_set_new(root, "timestamp", number(w->timestamp));
		json_object_set_new(root, "nextKey", hex(w->next_key, sizeof(w->next_key)));
		json_object_set_new(root, "signature", hex(w->signature, sizeof(w->signature)));
	}
	if (keys)
		json_object_set_new(root, "keys", json_string(keys));
	for (unsigned i = 0; i < w->root_count; i++)
		json_array_append_new(list, root_json(&w->root[i]));
	json_object_set_new(root, "roots", list);
	return root;
}
