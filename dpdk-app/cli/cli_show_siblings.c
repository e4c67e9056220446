// SPDX-License-Identifier: BSD-3-Clause
// Siblings as a table: fronts, and what went to them.
#include "dpdk-app/cli/cli.h"

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

static void show_front(FILE *out, const json_t *sibling, const json_t *f)
{
	long long rtt = number(f, "rttUs"), heard = number(f, "heardMs");
	char way[24] = "-", ago[24] = "-";
	if (rtt >= 0)
		snprintf(way, sizeof(way), "%.1f", (double)rtt / 1000);
	if (heard >= 0)
		snprintf(ago, sizeof(ago), "%lld", heard);
	bool reached = json_is_true(json_object_get(f, "reached"));
	bool used = json_is_true(json_object_get(f, "used"));
	fprintf(out, "%-16s %-10s %-24s %-8s %8s %8s\n", text(sibling, "name"),
		text(sibling, "address"), text(f, "front"),
		used      ? "used"
		: reached ? "reached"
			  : "silent",
		way, ago);
}

void cli_show_siblings(FILE *out, const json_t *s, const struct cli_options *o)
{
	size_t i, k;
	json_t *sibling, *front;
	(void)o;
	fputs("<name>           <address>  <front>                  <state>  <rtt ms> <heard ms>\n",
	      out);
	json_array_foreach(json_object_get(s, "siblings"), i, sibling)
	{
		json_array_foreach(json_object_get(sibling, "fronts"), k, front)
			show_front(out, sibling, front);
	}
	fprintf(out, "forwarded  %lld packets for nodes they know, %lld on a guess\n",
		number(s, "forwarded"), number(s, "guessed"));
	fprintf(out,
		"refused    %lld nobody knows, %lld guesses too many, %lld from a sibling, %lld "
		"without a way\n",
		number(s, "nobody"), number(s, "guessesRefused"), number(s, "fromSibling"),
		number(s, "unreached"));
	fprintf(out, "asked      %lld nodes: %lld found, %lld unknown to them; %lld clients told\n",
		number(s, "asked"), number(s, "found"), number(s, "unknown"), number(s, "told"));
	fprintf(out, "gathered   %lld groups: %lld answers, %lld clients told\n",
		number(s, "groupsAsked"), number(s, "groupsFound"), number(s, "groupsTold"));
}
