// SPDX-License-Identifier: BSD-3-Clause
#include "root/tools/world_edit.h"
#include "root/tools/file.h"

#include <sodium.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

// Takes what stands before the next comma off *rest, or returns NULL at the end or if it is too
// long.
static const char *next_part(const char **rest, char *part, size_t room)
{
	const char *comma;
	size_t n;

	if (!*rest)
		return NULL;
	comma = strchrnul(*rest, ',');
	n = (size_t)(comma - *rest);
	if (n >= room)
		return NULL;
	memcpy(part, *rest, n);
	part[n] = '\0';
	*rest = *comma ? comma + 1 : NULL;
	return part;
}

static int take_identity(struct rl_identity *id, const char *text, struct say_why *why)
{
	char file[RL_IDENTITY_SECRET_TEXT + 2];
	size_t len = 0;
	int ret;

	if (rl_identity_parse(id, NULL, text) == 0)
		return 0;
	if (strlen(text) > 100 && strchr(text, ':'))
		return say_why(why, "\"%.24s...\" is a damaged identity", text);
	ret = file_read(text, file, sizeof(file) - 1, &len);
	if (ret < 0 && ret != -EFBIG)
		return say_why(why, "identity file %.200s: %s", text, strerror(-ret));
	file[len] = '\0';
	if (ret < 0 || rl_identity_parse(id, NULL, file) < 0)
		ret = say_why(why, "%.200s holds no identity", text);
	sodium_memzero(file, sizeof(file));
	return ret;
}

static int take_endpoint(struct rl_inet *a, const char *text, struct say_why *why)
{
	if (rl_inet_parse(a, text) == 0)
		return 0;
	return say_why(why,
		       "\"%.60s\" is no endpoint; write ADDRESS/PORT, such as 1.2.3.4/%d or "
		       "2001:db8::1/%d",
		       text, ZT_PORT, ZT_PORT);
}

static int find(const struct rl_world_root *r, const struct rl_inet *a)
{
	for (int i = 0; i < r->endpoint_count; i++)
		if (rl_inet_equal(&r->endpoint[i], a))
			return i;
	return -1;
}

static int add_one(struct rl_world_root *r, const char *text, struct say_why *why)
{
	struct rl_inet a;

	if (take_endpoint(&a, text, why) < 0)
		return -EINVAL;
	if (find(r, &a) >= 0)
		return say_why(why, "%s is an endpoint of this root already", text);
	if (r->endpoint_count == ZT_WORLD_ENDPOINTS_MAX)
		return say_why(why, "a root has at most %d endpoints", ZT_WORLD_ENDPOINTS_MAX);
	r->endpoint[r->endpoint_count++] = a;
	return 0;
}

static int remove_one(struct rl_world_root *r, const char *text, struct say_why *why)
{
	struct rl_inet a;
	int i;

	if (take_endpoint(&a, text, why) < 0)
		return -EINVAL;
	i = find(r, &a);
	if (i < 0)
		return say_why(why, "%s is no endpoint of this root", text);
	r->endpoint_count--;
	memmove(&r->endpoint[i], &r->endpoint[i + 1], (r->endpoint_count - (size_t)i) * sizeof(a));
	memset(&r->endpoint[r->endpoint_count], 0, sizeof(a));
	return 0;
}

typedef int (*endpoint_change)(struct rl_world_root *r, const char *text, struct say_why *why);

static int each(struct rl_world_root *r, const char *rest, endpoint_change change,
		struct say_why *why)
{
	char part[RL_INET_TEXT];

	while (rest) {
		if (!next_part(&rest, part, sizeof(part)))
			return say_why(why, "\"%.60s\" is no list of endpoints", rest);
		if (change(r, part, why) < 0)
			return -EINVAL;
	}
	return 0;
}

static struct rl_world_root *root_of(struct rl_world *w, uint64_t address)
{
	for (unsigned i = 0; i < w->root_count; i++)
		if (w->root[i].id.address == address)
			return &w->root[i];
	return NULL;
}

static struct rl_world_root *root_named(struct rl_world *w, const char *name, struct say_why *why)
{
	struct rl_world_root *r;
	uint64_t address;

	if (!name || rl_address_parse(&address, name) < 0) {
		say_why(why, "\"%.20s\" is no node address; write ten hex digits",
			name ? name : "");
		return NULL;
	}
	r = root_of(w, address);
	if (!r)
		say_why(why, "no root has the address %s; see `mkworld show`", name);
	return r;
}

// The root that a spec begins with; rest comes out at its endpoints.
static struct rl_world_root *root_before(struct rl_world *w, const char **rest, struct say_why *why)
{
	const char *at = *rest;
	char part[16];
	uint64_t address;

	if (next_part(&at, part, sizeof(part)) && rl_address_parse(&address, part) == 0) {
		*rest = at;
		return root_named(w, part, why);
	}
	if (w->root_count == 1)
		return &w->root[0];
	say_why(why, "there are %u roots: say whose endpoints, NODE,ENDPOINT[,ENDPOINT...]",
		w->root_count);
	return NULL;
}

int world_add_root(struct rl_world *w, const char *spec, struct say_why *why)
{
	struct rl_world_root r = {0};
	char part[FILE_PATH_MAX];

	if (!next_part(&spec, part, sizeof(part)) || take_identity(&r.id, part, why) < 0)
		return -EINVAL;
	if (root_of(w, r.id.address))
		return say_why(why, "%010llx is a root already", (unsigned long long)r.id.address);
	if (w->root_count == ZT_WORLD_ROOTS_MAX)
		return say_why(why, "a world has at most %d roots", ZT_WORLD_ROOTS_MAX);
	if (each(&r, spec, add_one, why) < 0)
		return -EINVAL;
	w->root[w->root_count++] = r;
	return 0;
}

int world_remove_root(struct rl_world *w, const char *spec, struct say_why *why)
{
	struct rl_world_root *r = root_named(w, spec, why);

	if (!r)
		return -EINVAL;
	w->root_count--;
	memmove(r, r + 1, (size_t)(&w->root[w->root_count] - r) * sizeof(*r));
	memset(&w->root[w->root_count], 0, sizeof(*r));
	return 0;
}

int world_replace_root(struct rl_world *w, const char *spec, struct say_why *why)
{
	char node[16], part[FILE_PATH_MAX];
	struct rl_world_root *r = root_named(w, next_part(&spec, node, sizeof(node)), why), *same;
	struct rl_identity id;

	if (!r)
		return -EINVAL;
	if (!next_part(&spec, part, sizeof(part)))
		return say_why(why, "say what takes its place: NODE,IDENTITY[,ENDPOINT...]");
	if (take_identity(&id, part, why) < 0)
		return -EINVAL;
	same = root_of(w, id.address);
	if (same && same != r)
		return say_why(why, "%010llx is another root already",
			       (unsigned long long)id.address);
	r->id = id;
	if (!spec)
		return 0;
	r->endpoint_count = 0;
	memset(r->endpoint, 0, sizeof(r->endpoint));
	return each(r, spec, add_one, why);
}

int world_add_endpoints(struct rl_world *w, const char *spec, struct say_why *why)
{
	struct rl_world_root *r = root_before(w, &spec, why);

	return r ? each(r, spec, add_one, why) : -EINVAL;
}

int world_remove_endpoints(struct rl_world *w, const char *spec, struct say_why *why)
{
	struct rl_world_root *r = root_before(w, &spec, why);

	return r ? each(r, spec, remove_one, why) : -EINVAL;
}

int world_set_endpoints(struct rl_world *w, const char *spec, struct say_why *why)
{
	struct rl_world_root *r = root_before(w, &spec, why);

	if (!r)
		return -EINVAL;
	r->endpoint_count = 0;
	memset(r->endpoint, 0, sizeof(r->endpoint));
	return each(r, spec, add_one, why);
}

// The next endpoint of a family at or after i.
static unsigned next_of(const struct rl_world_root *r, unsigned i, uint8_t family)
{
	while (i < r->endpoint_count && r->endpoint[i].family != family)
		i++;
	return i;
}

void world_interleave(struct rl_world *w)
{
	for (unsigned n = 0; n < w->root_count; n++) {
		struct rl_world_root old = w->root[n];
		struct rl_inet *to = w->root[n].endpoint;
		uint8_t family = old.endpoint_count ? old.endpoint[0].family : 4;
		uint8_t other = family == 4 ? 6 : 4;
		unsigned a = next_of(&old, 0, family), b = next_of(&old, 0, other);

		while (a < old.endpoint_count || b < old.endpoint_count) {
			if (a < old.endpoint_count) {
				*to++ = old.endpoint[a];
				a = next_of(&old, a + 1, family);
			}
			if (b < old.endpoint_count) {
				*to++ = old.endpoint[b];
				b = next_of(&old, b + 1, other);
			}
		}
	}
}

bool world_in_blocks(const struct rl_world_root *r)
{
	unsigned count[2] = {0}, switches = 0, less;

	for (unsigned i = 0; i < r->endpoint_count; i++) {
		count[r->endpoint[i].family == 6]++;
		switches += i && r->endpoint[i].family != r->endpoint[i - 1].family;
	}
	less = count[0] < count[1] ? count[0] : count[1];
	return less >= 2 && switches < 2 * less - 1;
}
