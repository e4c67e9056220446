// SPDX-License-Identifier: BSD-3-Clause
// Answers as text, in the shapes that operators know from zerotier-cli.
#include "dpdk-app/cli/cli.h"

#include <stdlib.h>
#include <string.h>

// A missing or oddly typed field shows as "-" or -1: a daemon of another version is no reason to
// crash.
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

void cli_show_info(FILE *out, const json_t *info, const struct cli_options *o)
{
	(void)o;
	fprintf(out, "200 info %s %s %s\n", text(info, "address"), text(info, "version"),
		json_is_true(json_object_get(info, "online")) ? "ONLINE" : "OFFLINE");
}

// The path that would be used now, else the first of those given up, else NULL.
static const json_t *best_path(const json_t *peer, bool *active)
{
	const json_t *paths = json_object_get(peer, "paths"), *best = NULL;
	size_t i;
	json_t *path;
	*active = false;
	json_array_foreach(paths, i, path)
	{
		bool alive = json_is_true(json_object_get(path, "active"));
		bool preferred = json_is_true(json_object_get(path, "preferred"));
		if (!best || (alive && (!*active || preferred)))
			best = path;
		*active |= alive;
	}
	return best;
}

static long long age(const json_t *path, int64_t clock_ms)
{
	long long at = number(path, "lastReceive");
	return at <= 0 ? -1 : at > clock_ms ? 0 : clock_ms - at;
}

void cli_show_peers_head(FILE *out)
{
	fputs("200 peers\n"
	      "<ztaddr>   <ver>  <role> <lat> <link>   <lastTX> <lastRX> <path>\n",
	      out);
}

// A root keeps no time of sending, so <lastTX> is -1. A peer without a live path cannot be reached
// by anybody through this root.
void cli_show_peer(FILE *out, const json_t *peer, int64_t clock_ms)
{
	bool active;
	const json_t *path = best_path(peer, &active);
	fprintf(out, "%-10s %-6s %-6s %5lld %-8s %-8d %-8lld %s\n", text(peer, "address"),
		text(peer, "version"), text(peer, "role"), number(peer, "latency"),
		active ? "DIRECT" : "NONE", -1, path ? age(path, clock_ms) : -1,
		path ? text(path, "address") : "-");
}

void cli_show_listpeers_head(FILE *out)
{
	fputs("200 listpeers <ztaddr> <path> <latency> <version> <role>\n", out);
}

void cli_show_listpeer(FILE *out, const json_t *peer, int64_t clock_ms)
{
	bool active;
	const json_t *path = best_path(peer, &active);
	fprintf(out, "200 listpeers %s ", text(peer, "address"));
	if (path && active)
		fprintf(out, "%s;-1;%lld", text(path, "address"), age(path, clock_ms));
	else
		fputc('-', out);
	fprintf(out, " %lld %s %s\n", number(peer, "latency"), text(peer, "version"),
		text(peer, "role"));
}

static int by_count(const void *a, const void *b)
{
	long long x = number(*(json_t *const *)a, "count"),
		  y = number(*(json_t *const *)b, "count");
	return x > y ? -1 : x < y;
}

static void show_row(FILE *out, const json_t *row)
{
	fprintf(out, "%-29s %12lld  %s\n", text(row, "name"), number(row, "count"),
		text(row, "help"));
}

// Most frequent first; rows of the same count stay in the order of the packet's way.
void cli_show_drops(FILE *out, const json_t *drops, const struct cli_options *o)
{
	size_t n = json_array_size(drops), shown = 0;
	json_t **row = calloc(n + 1, sizeof(*row));
	if (!row)
		return;
	for (size_t i = 0; i < n; i++)
		row[i] = json_array_get(drops, i);
	// Insertion sort: stable, and there are a few dozen.
	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j > 0 && by_count(&row[j - 1], &row[j]) > 0; j--) {
			json_t *swap = row[j];
			row[j] = row[j - 1];
			row[j - 1] = swap;
		}
	for (size_t i = 0; i < n; i++)
		if (o->all || number(row[i], "count") > 0) {
			show_row(out, row[i]);
			shown++;
		}
	if (!shown)
		fputs("nothing has been dropped\n", out);
	free(row);
}

// Ready to be pasted where coordinates are asked for.
void cli_show_geoip(FILE *out, const json_t *place, const struct cli_options *o)
{
	(void)o;
	if (!json_is_true(json_object_get(place, "known")))
		fprintf(out, "%s unknown\n", text(place, "ip"));
	else
		fprintf(out, "%s %.4f,%.4f %s\n", text(place, "ip"),
			json_number_value(json_object_get(place, "latitude")),
			json_number_value(json_object_get(place, "longitude")),
			text(place, "file"));
}

void cli_show_counters(FILE *out, const json_t *counters, const struct cli_options *o)
{
	size_t i;
	json_t *row;
	(void)o;
	json_array_foreach(counters, i, row) show_row(out, row);
}
