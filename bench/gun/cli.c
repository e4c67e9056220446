// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/cli.h"

#include "root/inet.h"
#include "root/tools/say.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { HELP_COLUMN = 28, HELP_WIDTH = 72 };

int cli_usage(const struct cli_command *c, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	say_error("%s: %s", c->name, text);
	fprintf(stderr, "`rootline-gun %s --help` tells more.\n", c->name);
	return GUN_USAGE;
}

bool cli_number(const char *text, double *v)
{
	char *end;

	// strtod also takes signs, blanks, names and hex digits.
	if (text[0] < '0' || text[0] > '9' || text[1] == 'x' || text[1] == 'X')
		return false;
	*v = strtod(text, &end);
	if (*end == 'k')
		*v *= 1e3;
	else if (*end == 'M')
		*v *= 1e6;
	else if (*end == 'G')
		*v *= 1e9;
	else if (*end)
		return false;
	return (!*end || !end[1]) && isfinite(*v);
}

static bool parse_mac(const char *text, struct cli_mac *m)
{
	unsigned v[6];
	int used = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5],
		   &used) != 6 ||
	    text[used])
		return false;
	for (unsigned i = 0; i < 6; i++)
		m->mac[i] = (uint8_t)v[i];
	m->given = true;
	return true;
}

static bool take_number(const struct cli_command *c, const struct cli_option *o, const char *text,
			void *field)
{
	double v;

	if (!cli_number(text, &v)) {
		cli_usage(c, "--%s %s: not a number", o->name, text);
		return false;
	}
	if (v < o->min || v > o->max || (o->type == CLI_COUNT && v != floor(v))) {
		cli_usage(c, "--%s %s: %.15g to %.15g%s", o->name, text, o->min, o->max,
			  o->type == CLI_COUNT ? ", whole" : "");
		return false;
	}
	if (o->type == CLI_COUNT)
		*(uint64_t *)field = (uint64_t)v;
	else
		*(double *)field = v;
	return true;
}

static bool take_choice(const struct cli_command *c, const struct cli_option *o, const char *text,
			unsigned *field)
{
	char known[512] = "";
	size_t n = 0;

	for (unsigned i = 0; o->choice(i); i++) {
		if (strcmp(o->choice(i), text) == 0) {
			*field = i;
			return true;
		}
		n += (size_t)snprintf(known + n, sizeof(known) - n, " %s", o->choice(i));
		if (n >= sizeof(known))
			break;
	}
	cli_usage(c, "--%s %s: one of%s", o->name, text, known);
	return false;
}

static bool take(const struct cli_command *c, const struct cli_option *o, const char *text,
		 void *into)
{
	void *field = (char *)into + o->at;

	switch (o->type) {
	case CLI_FLAG:
		*(bool *)field = true;
		return true;
	case CLI_TEXT:
		*(const char **)field = text;
		return true;
	case CLI_COUNT:
	case CLI_DECIMAL:
		return take_number(c, o, text, field);
	case CLI_CHOICE:
		return take_choice(c, o, text, field);
	case CLI_INET:
		if (rl_inet_parse(field, text) == 0)
			return true;
		cli_usage(c, "--%s %s: an IP address and a port, as 192.0.2.1/9993 or fd00::1/9993",
			  o->name, text);
		return false;
	case CLI_MAC:
		if (parse_mac(text, field))
			return true;
		cli_usage(c, "--%s %s: a MAC address, as 02:00:00:00:00:01", o->name, text);
		return false;
	}
	return false;
}

static const struct cli_option *find(const struct cli_command *c, const char *name, size_t len)
{
	for (unsigned t = 0; c->tables[t]; t++) {
		for (const struct cli_option *o = c->tables[t]; o->name; o++) {
			if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
				return o;
		}
	}
	return NULL;
}

// Words at most as far as the right edge, under each other.
static void print_wrapped(const char *text)
{
	int column = HELP_COLUMN;

	for (const char *p = text; *p;) {
		int n = (int)strcspn(p, " ");

		if (column > HELP_COLUMN && column + n > HELP_COLUMN + HELP_WIDTH) {
			printf("\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		}
		printf("%.*s%s", n, p, p[n] ? " " : "");
		column += n + 1;
		p += n + (p[n] == ' ');
	}
	putchar('\n');
}

static void print_option(const struct cli_option *o)
{
	char left[64];
	int n = snprintf(left, sizeof(left), "  --%s%s%s", o->name, o->value ? " " : "",
			 o->value ? o->value : "");

	printf("%s", left);
	if (n >= HELP_COLUMN - 1)
		printf("\n%*s", HELP_COLUMN, "");
	else
		printf("%*s", HELP_COLUMN - n, "");
	print_wrapped(o->help);
}

static void print_help(const struct cli_command *c)
{
	printf("usage: rootline-gun %s [OPTIONS] %s\n%s\n\n", c->name, c->operands, c->summary);
	for (unsigned t = 0; c->tables[t]; t++) {
		for (const struct cli_option *o = c->tables[t]; o->name; o++)
			print_option(o);
	}
	printf("  --help                    this text\n\n"
	       "Numbers may end in k, M or G. Exit status: 0 done, 1 fewer answers than asked "
	       "for,\n"
	       "2 called wrongly, 3 it could not be run. rootline-gun(1) tells all.\n");
}

static bool take_option(const struct cli_command *c, void *into, int argc, char **argv, int *i)
{
	const char *name = argv[*i] + 2, *equals = strchr(name, '=');
	const struct cli_option *o = find(c, name, equals ? (size_t)(equals - name) : strlen(name));

	if (!o) {
		cli_usage(c, "%s is no option of it", argv[*i]);
		return false;
	}
	if (o->type == CLI_FLAG) {
		if (equals)
			cli_usage(c, "--%s takes no value", o->name);
		return !equals && take(c, o, NULL, into);
	}
	if (equals)
		return take(c, o, equals + 1, into);
	if (*i + 1 >= argc) {
		cli_usage(c, "--%s takes a value: %s", o->name, o->value);
		return false;
	}
	return take(c, o, argv[++*i], into);
}

int cli_parse(const struct cli_command *c, void *into, int argc, char **argv, const char *operand[])
{
	unsigned operands = 0;
	bool only_operands = false;

	for (unsigned i = 0; i < c->operands_max; i++)
		operand[i] = NULL;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			print_help(c);
			return GUN_OK;
		}
	}
	for (int i = 1; i < argc; i++) {
		if (!only_operands && strcmp(argv[i], "--") == 0) {
			only_operands = true;
		} else if (!only_operands && argv[i][0] == '-' && argv[i][1]) {
			if (argv[i][1] != '-')
				return cli_usage(c, "%s is no option of it", argv[i]);
			if (!take_option(c, into, argc, argv, &i))
				return GUN_USAGE;
		} else if (operands < c->operands_max) {
			operand[operands++] = argv[i];
		} else {
			return cli_usage(c, "\"%s\" is too much", argv[i]);
		}
	}
	if (operands < c->operands_min)
		return cli_usage(c, "missing: %s", c->operands);
	return CLI_GO;
}
