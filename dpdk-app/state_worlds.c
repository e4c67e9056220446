// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/state_worlds.h"

#include "dpdk-app/log.h"
#include "root/tools/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int read_world(struct rl_world *w, const char *path, uint8_t type)
{
	static uint8_t data[ZT_WORLD_MAX];
	size_t len;
	const char *kind = type == ZT_WORLD_PLANET ? "planet" : "moon";
	int ret = file_read(path, data, sizeof(data), &len);
	if (ret == -ENOENT)
		return ret;
	if (ret && ret != -EFBIG) {
		log_error("%s: %s", path, strerror(-ret));
		return ret;
	}
	if (ret || rl_world_parse(w, data, len) || w->type != type) {
		log_error("%s: is no %s in its binary form; \"mkworld show %s\" tells more", path,
			  kind, path);
		return -EINVAL;
	}
	return 0;
}

static int is_moon(const struct dirent *d)
{
	size_t n = strlen(d->d_name);
	return n > 5 && d->d_name[0] != '.' && strcmp(d->d_name + n - 5, ".moon") == 0;
}

static bool is_new(const struct state_worlds *w, const struct rl_world *moon)
{
	for (unsigned i = 0; i < w->count; i++)
		if (w->world[i].type == moon->type && w->world[i].id == moon->id)
			return false;
	return true;
}

static void load_moon(struct state_worlds *w, const char *dir, const char *name)
{
	char path[FILE_PATH_MAX];
	struct rl_world *moon = &w->world[w->count];
	if (!file_join(path, dir, name))
		return;
	if (w->count == RL_WORLDS_MAX)
		log_warning("%s: left out, a root serves at most %d worlds", path, RL_WORLDS_MAX);
	else if (read_world(moon, path, ZT_WORLD_MOON))
		log_warning("%s: left out", path);
	else if (!is_new(w, moon))
		log_warning("%s: left out, another file holds moon %016llx too", path,
			    (unsigned long long)moon->id);
	else
		w->count++;
}

static void load_moons(struct state_worlds *w, const char *dir)
{
	struct dirent **names;
	int n = scandir(dir, &names, is_moon, alphasort);
	if (n < 0 && errno != ENOENT)
		log_warning("%s: %s; no moons are served", dir, strerror(errno));
	if (n < 0)
		return;
	for (int i = 0; i < n; i++) {
		load_moon(w, dir, names[i]->d_name);
		free(names[i]);
	}
	free(names);
}

int state_worlds_load(struct state_worlds *w, const char *planet, const char *moons_dir)
{
	*w = (struct state_worlds){.world = calloc(RL_WORLDS_MAX, sizeof(*w->world))};
	if (!w->world)
		return -ENOMEM;
	int ret = read_world(w->world, planet, ZT_WORLD_PLANET);
	if (ret && ret != -ENOENT) {
		state_worlds_free(w);
		return ret;
	}
	w->has_planet = ret == 0;
	w->count = w->has_planet;
	load_moons(w, moons_dir);
	return 0;
}

void state_worlds_free(struct state_worlds *w)
{
	free(w->world);
	*w = (struct state_worlds){0};
}

static const struct rl_world_root *find_root(const struct rl_world *w, uint64_t address)
{
	for (unsigned i = 0; i < w->root_count; i++)
		if (w->root[i].id.address == address)
			return &w->root[i];
	return NULL;
}

static bool lists(const struct rl_world_root *root, const struct rl_inet *endpoint)
{
	for (unsigned i = 0; i < root->endpoint_count; i++)
		if (rl_inet_equal(&root->endpoint[i], endpoint))
			return true;
	return false;
}

static bool answers(const struct state_self *self, const struct rl_inet *endpoint)
{
	for (unsigned i = 0; i < self->endpoint_count; i++)
		if (rl_inet_equal(&self->endpoint[i], endpoint))
			return true;
	return false;
}

// By another machine of the cluster, or by this one behind a one-to-one NAT.
static bool of_a_member(const struct state_self *self, const struct rl_inet *endpoint)
{
	struct rl_inet front;
	for (unsigned i = 0; self->members && i < self->members->count; i++) {
		const struct config_member *m = &self->members->v[i];
		const char *text = endpoint->family == 4 ? m->front_ipv4 : m->front_ipv6;
		if (rl_inet_parse(&front, text) == 0 && rl_inet_equal(&front, endpoint))
			return true;
	}
	return false;
}

static unsigned check_front(const struct rl_world_root *root, const char *planet, const char *front,
			    const char *member)
{
	struct rl_inet at;
	if (rl_inet_parse(&at, front) != 0 || lists(root, &at))
		return 0;
	log_warning("%s does not name %s, where the member %s is: clients do not go there; make "
		    "its next revision with mkworld build",
		    planet, front, member);
	return 1;
}

// The planet of a cluster names the fronts of all members. What they are behind NAT is for them to
// know.
static unsigned check_members(const struct rl_world_root *root, const char *planet,
			      const struct state_self *self)
{
	char text[RL_INET_TEXT];
	unsigned warnings = 0;
	for (unsigned i = 0; i < self->members->count; i++) {
		const struct config_member *m = &self->members->v[i];
		warnings += check_front(root, planet, m->front_ipv4, m->name);
		warnings += check_front(root, planet, m->front_ipv6, m->name);
	}
	for (unsigned i = 0; i < root->endpoint_count; i++) {
		const struct rl_inet *at = &root->endpoint[i];
		if (answers(self, at) || of_a_member(self, at))
			continue;
		log_warning("%s names %s for this root, but no member is there", planet,
			    rl_inet_text(at, text));
		warnings++;
	}
	return warnings;
}

// Behind a one-to-one NAT none of our own addresses is in the planet, and all is well; so these are
// warnings. Half a match is the likelier mistake: a port or a family that is not served.
static unsigned check_endpoints(const struct rl_world_root *root, const char *planet,
				const struct state_self *self)
{
	char text[RL_INET_TEXT];
	unsigned found = 0, warnings = 0;
	for (unsigned i = 0; i < self->endpoint_count; i++)
		found += lists(root, &self->endpoint[i]);
	if (!found && self->endpoint_count) {
		log_warning(
			"%s names no address of this machine, %s for one: clients reach it only if "
			"something in front translates addresses, otherwise add them with "
			"mkworld update",
			planet, rl_inet_text(&self->endpoint[0], text));
		return 1;
	}
	for (unsigned i = 0; found && i < root->endpoint_count; i++) {
		if (answers(self, &root->endpoint[i]))
			continue;
		log_warning("%s names %s for this root, but nothing answers there", planet,
			    rl_inet_text(&root->endpoint[i], text));
		warnings++;
	}
	return warnings;
}

unsigned state_worlds_check(const struct state_worlds *w, const char *planet,
			    const struct state_self *self)
{
	unsigned long long address = self->id->address;
	if (!w->has_planet) {
		log_warning("there is no %s: clients need one that names this root; make it with "
			    "mkworld init and mkworld build, put it there and send SIGHUP",
			    planet);
		return 1;
	}
	const struct rl_world_root *root = find_root(&w->world[0], self->id->address);
	if (!root) {
		log_warning(
			"%s does not name this root (%010llx): clients that hold it will not come "
			"here; add it with mkworld update",
			planet, address);
		return 1;
	}
	if (!rl_identity_equal(&root->id, self->id)) {
		log_warning(
			"%s names %010llx with another public key: clients will not accept this "
			"root; put the identity.public of this root into it",
			planet, address);
		return 1;
	}
	return self->members ? check_members(root, planet, self)
			     : check_endpoints(root, planet, self);
}

const char *state_worlds_role(const struct state_worlds *w, uint64_t address)
{
	for (unsigned i = 0; i < w->count; i++)
		if (find_root(&w->world[i], address))
			return w->world[i].type == ZT_WORLD_PLANET ? "PLANET" : "MOON";
	return "LEAF";
}
