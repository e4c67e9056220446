// SPDX-License-Identifier: BSD-3-Clause
#include "root/tools/world_json.h"

#include <sodium.h>

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void world_plan_note(struct world_plan *plan, const char *format, ...)
{
	size_t n = strlen(plan->notes);
	va_list args;

	va_start(args, format);
	vsnprintf(plan->notes + n, sizeof(plan->notes) - n, format, args);
	va_end(args);
	n = strlen(plan->notes);
	if (n + 1 < sizeof(plan->notes))
		memcpy(plan->notes + n, "\n", 2);
}

int world_number_parse(uint64_t *value, const char *text)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	char *end;

	if (!isxdigit((unsigned char)text[hex ? 2 : 0]))
		return -EINVAL;
	errno = 0;
	*value = strtoull(text + (hex ? 2 : 0), &end, hex ? 16 : 10);
	return errno || *end || end == text || *value == 0 ? -EINVAL : 0;
}

int world_id_parse(uint64_t *id, const char *text)
{
	if (strcasecmp(text, "earth") == 0)
		*id = ZT_WORLD_ID_EARTH;
	else if (strcasecmp(text, "mars") == 0)
		*id = ZT_WORLD_ID_MARS;
	else
		return world_number_parse(id, text);
	return 0;
}

const char *world_json_string(json_t *object, const char *key, struct say_why *why)
{
	json_t *value = json_object_get(object, key);

	if (!value)
		say_why(why, "\"%s\" is missing", key);
	else if (!json_is_string(value))
		say_why(why, "\"%s\" must be a string", key);
	else if (json_string_length(value) == 0)
		say_why(why, "\"%s\" is empty", key);
	else
		return json_string_value(value);
	return NULL;
}

int world_json_hex(json_t *object, const char *key, uint8_t *out, size_t len, struct say_why *why)
{
	const char *text = world_json_string(object, key, why), *end;
	size_t n = 0;

	if (!text)
		return -EINVAL;
	if (strlen(text) != 2 * len ||
	    sodium_hex2bin(out, len, text, 2 * len, NULL, &n, &end) < 0 || n != len || *end)
		return say_why(why, "\"%s\" must be %zu hex digits", key, 2 * len);
	return 0;
}

struct rl_world_root *world_plan_add_root(struct world_plan *plan, struct say_why *why)
{
	struct rl_world *w = &plan->world;

	if (w->root_count == ZT_WORLD_ROOTS_MAX) {
		say_why(why, "more than %d roots: clients refuse such a world", ZT_WORLD_ROOTS_MAX);
		return NULL;
	}
	return &w->root[w->root_count++];
}

int world_json_identity(struct rl_world_root *root, const char *text, struct say_why *why)
{
	if (rl_identity_parse(&root->id, NULL, text) < 0)
		return say_why(
			why,
			"\"%.24s%s\" is no identity; it looks like 89abcdef01:0: and 128 hex "
			"digits, as in identity.public",
			text, strlen(text) > 24 ? "..." : "");
	return 0;
}

int world_json_endpoint(struct rl_world_root *root, const char *text, struct say_why *why)
{
	if (root->endpoint_count == ZT_WORLD_ENDPOINTS_MAX)
		return say_why(why,
			       "more than %d endpoints for one root: clients refuse such a world",
			       ZT_WORLD_ENDPOINTS_MAX);
	if (rl_inet_parse(&root->endpoint[root->endpoint_count], text) < 0)
		return say_why(
			why,
			"\"%.60s\" is no endpoint; write ADDRESS/PORT, such as 1.2.3.4/%d or "
			"2001:db8::1/%d",
			text, ZT_PORT, ZT_PORT);
	root->endpoint_count++;
	return 0;
}

static bool listed(const char *const known[], const char *key)
{
	for (; *known; known++)
		if (strcmp(*known, key) == 0)
			return true;
	return false;
}

int world_json_known(struct world_plan *plan, json_t *object, const char *const known[],
		     const char *where, struct say_why *why)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		if (listed(known, key))
			continue;
		if (plan->form == WORLD_FORM_OWN)
			return say_why(why, "unknown key \"%.60s\" in %s", key, where);
		world_plan_note(plan, "key \"%.60s\" in %s is not known and was ignored", key,
				where);
	}
	return 0;
}

static enum world_form form_of(json_t *root)
{
	static const char *const idtool[] = {"objtype", "worldType", "signingKey", NULL};

	if (json_object_get(root, "rootNodes"))
		return WORLD_FORM_ZTMKWORLD;
	for (const char *const *k = idtool; *k; k++)
		if (json_object_get(root, *k))
			return WORLD_FORM_IDTOOL;
	return WORLD_FORM_OWN;
}

int world_plan_parse(struct world_plan *plan, const char *text, size_t len,
		     world_plan_reader reader, void *ctx, struct say_why *why)
{
	json_error_t error;
	json_t *root;
	int ret;

	memset(plan, 0, sizeof(*plan));
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		return say_why(why, "line %d, column %d: %s", error.line, error.column, error.text);
	if (!json_is_object(root)) {
		json_decref(root);
		return say_why(why, "the file must hold one JSON object: { ... }");
	}
	plan->form = form_of(root);
	if (plan->form == WORLD_FORM_ZTMKWORLD)
		ret = world_json_ztmkworld(plan, root, why);
	else if (plan->form == WORLD_FORM_IDTOOL)
		ret = world_json_idtool(plan, root, why);
	else
		ret = world_json_own(plan, root, reader, ctx, why);
	json_decref(root);
	return ret;
}

static int read_beside(void *ctx, const char *name, char *text, size_t room)
{
	char path[FILE_PATH_MAX];
	size_t len = 0;
	int ret;

	if (!file_join(path, ctx, name))
		return -ENAMETOOLONG;
	ret = file_read(path, text, room - 1, &len);
	text[ret < 0 ? 0 : len] = '\0';
	return ret;
}

static int rebase(char **name, const char *dir, struct say_why *why)
{
	char path[FILE_PATH_MAX];

	if (!*name)
		return 0;
	if (!file_join(path, dir, *name))
		return say_why(why, "the path %.60s... is too long", *name);
	free(*name);
	*name = strdup(path);
	return *name ? 0 : -ENOMEM;
}

int world_plan_load(struct world_plan *plan, const char *path, struct say_why *why)
{
	char dir[FILE_PATH_MAX], *text = NULL;
	size_t len = 0;
	int ret;

	memset(plan, 0, sizeof(*plan));
	ret = file_read_text(path, &text, &len);
	if (ret < 0) {
		say_why(why, "%s: %s", path, strerror(-ret));
		return ret;
	}
	file_dir(dir, path);
	ret = world_plan_parse(plan, text, len, read_beside, dir, why);
	sodium_memzero(text, len);
	free(text);
	if (ret < 0)
		return say_where(why, "%s", path);
	ret = rebase(&plan->keys, dir, why);
	if (ret == 0)
		ret = rebase(&plan->previous, dir, why);
	if (ret == 0)
		ret = rebase(&plan->current, dir, why);
	if (ret == 0)
		ret = rebase(&plan->output, dir, why);
	return ret;
}

void world_plan_clear(struct world_plan *plan)
{
	free(plan->keys);
	free(plan->previous);
	free(plan->current);
	free(plan->output);
	sodium_memzero(plan, sizeof(*plan));
}
