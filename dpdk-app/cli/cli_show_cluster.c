// SPDX-License-Identifier: BSD-3-Clause
// The cluster as a table: members, the backplane, what was decided and why not.
#include "dpdk-app/cli/cli.h"

#include <string.h>

static const char *text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));
	return s && *s ? s : "-";
}

static long long number(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);
	return json_is_integer(v) ? (long long)json_integer_value(v) : -1;
}

// "none", or the counts that are not zero.
static void show_counts(FILE *out, const char *title, const json_t *counts)
{
	const char *name;
	json_t *value;
	fprintf(out, "%-10s", title);
	if (json_object_size(counts) == 0)
		fputs(" none", out);
	json_object_foreach((json_t *)counts, name, value)
		fprintf(out, " %s %lld", name, (long long)json_integer_value(value));
	fputc('\n', out);
}

static void show_member(FILE *out, const json_t *m)
{
	long long rtt = number(m, "rttUs"), heard = number(m, "heardMs");
	char way[24] = "-", ago[24] = "-";
	if (rtt >= 0)
		snprintf(way, sizeof(way), "%.1f", (double)rtt / 1000);
	if (heard >= 0)
		snprintf(ago, sizeof(ago), "%lld", heard);
	bool self = json_is_true(json_object_get(m, "self"));
	bool draining = json_is_true(json_object_get(m, "draining"));
	fprintf(out, "%-3lld %-16s %-8s %10lld %10lld %10lld %8s %8s %6lld %6lld\n",
		number(m, "id"), text(m, "name"),
		draining ? "draining"
		: self   ? "here"
			 : text(m, "state"),
		number(m, "clients"), number(m, "capacity"), number(m, "directory"),
		self ? "-" : way, self ? "-" : ago, number(m, "lagMs"), number(m, "lost"));
}

void cli_show_cluster(FILE *out, const json_t *c, const struct cli_options *o)
{
	const json_t *link = json_object_get(c, "link");
	const json_t *decisions = json_object_get(c, "decisions");
	size_t i;
	json_t *m;
	(void)o;
	fprintf(out, "cluster %s, member %s, %lld of %lld peers known, %lld kept warm\n",
		text(c, "name"), text(c, "member"), number(c, "directory"),
		number(c, "directoryMax"), number(c, "keptWarm"));
	bool up = json_is_true(json_object_get(link, "connected"));
	fprintf(out, "backplane %s %s\n",
		up ? "connected to" : "NOT connected:", text(link, up ? "server" : "error"));
	fputs("<id> <name>          <state>    <clients> <capacity>    <known> <rtt ms> <heard ms> "
	      "<lag> <lost>\n",
	      out);
	json_array_foreach(json_object_get(c, "members"), i, m) show_member(out, m);
	show_counts(out, "redirects", json_object_get(decisions, "redirects"));
	show_counts(out, "rescues", json_object_get(decisions, "rescues"));
	show_counts(out, "drains", json_object_get(decisions, "drains"));
	show_counts(out, "refused", json_object_get(c, "refused"));
	show_counts(out, "link", json_object_get(link, "drops"));
	fprintf(out, "forwarded  %lld packets to other members, %lld without a way there\n",
		number(c, "forwarded"), number(c, "unreached"));
}

void cli_show_who(FILE *out, const json_t *w, const struct cli_options *o)
{
	(void)o;
	if (!json_is_true(json_object_get(w, "known"))) {
		fputs("not known in this cluster\n", out);
		return;
	}
	fprintf(out, "%s %s, backup %s, by %s and %s\n",
		json_is_true(json_object_get(w, "live")) ? "at" : "gone from", text(w, "home"),
		text(w, "backup"), text(w, "ipv4"), text(w, "ipv6"));
}

void cli_show_drain(FILE *out, const json_t *d, const struct cli_options *o)
{
	(void)o;
	fputs(json_is_true(json_object_get(d, "draining"))
		      ? "draining: watch the clients leave with \"rootline-cli cluster\"\n"
		      : "taking clients again\n",
	      out);
}
