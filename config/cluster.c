// SPDX-License-Identifier: BSD-3-Clause
// What must hold between the options of a cluster.
#include "config/value.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <string.h>

// Of one object of a list, with its line.
__attribute__((format(printf, 5, 6))) static void of_object(struct config_report *r, uint32_t line,
							    const char *list, unsigned i,
							    const char *format, ...)
{
	char name[CONFIG_NAME_MAX], what[CONFIG_WHY_MAX];
	va_list ap;
	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	snprintf(name, sizeof(name), "%s[%u]", list, i);
	config_mistake(r, line, name, "%s", what);
}

static void need(struct config_report *r, const struct config *c, const char *key, bool there)
{
	char name[CONFIG_NAME_MAX];
	const struct config_row *row = config_row_by_key("cluster", key);
	if (!there)
		config_mistake(r, c->line[row - config_rows], config_name(row, name),
			       "missing, a cluster needs it: %s", row->help);
}

// IP addresses as the texts have them, without ports; for IPv6 the first 64 bits alone are
// compared: a client keeps one path for each /64, so two members in one would take each other's
// place.
static bool same_place(const char *a, const char *b)
{
	uint8_t x[16] = {0}, y[16] = {0};
	char ip[2][CONFIG_FRONT_MAX];
	bool six = strchr(a, ':');
	if (!*a || !*b || six != (strchr(b, ':') != NULL))
		return false;
	snprintf(ip[0], sizeof(ip[0]), "%.*s", (int)strcspn(a, "/"), a);
	snprintf(ip[1], sizeof(ip[1]), "%.*s", (int)strcspn(b, "/"), b);
	inet_pton(six ? AF_INET6 : AF_INET, ip[0], x);
	inet_pton(six ? AF_INET6 : AF_INET, ip[1], y);
	return !memcmp(x, y, six ? 8 : 4);
}

static void check_pair(struct config_report *r, const struct config_members *m, unsigned i,
		       unsigned k)
{
	static const char list[] = "cluster.members";
	const struct config_member *a = &m->v[k], *b = &m->v[i];
	if (a->id == b->id)
		of_object(r, b->line, list, i, "id %u is that of member \"%s\" already", b->id,
			  a->name);
	if (!strcmp(a->name, b->name))
		of_object(r, b->line, list, i, "the name \"%s\" is taken already", b->name);
	if (!strcmp(a->public_key, b->public_key))
		of_object(r, b->line, list, i,
			  "public_key is that of member \"%s\": each member needs its own",
			  a->name);
	if (same_place(a->front_ipv4, b->front_ipv4))
		of_object(r, b->line, list, i,
			  "front_ipv4 has the address of member \"%s\": each member needs its own",
			  a->name);
	if (same_place(a->front_ipv6, b->front_ipv6))
		of_object(
			r, b->line, list, i,
			"front_ipv6 is in the same /64 as that of member \"%s\", and clients keep "
			"one path for each /64: give it an address in another",
			a->name);
}

static void check_members(struct config_report *r, const struct config *c)
{
	const struct config_members *m = &c->cluster.members;
	unsigned four = 0, six = 0;
	bool self = false, homeless = false;
	for (unsigned i = 0; i < m->count; i++) {
		const struct config_member *it = &m->v[i];
		if (!*it->front_ipv4 && !*it->front_ipv6)
			of_object(
				r, it->line, "cluster.members", i,
				"has neither \"front_ipv4\" nor \"front_ipv6\": clients must reach "
				"it somewhere");
		homeless |= !*it->front_ipv4 && !*it->front_ipv6;
		four += *it->front_ipv4 != 0;
		six += *it->front_ipv6 != 0;
		self |= !strcmp(it->name, c->cluster.member);
		for (unsigned k = 0; k < i; k++)
			check_pair(r, m, i, k);
	}
	const struct config_row *row = config_row_by_key("cluster", "members");
	unsigned endpoints = four + six;
	if (!homeless && four < m->count && six < m->count)
		config_mistake(r, c->line[row - config_rows], "cluster.members",
			       "members must reach each other: give all of them \"front_ipv4\", or "
			       "all of them \"front_ipv6\"");
	if (endpoints > CONFIG_MEMBERS_MAX)
		config_mistake(r, c->line[row - config_rows], "cluster.members",
			       "%u front addresses: a planet holds %d for one root", endpoints,
			       CONFIG_MEMBERS_MAX);
	row = config_row_by_key("cluster", "member");
	if (m->count && *c->cluster.member && !self)
		config_mistake(r, c->line[row - config_rows], "cluster.member",
			       "\"%s\" is the name of none of the members", c->cluster.member);
}

// A front of a sibling that one of our members has would be sent to ourselves.
static void check_sibling_front(struct config_report *r, const struct config *c, unsigned i,
				const char *front)
{
	for (unsigned k = 0; k < c->cluster.members.count; k++) {
		const struct config_member *m = &c->cluster.members.v[k];
		if (!strcmp(front, m->front_ipv4) || !strcmp(front, m->front_ipv6))
			of_object(r, c->siblings.v[i].line, "siblings", i,
				  "%s is a front of our own member \"%s\"", front, m->name);
	}
}

static void check_siblings(struct config_report *r, const struct config *c)
{
	uint32_t hops = c->cluster.given ? 3 : 2;
	if (c->siblings.count && c->limits.hop_limit < hops)
		of_object(r, c->siblings.v[0].line, "siblings", 0,
			  "limits.hop_limit must be %u or more, or packets end on their way", hops);
	for (unsigned i = 0; i < c->siblings.count; i++) {
		const struct config_sibling *it = &c->siblings.v[i];
		for (unsigned f = 0; f < it->fronts.count; f++)
			check_sibling_front(r, c, i, it->fronts.v[f]);
		for (unsigned k = 0; k < i; k++) {
			const struct config_sibling *other = &c->siblings.v[k];
			if (!strcmp(it->name, other->name))
				of_object(r, it->line, "siblings", i,
					  "the name \"%s\" is taken already", it->name);
			if (!strncmp(it->identity, other->identity, 10))
				of_object(r, it->line, "siblings", i,
					  "its identity is that of \"%s\": put all fronts into one",
					  other->name);
		}
	}
}

void config_check_cluster(struct config_report *r, const struct config *c)
{
	const struct config_cluster *k = &c->cluster;
	check_siblings(r, c);
	if (!k->given)
		return;
	need(r, c, "name", *k->name);
	need(r, c, "cluster_id", *k->cluster_id);
	need(r, c, "member", *k->member);
	need(r, c, "members", k->members.count);
	need(r, c, "key_file", *k->key_file);
	need(r, c, "member_key_file", *k->member_key_file);
	need(r, c, "nats_servers", k->nats_servers.count);
	need(r, c, "nats_ca", *k->nats_ca);
	need(r, c, "nats_cert", *k->nats_cert);
	need(r, c, "nats_key", *k->nats_key);
	check_members(r, c);
}

const struct config_member *config_self(const struct config *c)
{
	const struct config_members *m = &c->cluster.members;
	for (unsigned i = 0; i < m->count; i++)
		if (!strcmp(m->v[i].name, c->cluster.member))
			return &m->v[i];
	return NULL;
}
