// SPDX-License-Identifier: BSD-3-Clause
// The endpoints of a root that many members answer as, out of the config of one of them
// (rootline.conf(5), "cluster"). The rest of that config is the daemon's to check.
#include "root/tools/world_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CONFIG_MAX = 65536 }; // as the daemon reads it

static int take_front(struct rl_world_root *r, json_t *member, const char *key, unsigned *fronts,
		      struct say_why *why)
{
	if (!json_object_get(member, key))
		return 0;
	const char *text = world_json_string(member, key, why);
	if (!text)
		return -EINVAL;
	++*fronts;
	return world_json_endpoint(r, text, why) < 0 ? say_where(why, "%s", key) : 0;
}

static int take_member(struct rl_world_root *r, json_t *member, struct say_why *why)
{
	unsigned fronts = 0;
	if (take_front(r, member, "front_ipv4", &fronts, why) < 0 ||
	    take_front(r, member, "front_ipv6", &fronts, why) < 0)
		return -EINVAL;
	return fronts ? 0 : say_why(why, "it has neither \"front_ipv4\" nor \"front_ipv6\"");
}

static int take_members(struct rl_world_root *r, json_t *config, struct say_why *why)
{
	json_t *list = json_object_get(json_object_get(config, "cluster"), "members"), *member;
	size_t i;
	if (!json_is_array(list) || !json_array_size(list))
		return say_why(why, "there is no \"cluster\" with \"members\" in it");
	json_array_foreach(list, i, member)
	{
		if (take_member(r, member, why) < 0)
			return say_where(why, "cluster.members[%zu]", i);
	}
	return 0;
}

int world_json_cluster(struct rl_world_root *r, const char *name, world_plan_reader reader,
		       void *ctx, struct say_why *why)
{
	json_error_t error;
	if (!reader)
		return say_why(why, "the config of a cluster in another file is not allowed here");
	char *text = malloc(CONFIG_MAX + 1);
	if (!text)
		return say_why(why, "out of memory");
	int ret = reader(ctx, name, text, CONFIG_MAX + 1);
	json_t *config = ret < 0 ? NULL : json_loads(text, JSON_REJECT_DUPLICATES, &error);
	free(text);
	if (ret < 0)
		return say_why(why, "%.200s: %s", name, strerror(-ret));
	if (!config)
		return say_why(why, "%.200s: line %d, column %d: %s", name, error.line,
			       error.column, error.text);
	ret = take_members(r, config, why);
	json_decref(config);
	return ret < 0 ? say_where(why, "%.200s", name) : 0;
}
