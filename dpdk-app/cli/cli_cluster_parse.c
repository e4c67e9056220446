// SPDX-License-Identifier: BSD-3-Clause
// What the operator says about a new cluster. The rules are those of the daemon's config: what it
// would refuse is refused here.
#include "config/value.h"
#include "dpdk-app/cli/cli_cluster.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: rootline-cli cluster init DIR --name NAME --member MEMBER...\n"
	"       rootline-cli cluster renew DIR NEW-DIR [--member MEMBER]...\n"
	"\n"
	"init makes DIR with a folder for each member of a new cluster: config, keys,\n"
	"certificates, nats-server.conf. renew makes NEW-DIR out of such a DIR: new\n"
	"certificates for all, the same keys and authority, and members that join.\n"
	"\n"
	"  --name NAME      name of the cluster: a to z, 0 to 9 and -\n"
	"  --member MEMBER  NAME=LATITUDE,LONGITUDE,IP/PORT[,IP/PORT]: where it stands and where\n"
	"                   clients reach it, once for IPv4, once for IPv6, or both; for example\n"
	"                   amsterdam=52.37,4.90,192.0.2.1/9993,2001:db8:1::1/9993\n";

struct reader {
	struct cli_cluster *c;
	FILE *err;
	unsigned mistakes;
	const char *spec[CONFIG_MEMBERS_MAX]; // of --member
	unsigned specs;
	bool renew;
};

__attribute__((format(printf, 2, 3))) static bool mistake(struct reader *r, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	fputs("rootline-cli: ", r->err);
	vfprintf(r->err, format, ap);
	fputc('\n', r->err);
	va_end(ap);
	r->mistakes++;
	return false;
}

// A value of a member by its name in the config.
static bool put(struct reader *r, struct config_member *m, const char *key, const char *text,
		const char *spec)
{
	char why[CONFIG_WHY_MAX];
	for (unsigned i = 0; i < CONFIG_MEMBER_ROWS; i++)
		if (!strcmp(config_member_rows[i].key, key))
			return config_put_any(m, &config_member_rows[i], text, why) ||
			       mistake(r, "--member %.100s: %s", spec, why);
	return false;
}

static bool put_front(struct reader *r, struct config_member *m, const char *text, const char *spec)
{
	bool six = strchr(text, ':');
	if (*(six ? m->front_ipv6 : m->front_ipv4))
		return mistake(r, "--member %.100s: two addresses of the same family", spec);
	return put(r, m, six ? "front_ipv6" : "front_ipv4", text, spec);
}

// Above all that are in use: a number is not given again.
static uint32_t next_id(const struct config_members *list)
{
	uint32_t id = 0;
	for (unsigned i = 0; i < list->count; i++)
		id = list->v[i].id > id ? list->v[i].id : id;
	return id + 1;
}

// "NAME=LATITUDE,LONGITUDE,IP/PORT[,IP/PORT]"
static void add_member(struct reader *r, const char *spec)
{
	struct config_members *list = &r->c->members;
	char text[CONFIG_TEXT_MAX], *word[5], *rest;
	unsigned n = 0;
	snprintf(text, sizeof(text), "%s", spec);
	rest = strchr(text, '=');
	if (rest)
		*rest++ = 0;
	while (rest && n < 5)
		word[n++] = strsep(&rest, ",");
	if (strlen(spec) >= sizeof(text) || n < 3 || n > 4 || rest) {
		mistake(r, "--member %.100s: must be NAME=LATITUDE,LONGITUDE,IP/PORT[,IP/PORT]",
			spec);
		return;
	}
	if (list->count == CONFIG_MEMBERS_MAX) {
		mistake(r, "more than %d members", CONFIG_MEMBERS_MAX);
		return;
	}
	struct config_member *m = &list->v[list->count];
	char place[2 * CONFIG_TEXT_MAX];
	*m = (struct config_member){.id = next_id(list)};
	snprintf(place, sizeof(place), "%s,%s", word[0], word[1]);
	if (put(r, m, "name", text, spec) && put(r, m, "coordinates", place, spec) &&
	    put_front(r, m, word[2], spec) && (n < 4 || put_front(r, m, word[3], spec)))
		list->count++;
}

static void set_name(struct reader *r, char *name)
{
	const char *wrong =
		strlen(name) < CONFIG_LABEL_MAX ? config_check_label(name) : "is too long";
	if (wrong)
		mistake(r, "--name \"%.60s\" %s", name, wrong);
	r->c->name = name;
}

// What the daemon will say to the config of a member: whether members are in each other's way, and
// whether what an operator has changed in it is fine.
static void check_config(struct reader *r, unsigned i)
{
	static struct config config;
	char *text = cli_cluster_config(r->c, i);
	unsigned before = r->mistakes;
	config_defaults(&config);
	if (text)
		r->mistakes += config_parse(&config, NULL, text, strlen(text), r->err);
	if (text && r->mistakes == before)
		r->mistakes += config_finish(&config, NULL, r->err);
	if (!text)
		mistake(r, "%s/rootline.json: there is no config in it", r->c->members.v[i].name);
	else if (r->renew && r->mistakes > before)
		mistake(r, "that would be the config of %s", r->c->members.v[i].name);
	free(text);
}

static void add_spec(struct reader *r, const char *spec)
{
	if (r->specs < CONFIG_MEMBERS_MAX)
		r->spec[r->specs++] = spec;
	else
		mistake(r, "more than %d members", CONFIG_MEMBERS_MAX);
}

static void take_word(struct reader *r, int argc, char *const argv[], int *i)
{
	const char *word = argv[*i];
	bool name = !r->renew && !strcmp(word, "--name"), member = !strcmp(word, "--member");
	if ((name || member) && *i + 1 == argc)
		mistake(r, "%s needs a value", word);
	else if (name)
		set_name(r, argv[++*i]);
	else if (member)
		add_spec(r, argv[++*i]);
	else if (*word == '-' || r->c->dir)
		mistake(r, "\"%.60s\" is not expected here", word);
	else if (r->renew && !r->c->from)
		r->c->from = word;
	else
		r->c->dir = word;
}

static void check_words(struct reader *r)
{
	const struct cli_cluster *c = r->c;
	if (r->renew && !c->from)
		mistake(r, "the directory to be renewed is missing");
	if (!c->dir || !*c->dir)
		mistake(r, "a directory to be made is missing");
	if (!r->renew && !c->name)
		mistake(r, "--name is missing: how the cluster is called");
	if (!r->renew && !r->specs)
		mistake(r, "--member is missing: name the machines of the cluster");
}

enum cli_exit cli_cluster_parse(struct cli_cluster *c, int argc, char *const argv[], FILE *err)
{
	struct reader r = {.c = c, .err = err, .renew = !strcmp(argv[0], "renew")};
	*c = (struct cli_cluster){0};
	for (int i = 1; i < argc; i++)
		take_word(&r, argc, argv, &i);
	check_words(&r);
	if (!r.mistakes && r.renew && !cli_cluster_load(c, err))
		return CLI_REFUSED;
	for (unsigned i = 0; i < r.specs; i++)
		add_member(&r, r.spec[i]);
	if (!r.mistakes && !cli_cluster_keys(c, err))
		return CLI_REFUSED;
	for (unsigned i = 0; i < c->members.count && !r.mistakes; i++)
		check_config(&r, i);
	if (r.mistakes)
		fputs("\"rootline-cli cluster --help\" tells more\n", err);
	return r.mistakes ? CLI_USAGE : CLI_OK;
}

int cli_cluster_main(int argc, char *const argv[])
{
	struct cli_cluster c;
	for (int i = 0; i < argc; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			fputs(usage, stdout);
			return CLI_OK;
		}
	if (!argc || (strcmp(argv[0], "init") && strcmp(argv[0], "renew"))) {
		fprintf(stderr, "rootline-cli: \"cluster %.60s\" is no command\n%s",
			argc ? argv[0] : "", usage);
		return CLI_USAGE;
	}
	enum cli_exit status = cli_cluster_parse(&c, argc, argv, stderr);
	if (status == CLI_OK)
		status = cli_cluster_write(&c, stdout, stderr);
	cli_cluster_wipe(&c);
	return status;
}
