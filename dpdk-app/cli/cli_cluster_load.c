// SPDX-License-Identifier: BSD-3-Clause
// What an earlier "cluster init" has made: the members, their keys and the authority.
#include "dpdk-app/cli/cli_cluster.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool path_in(char path[static CLI_PATH_MAX], const char *dir, const char *member,
		    const char *name)
{
	return snprintf(path, CLI_PATH_MAX, "%s%s%s/%s", dir, member ? "/" : "",
			member ? member : "", name) < CLI_PATH_MAX;
}

char *cli_cluster_old(const struct cli_cluster *c, const char *member, const char *name)
{
	char path[CLI_PATH_MAX], *text = NULL;
	size_t room = 0;
	if (!c->from || !path_in(path, c->from, member, name))
		return NULL;
	FILE *f = fopen(path, "re");
	// Up to a byte that no text holds: the whole file.
	ssize_t n = f ? getdelim(&text, &room, 0, f) : -1;
	if (f)
		fclose(f);
	if (n >= 0)
		return text;
	free(text);
	return NULL;
}

// Folders with a config are those of members; all configs name the same members.
static bool is_member(const char *dir, const char *name)
{
	char path[CLI_PATH_MAX];
	FILE *f = *name != '.' && path_in(path, dir, name, "rootline.json") ? fopen(path, "re")
									    : NULL;
	if (f)
		fclose(f);
	return f != NULL;
}

// The folder of the first member by its name.
static bool find_member(const char *dir, char name[static CONFIG_LABEL_MAX])
{
	DIR *d = opendir(dir);
	if (!d)
		return false;
	*name = 0;
	for (const struct dirent *e; (e = readdir(d)) != NULL;)
		if (strlen(e->d_name) < CONFIG_LABEL_MAX && is_member(dir, e->d_name) &&
		    (!*name || strcmp(e->d_name, name) < 0))
			strcpy(name, e->d_name);
	closedir(d);
	return *name;
}

// A key may have been taken away once its machine had it, which is careful.
static bool load_secret(struct cli_cluster *c, unsigned i, FILE *err)
{
	char path[CLI_PATH_MAX];
	const struct config_member *m = &c->members.v[i];
	if (!path_in(path, c->from, m->name, CLI_CLUSTER_SIGN)) {
		fprintf(err, "rootline-cli: %s: the name is too long\n", c->from);
		return false;
	}
	if (access(path, F_OK) && errno == ENOENT)
		return true;
	c->signs[i] = config_member_key(path, m, c->secret[i], err);
	return c->signs[i];
}

bool cli_cluster_load(struct cli_cluster *c, FILE *err)
{
	static struct config config;
	char first[CONFIG_LABEL_MAX], path[CLI_PATH_MAX];
	if (!find_member(c->from, first)) {
		fprintf(err,
			"rootline-cli: %s: is no directory made by \"cluster init\": no folder in "
			"it "
			"has a rootline.json\n",
			c->from);
		return false;
	}
	path_in(path, c->from, first, "rootline.json");
	config_defaults(&config);
	if (config_load(&config, path, err) || config_finish(&config, path, err))
		return false;
	if (!config.cluster.given) {
		fprintf(err, "rootline-cli: %s: there is no \"cluster\" in it\n", path);
		return false;
	}
	path_in(path, c->from, first, "cluster.key");
	if (!config_cluster_key(path, c->key, err))
		return false;
	c->members = config.cluster.members;
	c->old_members = c->members.count;
	for (unsigned i = 0; i < c->old_members; i++)
		if (!load_secret(c, i, err))
			return false;
	strcpy(c->cluster_id, config.cluster.cluster_id);
	strcpy(c->old_name, config.cluster.name);
	c->name = c->old_name;
	return true;
}
