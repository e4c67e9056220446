// SPDX-License-Identifier: BSD-3-Clause
// The cluster as tables of at most 100 columns: members, round trips between them, the backplane,
// what was decided and why not. A field that is missing or of another type shows as "-".
#include "dpdk-app/cli/cli.h"

#include <stdlib.h>
#include <string.h>

enum {
	WIDTH = 98,
	TITLE = 10,       // of a list of counts
	MATRIX_MOST = 12, // columns that fit
	LONGEST = 10,     // round trips listed of a larger cluster
};

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

static bool yes(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

enum { CELL = 24 };

static const char *count_text(long long n, char out[static CELL])
{
	snprintf(out, CELL, n < 0 ? "-" : "%lld", n);
	return out;
}

static const char *ms_text(long long us, char out[static CELL])
{
	snprintf(out, CELL, us < 0 ? "-" : us < 100000 ? "%.1f" : "%.0f", (double)us / 1000);
	return out;
}

// "none", or the counts that are not zero, in as many lines as they need.
static void show_counts(FILE *out, const char *title, const json_t *counts)
{
	const char *name;
	json_t *value;
	int at = fprintf(out, "%-*s", TITLE, title);
	bool any = false;
	json_object_foreach((json_t *)counts, name, value)
	{
		char one[160];
		long long n = (long long)json_integer_value(value);
		if (n == 0)
			continue;
		int len = snprintf(one, sizeof(one), " %s %lld", name, n);
		if (at + len > WIDTH)
			at = fprintf(out, "\n%-*s", TITLE, "") - 1;
		at += fprintf(out, "%s", one);
		any = true;
	}
	fputs(any ? "\n" : " none\n", out);
}

static const char *state_of(const json_t *m)
{
	if (yes(m, "self"))
		return yes(m, "draining") ? "draining" : "here";
	if (json_is_false(json_object_get(m, "configured")))
		return "removed";
	bool live = strcmp(text(m, "state"), "live") == 0;
	return live && yes(m, "draining") ? "draining" : text(m, "state");
}

static void show_member(FILE *out, const json_t *m)
{
	char heard[CELL], lag[CELL], lost[CELL], loss[CELL], clients[CELL], room[CELL], known[CELL];
	bool self = yes(m, "self");
	long long capacity = number(m, "capacity");
	fprintf(out, "%-4lld %-16.16s %-8s %10s %10s %9s %10s %8s %6s %7s\n", number(m, "id"),
		text(m, "name"), state_of(m), count_text(number(m, "clients"), clients),
		capacity == 0 ? "no limit" : count_text(capacity, room),
		count_text(number(m, "directory"), known),
		self ? "-" : count_text(number(m, "heardMs"), heard),
		self ? "-" : count_text(number(m, "lagMs"), lag),
		self ? "-" : count_text(number(m, "lost"), lost),
		self ? "-" : count_text(number(m, "lossPercent"), loss));
}

static const json_t *member_of(const json_t *members, long long id)
{
	size_t i;
	json_t *m;
	json_array_foreach((json_t *)members, i, m) if (number(m, "id") == id) return m;
	return NULL;
}

static void show_matrix(FILE *out, const json_t *members, const json_t *rows)
{
	char cell[CELL], key[CELL];
	size_t i, k;
	json_t *row, *to;
	fprintf(out, "round trips between fronts in ms, from the row's member to the column's\n");
	fprintf(out, "<id> <from>     ");
	json_array_foreach((json_t *)members, k, to) fprintf(out, " %6lld", number(to, "id"));
	fputc('\n', out);
	json_array_foreach((json_t *)rows, i, row)
	{
		const json_t *rtt = json_object_get(row, "rttUs");
		long long from = number(row, "from");
		fprintf(out, "%-4lld %-11.11s", from, text(member_of(members, from), "name"));
		json_array_foreach((json_t *)members, k, to)
		{
			bool same = number(to, "id") == from;
			snprintf(key, sizeof(key), "%lld", number(to, "id"));
			fprintf(out, " %6s", same ? "." : ms_text(number(rtt, key), cell));
		}
		fputc('\n', out);
	}
}

struct trip {
	long long from, to, us;
};

static int longer_first(const void *a, const void *b)
{
	const struct trip *x = a, *y = b;
	return x->us > y->us ? -1 : x->us < y->us;
}

static void show_trips(FILE *out, const json_t *members, const struct trip t[], size_t n)
{
	char cell[CELL];
	for (size_t i = 0; i < n; i++)
		fprintf(out, "  %-20.20s > %-20.20s %8s\n",
			text(member_of(members, t[i].from), "name"),
			text(member_of(members, t[i].to), "name"), ms_text(t[i].us, cell));
}

// Of a cluster whose matrix does not fit: the longest, and this member's own.
static void show_longest(FILE *out, const json_t *members, const json_t *rows)
{
	size_t i, n = 0, own = 0, most = json_array_size(rows) * json_array_size(members);
	struct trip *all = calloc(most + 1, sizeof(*all)), *mine = calloc(most + 1, sizeof(*mine));
	const char *key;
	json_t *row, *us;
	json_array_foreach((json_t *)rows, i, row)
	{
		long long from = number(row, "from");
		json_object_foreach(json_object_get(row, "rttUs"), key, us)
		{
			struct trip t = {from, atoll(key), (long long)json_integer_value(us)};
			if (!all || !mine || n == most)
				break;
			all[n++] = t;
			if (yes(member_of(members, from), "self"))
				mine[own++] = t;
		}
	}
	if (n > 0) {
		qsort(all, n, sizeof(*all), longer_first);
		fprintf(out, "round trips between fronts in ms: the longest of %zu\n", n);
		show_trips(out, members, all, n < LONGEST ? n : LONGEST);
		fputs("from this member\n", out);
		show_trips(out, members, mine, own);
	}
	free(all);
	free(mine);
}

// Why news of a member was not taken.
static void show_refusals(FILE *out, const json_t *c)
{
	size_t i;
	json_t *m;
	show_counts(out, "refused", json_object_get(c, "refused"));
	json_array_foreach(json_object_get(c, "members"), i, m)
	{
		const json_t *refused = json_object_get(m, "refused");
		char title[64];
		snprintf(title, sizeof(title), "  of %s", text(m, "name"));
		if (json_object_size(refused) > 0)
			show_counts(out, title, refused);
	}
}

static void show_groups(FILE *out, const json_t *groups)
{
	fprintf(out, "%-*s %lld known elsewhere%s\n", TITLE, "groups", number(groups, "known"),
		strcmp(text(groups, "elsewhere"), "any") == 0 ? ", and others that are not told yet"
							      : "");
	show_counts(out, "  gathers", json_object_get(groups, "gathers"));
}

static void show_link(FILE *out, const json_t *link)
{
	char rtt[CELL];
	if (!yes(link, "connected"))
		fprintf(out, "backplane NOT connected: %s\n", text(link, "error"));
	else
		fprintf(out, "backplane connected to %s, round trip %s ms, connection %lld\n",
			text(link, "server"), ms_text(number(link, "rttUs"), rtt),
			number(link, "connects"));
}

// What this member had no room or no way for.
static void show_troubles(FILE *out, const json_t *c)
{
	static const char *const keys[] = {"unreached", "eventsFull", "asksFull",
					   "falseKeepalives"};
	static const char *const decided[] = {"unsent", "gated", "timersFull", "linkFull"};
	json_t *all = json_object();
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		json_object_set(all, keys[i], json_object_get(c, keys[i]));
	for (size_t i = 0; i < sizeof(decided) / sizeof(*decided); i++)
		json_object_set(all, decided[i],
				json_object_get(json_object_get(c, "decisions"), decided[i]));
	show_counts(out, "troubles", all);
	json_decref(all);
}

void cli_show_cluster(FILE *out, const json_t *c, const struct cli_options *o)
{
	const json_t *members = json_object_get(c, "members");
	const json_t *rows = json_object_get(c, "roundTrips");
	const json_t *decisions = json_object_get(c, "decisions");
	size_t i;
	json_t *m;
	(void)o;
	fprintf(out, "cluster %s, member %s, %lld of %lld peers known, %lld kept warm\n",
		text(c, "name"), text(c, "member"), number(c, "directory"),
		number(c, "directoryMax"), number(c, "keptWarm"));
	show_link(out, json_object_get(c, "link"));
	fputs("<id> <name>           <state>   <clients> <capacity>   <known> <heard ms> <lag ms> "
	      "<lost> <loss%>\n",
	      out);
	json_array_foreach((json_t *)members, i, m) show_member(out, m);
	if (json_array_size(members) <= MATRIX_MOST)
		show_matrix(out, members, rows);
	else
		show_longest(out, members, rows);
	show_counts(out, "redirects", json_object_get(decisions, "redirects"));
	show_counts(out, "  not", json_object_get(decisions, "notRedirected"));
	show_counts(out, "rescues", json_object_get(decisions, "rescues"));
	show_counts(out, "drains", json_object_get(decisions, "drains"));
	show_counts(out, "whois", json_object_get(c, "whois"));
	show_groups(out, json_object_get(c, "groups"));
	show_refusals(out, c);
	show_counts(out, "link", json_object_get(json_object_get(c, "link"), "drops"));
	show_troubles(out, c);
	fprintf(out, "forwarded  %lld packets to other members\n", number(c, "forwarded"));
	fprintf(out, "validated  %lld newcomers by other members before\n",
		number(c, "validationsSpared"));
}

// How long ago, in the unit that fits.
static const char *ago(long long ms, char out[static CELL])
{
	snprintf(out, CELL,
		 ms < 0        ? "never"
		 : ms < 120000 ? "%.1f s ago"
			       : "%.0f min ago",
		 (double)ms / (ms < 120000 ? 1000 : 60000));
	return out;
}

static void show_place(FILE *out, const json_t *w)
{
	char told[CELL];
	bool here = yes(w, "here");
	if (strcmp(text(w, "home"), "-") == 0)
		fputs(" is at no member", out);
	else
		fprintf(out, "%s %s%s", yes(w, "live") ? " is at" : " is gone from",
			text(w, "home"), here ? ", which is asked" : "");
	fprintf(out, "; backup %s; told by %s %s\n", text(w, "backup"),
		here ? "its own root" : text(w, "home"), ago(number(w, "toldMs"), told));
	fprintf(out, "  reached there by   %s and %s\n", text(w, "ipv4"), text(w, "ipv6"));
	if (!here)
		fprintf(out, "  from here by way of %s\n", text(w, "way"));
	fprintf(out, "  identity           %s; %lld PUSHes in its last chain\n",
		yes(w, "validated") ? "valid" : "not known to be valid", number(w, "pushes"));
}

void cli_show_who(FILE *out, const json_t *w, const struct cli_options *o)
{
	const json_t *paths = json_object_get(w, "paths");
	char heard[CELL];
	size_t i;
	json_t *path;
	(void)o;
	fputs(text(w, "address"), out);
	if (yes(w, "known"))
		show_place(out, w);
	else
		fputs(" is not known in this cluster\n", out);
	json_array_foreach((json_t *)paths, i, path) fprintf(
		out, "  path to this member %s, heard %s%s\n", text(path, "address"),
		ago(number(path, "heardMs"), heard), yes(path, "preferred") ? ", preferred" : "");
}

void cli_show_drain(FILE *out, const json_t *d, const struct cli_options *o)
{
	(void)o;
	fputs(yes(d, "draining")
		      ? "draining: watch the clients leave with \"rootline-cli cluster\"\n"
		      : "taking clients again\n",
	      out);
}
